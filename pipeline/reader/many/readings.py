"""Describe what was read in a picture, and format it as lines: for people, as JSON, or as CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipeline.engine.terminal import printable
from pipeline.reader.many.table import COLUMNS, SIDES, protect

if TYPE_CHECKING:
    from pipeline.reader import PictureError, Result, Row

BETWEEN_ROWS = " | "
UNREAD = "?"
LIKELY = 0.01  # probability from which an alternative is shown, except in JSON

Facts = dict[str, Any]
Format = Callable[[Facts], list[str]]


def describe(result: "Result | PictureError", name: str, least: float = 0.0) -> Facts:
    """Return what was read in a picture, or why it cannot be read.

    least: confidence below which a row is left to a person: it is unread, and its text is the first alternative.
    """
    if isinstance(result, Exception):
        return {"file": name, "error": str(result)}
    rows = [_describe_row(row, least) for row in result.rows]
    is_read = rows and not any(row["unread"] for row in rows)
    return {
        "file": name,
        "text": result.text if is_read else "",
        "digits": result.digits if is_read else "",
        "confidence": round(result.confidence, 6) if is_read else None,
        "alternatives": _round(result.alternatives) if is_read else [],
        "rows": rows,
        **_describe_form(result),
    }


def _describe_form(result: "Result") -> Facts:
    """Return what is known only of a page of a form."""
    if not result.upright:
        return {}
    return {"problems": list(map(asdict, result.problems)), "upright": list(result.upright)}


def _describe_row(row: "Row", least: float) -> Facts:
    read, alternatives = bool(row.text) and row.confidence >= least, row.alternatives
    if row.text and not read:
        alternatives = ((row.text, row.confidence), *alternatives)
    return {
        "text": row.text if read else "",
        "digits": row.digits if read else "",
        "confidence": round(row.confidence, 6),
        "alternatives": _round(alternatives),
        "boxes": row.boxes.tolist(),
        "region": row.region,
        **({"record": row.record} if row.region else {}),
        "unread": not read,
        "box": list(row.box),
    }


def _round(alternatives: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(text, round(probability, 6)) for text, probability in alternatives]


def format_text(facts: Facts) -> list[str]:
    """Return the text, the confidence and the best alternative if it is likely; nothing for an error."""
    if "error" in facts:
        return []
    if not facts["rows"]:
        return [f"{printable(facts['file'])}: no digit found"]
    line = f"{printable(facts['file'])}: {BETWEEN_ROWS.join(row['text'] or UNREAD for row in facts['rows'])}"
    if facts["confidence"] is None:
        return [line]
    line += f" ({facts['confidence']:.2%})"
    for text, chance in facts["alternatives"][:1]:
        if chance >= LIKELY:
            line += f", or {BETWEEN_ROWS.join(text.splitlines())} ({chance:.2%})"
    return [line]


def format_json(facts: Facts) -> list[str]:
    """Return an object on one line, in ASCII, so that names in it cannot control a terminal; also for an error."""
    return [json.dumps(facts)]


def format_csv(facts: Facts) -> list[str]:
    """Return a line with the values of COLUMNS for each row of digits, or for an error or a picture without digits."""
    values = {"file": printable(facts["file"])}
    if "error" in facts:
        return [format_row({**values, "error": facts["error"]})]
    lines = []
    for number, row in enumerate(facts["rows"], start=1):
        numbered = {**values, "row": str(number), **{name: row[name] for name in ("text", "digits", "region")}}
        numbered |= {"confidence": f"{row['confidence']:.6f}", "unread": "yes" if row["unread"] else ""}
        numbered |= zip(SIDES, map(str, row["box"]), strict=True)
        if row["alternatives"] and row["alternatives"][0][1] >= LIKELY:
            text, probability = row["alternatives"][0]
            numbered |= {"alternative": text, "alternative_confidence": f"{probability:.6f}"}
        lines.append(format_row(numbered))
    return lines or [format_row(values)]


def format_table(lines: Iterable[Mapping[str, str]], fields: Iterable[str]) -> list[str]:
    """Return a table in CSV with a column for each field of a form, and its head."""
    columns = ("file", "line", *fields, "confidence", "check")
    head = {name: name for name in columns}
    return [format_row({name: printable(text) for name, text in line.items()}, columns) for line in (head, *lines)]


def format_row(values: Mapping[str, str], columns: Sequence[str] = COLUMNS) -> str:
    """Return a line of CSV; missing values are empty, and an apostrophe precedes what looks like a formula."""
    line = io.StringIO()
    safe = {name: protect(value) for name, value in values.items()}
    csv.DictWriter(line, columns, lineterminator="").writerow(safe)
    return line.getvalue()


def format_header() -> str:
    """Return the first line of CSV, the names of the columns."""
    return format_row({name: name for name in COLUMNS})
