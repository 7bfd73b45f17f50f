"""Records: numbers of several fields that stand on the same line of a page."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.desk.forms.regions import FloatBox, Holds

SHARED_AREA = 0.5  # of the smaller of two boxes: common area from which they show the same row
PITCH = 0.5  # of the distance between lines: how far a number may be away from its line
SAME_LINE_HEIGHT = 0.7  # of the height of a digit: the same where there is only one line


@dataclass(frozen=True)
class Entry:
    """A row that was read in a field.

    bounds, box: rectangles of the region and of its digits, on the straightened page. size: size of its digits.
    """

    field: str
    part: int
    holds: Holds
    bounds: FloatBox
    box: FloatBox
    size: float
    confidence: float

    @property
    def height(self) -> float:
        """The height of its middle on the page."""
        return (self.box[1] + self.box[3]) / 2

    @property
    def depth(self) -> float:
        """The distance of its middle from the edges of the region."""
        x, (left, top, right, bottom) = (self.box[0] + self.box[2]) / 2, self.bounds
        return min(x - left, right - x, self.height - top, bottom - self.height)


def find_shared(entries: Sequence[Entry]) -> set[int]:
    """Return the indices of rows that are also seen in another region, farther from its edges."""
    order = sorted(range(len(entries)), key=lambda i: -entries[i].depth)
    kept, shared = list[int](), set[int]()
    for i in order:
        same = (each for each in kept if entries[each].bounds != entries[i].bounds)
        if any(_overlap(entries[each].box, entries[i].box) >= SHARED_AREA for each in same):
            shared.add(i)
        else:
            kept.append(i)
    return shared


def _overlap(one: FloatBox, other: FloatBox) -> float:
    """Return the common area of two boxes, relative to that of the smaller one."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return max(width, 0) * max(height, 0) / max(smaller, 1e-6)


def number_lines(entries: Sequence[Entry], rules: Sequence[Sequence[float]] = ()) -> list[int]:
    """Return the number of each row's line, from 1, and 0 for a row that fits none.

    Fields that hold one number per line are joined by height; their second parts form the lines after those of the
    first ones. A field that holds one number has it in the line 1. A row that fits no line is the less certain of
    two for the same cell. Rows of fields that hold many numbers have no line. rules: of each part, between the rows of
    the printed table, whose number a line has; lines without a printed table are counted.
    """
    numbers, count = [0] * len(entries), 0
    for part in sorted({each.part for each in entries if each.holds == "lines"}):
        chosen = [i for i, each in enumerate(entries) if each.holds == "lines" and each.part == part]
        lines = _find_lines(entries, chosen)
        heights = [float(np.mean([entries[i].height for i in line])) for line in lines]
        places, most = _place_lines(heights, rules[part] if part < len(rules) else ())
        for line, place in zip(lines, places, strict=True):
            for i in _choose([(entries[i].field, entries[i].confidence) for i in line]):
                numbers[line[i]] = count + place
        count += most
    single = [i for i, each in enumerate(entries) if each.holds == "one"]
    for i in _choose([(entries[i].field, entries[i].confidence) for i in single]):
        numbers[single[i]] = 1
    return numbers


def _place_lines(heights: Sequence[float], rules: Sequence[float]) -> tuple[list[int], int]:
    """Return the row of a printed table in which each line stands, from 1, and how many rows there are.

    Of two lines in a row, the second is in the next one. Lines that do not fit into the table are counted.
    """
    places = list[int]()
    for height in heights:
        place = int(np.clip(np.searchsorted(rules, height), 1, max(len(rules) - 1, 1)))
        places.append(max(place, places[-1] + 1 if places else 1))
    if not rules or not places or places[-1] >= len(rules):
        return [*range(1, len(heights) + 1)], max(len(heights), len(rules) - 1)
    return places, len(rules) - 1


def _choose(candidates: Sequence[tuple[Hashable, float]]) -> list[int]:
    """Return the index of the most certain candidate of each name."""
    best: dict[Hashable, int] = {}
    for i, (name, confidence) in enumerate(candidates):
        if name not in best or confidence > candidates[best[name]][1]:
            best[name] = i
    return list(best.values())


def _find_lines(entries: Sequence[Entry], chosen: Sequence[int]) -> list[list[int]]:
    """Return the rows of each line, from top to bottom."""
    heights = np.array([entries[i].height for i in chosen])
    pitches = []
    for name in {entries[i].field for i in chosen}:
        own = np.sort([entries[i].height for i in chosen if entries[i].field == name])
        pitches += [pitch for pitch in np.diff(own).tolist() if pitch > 0]
    size = float(np.median([entries[i].size for i in chosen]))
    plausible = [pitch for pitch in pitches if pitch > SAME_LINE_HEIGHT * size]
    reach = PITCH * float(np.quantile(plausible, 0.25)) if plausible else SAME_LINE_HEIGHT * size
    lines: list[list[int]] = []
    middle = -np.inf
    for i in np.argsort(heights, kind="stable").tolist():
        if heights[i] - middle > reach:
            lines.append([])
        lines[-1].append(chosen[i])
        middle = float(np.mean([entries[each].height for each in lines[-1]]))
    return lines
