"""Compare what was read with what a person has checked."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.engine.documents import require_regular
from pipeline.engine.errors import UsageError
from pipeline.model.metrics import measure_reliability
from pipeline.reader.many.table import SIDES, unprotect
from pipeline.reader.pages.boxes import CERTAIN

READ = {"file", "checked", "value", *SIDES}  # columns of the table
SAME = 0.3  # overlap of two boxes, relative to the area that they cover, from which they are of the same row
THRESHOLDS = (0.8, CERTAIN, 0.95)

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels


@dataclass(frozen=True)
class Checked:
    """A row that a person has read. text: what is written, without spaces."""

    text: str
    box: Box


def load_truth(path: Path) -> dict[str, list[Checked]]:
    """Return the checked rows of a table, by the name of the picture. Raises UsageError if it is not such a table."""
    try:
        require_regular(path)
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = list(csv.DictReader(file))
        if not lines or not set(lines[0]) >= READ:
            columns = ", ".join(sorted(READ))
            raise UsageError(f"{path} has no rows with the columns {columns}: save it from a new page of --review")
        found: dict[str, list[Checked]] = {}
        for line in lines:
            if line["checked"]:
                left, top, right, bottom = (float(line[side]) for side in SIDES)
                checked = Checked(_squeeze(line["value"]), (left, top, right, bottom))
                found.setdefault(unprotect(line["file"]), []).append(checked)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}: name the table that the page has saved") from None
    except (ValueError, TypeError, csv.Error, UnicodeError):
        raise UsageError(f"{path} is not the table that the page of --review saves: save it again") from None
    return found


def compare(found: Iterable[Mapping[str, Any]], truth: Mapping[str, Sequence[Checked]], path: Path) -> str:
    """Return lines about the rows that are read correctly. found: what was read.

    Raises UsageError if the truth is about other pictures.
    """
    read = {facts["file"]: facts.get("rows", []) for facts in found}
    known = [(name, checked) for name, each in truth.items() if name in read for checked in each]
    if not known:
        raise UsageError(f"{path} has no checked row of these pictures: give their names as they stand in the table")
    unread = 0
    chances, correct = np.zeros(len(known), np.float32), np.zeros(len(known), bool)
    for number, (name, checked) in enumerate(known):
        correct[number] = not checked.text
        overlaps = [_overlap(row["box"], checked.box) for row in read[name]]
        best = max(range(len(overlaps)), key=overlaps.__getitem__, default=None)
        if best is not None and overlaps[best] >= SAME:
            row = read[name][best]
            unread += row["unread"]
            chances[number] = 0 if row["unread"] else row["confidence"]
            correct[number] = _squeeze(row["text"]) == checked.text
    error = measure_reliability(chances[:, np.newaxis], (~correct).astype(np.uint8)).error
    right = f"{correct.sum():,} of {len(known):,} checked rows are read correctly ({correct.mean():.1%})"
    lines = [f"{right}, {unread:,} are unread"]
    for threshold in THRESHOLDS:
        sure = chances >= threshold
        wrong = np.count_nonzero(sure & ~correct)
        lines.append(f"{threshold:.0%} or more: {sure.sum():,} rows, {wrong:,} of them wrong")
    return "\n".join([*lines, f"expected calibration error: {error:.1%}"])


def _squeeze(text: str) -> str:
    """Return a text without spaces, and without an apostrophe that keeps a spreadsheet program from changing it."""
    return "".join(text.lstrip("'").split())


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the common area of two boxes, relative to the area that they cover."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0) * max(height, 0)
    return common / max(sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - common, 1)
