"""Format what was read in a picture as lines: for people, as JSON, or as a row of CSV.

Each function takes a result, or the error of a picture that cannot be read, and the name of the picture.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.engine.terminal import printable
from stages.cli.terminal import to_json

if TYPE_CHECKING:
    from pipeline.reader import PictureError, Result

COLUMNS = ("file", "digits", "rows", "confidence", "alternative", "alternative_confidence", "error")  # of CSV
BETWEEN_ROWS = " | "  # spreadsheets take 7 / 8 for a date

Format = Callable[["Result | PictureError", str], list[str]]


def format_text(result: "Result | PictureError", name: str) -> list[str]:
    """Return the digits, the confidence and the best alternative; nothing for an error."""
    if isinstance(result, Exception):
        return []
    if not result.text:
        return [f"{printable(name)}: no digit found"]
    text = BETWEEN_ROWS.join(result.rows)
    other, probability = result.alternatives[0]
    other = lay_out(other, result.rows)
    return [f"{printable(name)}: {text} ({result.confidence:.2%}), or {other} ({probability:.2%})"]


def lay_out(text: str, rows: Sequence[str]) -> str:
    """Return an alternative text in the form of `rows`, from which it differs in one digit.

    It stays as it is if the digits are names of different lengths.
    """
    characters = text.replace(" ", "")
    if len(characters) != len("".join(rows).replace(" ", "")):
        return text
    following = iter(characters)
    return BETWEEN_ROWS.join("".join(each if each == " " else next(following) for each in row) for row in rows)


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
    """Return a row with the values of COLUMNS; an error has a row, too."""
    values = {"file": printable(name)}
    if isinstance(result, Exception):
        return [format_row({**values, "error": str(result)})]
    if result.text:
        values |= {"digits": result.text, "rows": BETWEEN_ROWS.join(result.rows)}
        values |= {"confidence": f"{result.confidence:.6f}"}
    for text, probability in result.alternatives[:1]:
        values |= {"alternative": text, "alternative_confidence": f"{probability:.6f}"}
    return [format_row(values)]


def format_row(values: Mapping[str, str]) -> str:
    """Return a row of CSV; missing values are empty."""
    line = io.StringIO()
    csv.DictWriter(line, COLUMNS, lineterminator="").writerow(values)
    return line.getvalue()


def format_header() -> str:
    """Return the first row of CSV, the names of the columns."""
    return format_row({name: name for name in COLUMNS})
