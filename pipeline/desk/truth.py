"""Compare what was read with what a person has checked."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.desk.forms.regions import FloatBox
from pipeline.engine.documents import MAX_BYTES, require_regular
from pipeline.engine.errors import UsageError
from pipeline.model.metrics import measure_reliability
from pipeline.reader.batch.boxes import CERTAIN
from pipeline.reader.batch.readings import Reading
from pipeline.reader.batch.table import BOX_SIDES, unprotect

CHECKED_READ = {"file", "checked", "value", *BOX_SIDES}  # columns of the table
SAME = 0.3  # intersection over union (IoU) of two boxes, from which they are of the same row
DELIMITERS = ",;\t"  # between the cells; some spreadsheet programs write others than commas
UNCHECKED = ("", "no", "false", "0", "line")  # contents of the column of rows that no person has seen
THRESHOLDS = (0.8, CERTAIN, 0.95)


@dataclass(frozen=True)
class Checked:
    """A row that a person has seen. text: what is written, as `_squeeze` returns it; empty if there is no number.

    box: left, top, right and bottom in pixels of the picture. change: "added" if the reader did not find it, "deleted"
    if there is none; empty otherwise.
    """

    text: str
    box: FloatBox
    change: str = ""


def load_truth(path: Path) -> dict[str, list[Checked]]:
    """Return the checked rows of a table, by the name of the picture. Raises UsageError if it is not such a table."""
    found: dict[str, list[Checked]] = {}
    for number, line in enumerate(load_saved(path, CHECKED_READ), start=1):
        if line["checked"].strip().casefold() not in UNCHECKED:
            try:
                left, top, right, bottom = (float(line[side]) for side in BOX_SIDES)
            except ValueError:
                raise UsageError(f"{path}: row {number} has no box: save it again from the page of --review") from None
            checked = Checked(_squeeze(line["value"]), (left, top, right, bottom), line.get("change") or "")
            found.setdefault(line["file"], []).append(checked)
    return found


def load_saved(path: Path, columns: Collection[str]) -> list[dict[str, str]]:
    """Return the rows of a table that the page of --review has saved, without the apostrophes before formulas.

    Raises UsageError if it is not a table with these columns, among others.
    """
    try:
        require_regular(path, MAX_BYTES)
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
        head = text.partition("\n")[0]
        delimiter = max(DELIMITERS, key=head.count)
        lines = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    except OSError as error:
        advice = "name a table that was saved from the page of --review"
        raise UsageError(f"{path} cannot be read ({error.strerror}): {advice}") from None
    except (ValueError, csv.Error) as error:
        reason = f" ({error})" if path.stat().st_size > MAX_BYTES else ""
        raise UsageError(f"{path} is not a table that the page of --review saves{reason}: save it again") from None
    if not lines or not set(lines[0]) >= set(columns):
        names = ", ".join(sorted(columns))
        raise UsageError(f"{path} has no rows with the columns {names}: save it from a new page of --review")
    for number, line in enumerate(lines, start=1):
        if None in line or None in line.values():
            count = f"{len(head.split(delimiter))} cells, separated by {delimiter!r}"
            raise UsageError(f"{path}: row {number} does not have {count}: save it again")
    return [{name: unprotect(cell) for name, cell in line.items()} for line in lines]


def compare(found: Iterable[Reading], truth: Mapping[str, Sequence[Checked]], path: Path) -> str:
    """Return lines about the rows that are read correctly. found: what was read.

    Raises UsageError if the truth is about other pictures.
    """
    read = {reading.file: reading.rows for reading in found}
    known = [(name, checked) for name, each in truth.items() if name in read for checked in each]
    if not known:
        raise UsageError(f"{path} has no checked row of these pictures: name the pictures as in its column file")
    withheld = 0
    chances, correct = np.zeros(len(known), np.float32), np.zeros(len(known), bool)
    boxes = {name: np.array([row.box for row in rows], float).reshape(-1, 4) for name, rows in read.items()}
    for number, (name, checked) in enumerate(known):
        correct[number] = not checked.text
        overlaps = _compute_iou(boxes[name], checked.box)
        if overlaps.size and overlaps.max() >= SAME:
            row = read[name][int(overlaps.argmax())]
            withheld += row.withheld
            chances[number] = 0 if row.withheld else row.confidence
            correct[number] = _squeeze(row.text) == checked.text
    error = measure_reliability(chances[:, np.newaxis], (~correct).astype(np.uint8)).error
    right = f"{correct.sum():,} of {len(known):,} checked rows are read correctly ({correct.mean():.1%})"
    counts = Counter(checked.change for _, checked in known)
    seen = f"{counts['added']:,} were added and {counts['deleted']:,} deleted by hand"
    lines = [f"{right}, {withheld:,} are withheld; {seen}"]
    for threshold in THRESHOLDS:
        sure = chances >= threshold
        wrong = np.count_nonzero(sure & ~correct)
        lines.append(f"{threshold:.0%} or more: {sure.sum():,} rows, {wrong:,} of them wrong")
    return "\n".join([*lines, f"expected calibration error: {error:.1%}"])


def _squeeze(text: str) -> str:
    """Return a text without spaces and with points for commas.

    An apostrophe that keeps a spreadsheet program from changing it is left out.
    """
    return "".join(text.lstrip("'").split()).replace(",", ".")


def _compute_iou(boxes: NDArray[np.floating], box: FloatBox) -> NDArray[np.floating]:
    """Return the intersection over union (IoU) of a box with each of some boxes, (k, 4)."""
    sides = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    intersection = np.maximum(sides, 0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (box[2] - box[0]) * (box[3] - box[1])
    return np.asarray(intersection / np.maximum(areas - intersection, 1))
