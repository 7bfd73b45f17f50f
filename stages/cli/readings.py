"""Format what was read in a picture as lines: for people, as JSON, or as a row of CSV.

Each function takes a result, or the error of a picture that cannot be read, and the name of the picture.
"""

import csv
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pipeline.engine.terminal import printable
from stages.cli.terminal import to_json

if TYPE_CHECKING:
    from pipeline.reader import PictureError, Result

COLUMNS = ("file", "digits", "confidence", "alternative", "alternative_confidence")  # of CSV

Format = Callable[["Result | PictureError", str], list[str]]


def format_text(result: "Result | PictureError", name: str) -> list[str]:
    """Return the digits, the confidence and the best alternative; nothing for an error."""
    if isinstance(result, Exception):
        return []
    if not result.text:
        return [f"{printable(name)}: no digit found"]
    other, probability = (*result.alternatives, ("", 0.0))[0]
    return [f"{printable(name)}: {result.text} ({result.confidence:.2%}), or {other} ({probability:.2%})"]


def format_json(result: "Result | PictureError", name: str) -> list[str]:
    """Return an object on one line; an error has an object, too."""
    if isinstance(result, Exception):
        return [to_json({"file": name, "error": str(result)})]
    content = {
        "file": name,
        "digits": result.text,
        "rows": result.rows,
        "confidence": round(result.confidence, 6) if result.text else None,
        "alternatives": [[text, round(probability, 6)] for text, probability in result.alternatives],
    }
    return [to_json(content)]


def format_csv(result: "Result | PictureError", name: str) -> list[str]:
    """Return a row with the values of COLUMNS; nothing for an error."""
    if isinstance(result, Exception):
        return []
    alternatives = [(result.text, result.confidence), *result.alternatives, ("", 0.0)][:2] if result.text else []
    return [format_row([printable(name), *(each for text, p in alternatives for each in (text, f"{p:.6f}"))])]


def format_row(values: Sequence[str] = COLUMNS) -> str:
    """Return a row of CSV; missing values are empty."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([*values, *[""] * (len(COLUMNS) - len(values))])
    return line.getvalue()
