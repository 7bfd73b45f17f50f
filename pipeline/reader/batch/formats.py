"""Format what was read in a picture as lines: for people, as JSON, or as CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipeline.engine.terminal import printable
from pipeline.reader.batch.table import BOX_SIDES, READING_COLUMNS, name_columns, protect

if TYPE_CHECKING:
    from pipeline.reader.batch.readings import Reading, RowReading

BETWEEN_ROWS = " | "
WITHHELD = "?"
LIKELY_ALTERNATIVE = 0.01  # probability from which an alternative is shown, except in JSON

Format = Callable[["Reading"], list[str]]


def format_text(reading: "Reading") -> list[str]:
    """Return the text or what it might be, the confidence and the best alternative if likely; nothing for an error."""
    if reading.error:
        return []
    name = printable(reading.file)
    likely = [f"{BETWEEN_ROWS.join(text.splitlines())} ({chance:.2%})" for text, chance in _find_likely(reading)]
    if not reading.rows:
        return [f"{name}: no digit found{''.join(f', perhaps {each}' for each in likely)}"]
    line = f"{name}: {BETWEEN_ROWS.join(row.text or WITHHELD for row in reading.rows)}"
    if reading.confidence is None:
        return [line]
    return [", or ".join([f"{line} ({reading.confidence:.2%})", *likely])]


def _find_likely(read: "Reading | RowReading") -> list[tuple[str, float]]:
    """Return the first alternative if it is likely."""
    return [(text, chance) for text, chance in read.alternatives[:1] if chance >= LIKELY_ALTERNATIVE]


def format_json(reading: "Reading") -> list[str]:
    """Return an object on one line, in ASCII, so that names in it cannot control a terminal; also for an error."""
    return [json.dumps(to_json(reading))]


def to_json(reading: "Reading") -> dict[str, Any]:
    """Return the object of a picture. Only pages of a form have problems, and only their rows a line."""
    if reading.error:
        return {"file": reading.file, "error": reading.error}
    content = {name: getattr(reading, name) for name in ("file", "text", "digits", "confidence", "alternatives")}
    content["rows"] = [_row_to_json(row) for row in reading.rows]
    if reading.upright:
        problems = list(map(asdict, reading.problems))
        content |= {"problems": problems, "upright": reading.upright, "degrees": reading.degrees}
    return content


def _row_to_json(row: "RowReading") -> dict[str, Any]:
    names = ("text", "digits", "confidence", "alternatives", "boxes", "region", *(["line"] if row.region else []))
    return {**{name: getattr(row, name) for name in names}, "withheld": row.withheld, "box": row.box}


def format_csv(reading: "Reading") -> list[str]:
    """Return a line with the values of READING_COLUMNS for each row of digits, or one if there is none or an error."""
    values = {"file": printable(reading.file)}
    if reading.error:
        return [format_row({**values, "error": reading.error})]
    lines = []

    def name_alternative(read: "Reading | RowReading") -> dict[str, str]:
        return {
            name: value
            for text, chance in _find_likely(read)
            for name, value in (("alternative", text), ("alternative_confidence", f"{chance:.4f}"))
        }

    for number, row in enumerate(reading.rows, start=1):
        numbered = {**values, "row": str(number), "text": row.text, "digits": row.digits, "region": row.region}
        numbered |= {"confidence": f"{row.confidence:.4f}", "withheld": "yes" if row.withheld else ""}
        numbered |= zip(BOX_SIDES, map(str, row.box), strict=True)
        lines.append(format_row(numbered | name_alternative(row)))
    return lines or [format_row(values | name_alternative(reading))]


def format_table(lines: Iterable[Mapping[str, str]], fields: Iterable[str]) -> list[str]:
    """Return a table in CSV with a column for each field of a form, and its head."""
    columns = name_columns(fields)
    head = {name: name for name in columns}
    return [format_row({name: printable(text) for name, text in line.items()}, columns) for line in (head, *lines)]


def format_row(values: Mapping[str, str], columns: Sequence[str] = READING_COLUMNS) -> str:
    """Return a line of CSV; missing values are empty, and an apostrophe precedes what looks like a formula."""
    line = io.StringIO()
    safe = {name: protect(value) for name, value in values.items()}
    csv.DictWriter(line, columns, lineterminator="").writerow(safe)
    return line.getvalue()


def format_csv_header() -> str:
    """Return the first line of CSV, the names of the columns."""
    return format_row({name: name for name in READING_COLUMNS})
