"""Format what was read in a picture as lines: for people, as JSON, or as CSV.

Each function takes a result, or the error of a picture that cannot be read, and the name of the picture.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.engine.terminal import printable

if TYPE_CHECKING:
    from pipeline.reader import PictureError, Result, Row

COLUMNS = ("file", "row", "digits", "spaced", "confidence", "alternative", "alternative_confidence", "error")  # of CSV
BETWEEN_ROWS = " | "
FORMULA = re.compile(r"[=+\-@\t\r].")  # at the beginning of a cell that a spreadsheet program would evaluate
LIKELY = 0.01  # probability from which an alternative is shown, except in JSON

Format = Callable[["Result | PictureError", str], list[str]]


def format_text(result: "Result | PictureError", name: str) -> list[str]:
    """Return the digits, the confidence and the best alternative if it is likely; nothing for an error."""
    if isinstance(result, Exception):
        return []
    if not result.text:
        return [f"{printable(name)}: no digit found"]
    rows = [row.spaced for row in result.rows]
    line = f"{printable(name)}: {BETWEEN_ROWS.join(rows)} ({result.confidence:.2%})"
    ratios = [row.alternatives[0][1] / row.confidence if row.alternatives else 0.0 for row in result.rows]
    chance, number = result.confidence * max(ratios), ratios.index(max(ratios))
    if chance >= LIKELY:
        rows[number] = lay_out(result.rows[number].alternatives[0][0], rows[number])
        line += f", or {BETWEEN_ROWS.join(rows)} ({chance:.2%})"
    return [line]


def _find_likely(row: "Row") -> list[tuple[str, float]]:
    """Return the best alternative if it is likely, otherwise nothing."""
    return [(text, probability) for text, probability in row.alternatives[:1] if probability >= LIKELY]


def lay_out(text: str, row: str) -> str:
    """Return an alternative text with the spaces of the row; unchanged if it is longer or shorter."""
    following = iter(text.replace(" ", ""))
    if len(text.replace(" ", "")) != len(row.replace(" ", "")):
        return text
    return "".join(each if each == " " else next(following) for each in row)


def format_json(result: "Result | PictureError", name: str) -> list[str]:
    """Return an object on one line, in ASCII, so that names in it cannot control a terminal; also for an error."""
    if isinstance(result, Exception):
        return [json.dumps({"file": name, "error": str(result)})]
    content = {
        "file": name,
        "digits": result.text,
        "confidence": round(result.confidence, 6) if result.text else None,
        "alternatives": _round(result.alternatives),
        "rows": [
            {
                "digits": row.text,
                "spaced": row.spaced,
                "confidence": round(row.confidence, 6),
                "alternatives": _round(row.alternatives),
                "boxes": row.boxes.tolist(),
            }
            for row in result.rows
        ],
    }
    return [json.dumps(content)]


def _round(alternatives: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(text, round(probability, 6)) for text, probability in alternatives]


def format_csv(result: "Result | PictureError", name: str) -> list[str]:
    """Return a line with the values of COLUMNS for each row of digits, or for an error or a picture without digits."""
    values = {"file": printable(name)}
    if isinstance(result, Exception):
        return [format_row({**values, "error": str(result)})]
    lines = []
    for number, row in enumerate(result.rows, start=1):
        numbered = {**values, "row": str(number), "digits": row.text, "spaced": row.spaced}
        numbered["confidence"] = f"{row.confidence:.6f}"
        for text, probability in _find_likely(row):
            numbered |= {"alternative": text, "alternative_confidence": f"{probability:.6f}"}
        lines.append(format_row(numbered))
    return lines or [format_row(values)]


def format_row(values: Mapping[str, str]) -> str:
    """Return a line of CSV; missing values are empty, and an apostrophe precedes what looks like a formula."""
    line = io.StringIO()
    safe = {name: f"'{value}" if FORMULA.match(value) else value for name, value in values.items()}
    csv.DictWriter(line, COLUMNS, lineterminator="").writerow(safe)
    return line.getvalue()


def format_header() -> str:
    """Return the first line of CSV, the names of the columns."""
    return format_row({name: name for name in COLUMNS})
