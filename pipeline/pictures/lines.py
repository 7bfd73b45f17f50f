"""Rows: lines along which they may run, and the reading order of the numbers on them, also if they slope or curve.

The lines lead through positions at which a digit may be. Rows are read from top to bottom, each from left to right.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.pictures.search import Detections

FOUNDS = 0.5  # probability of a digit from which it founds a row; less probable ones join it
STRONG = 0.7  # probability from which a digit counts for the slope of the page
NEAR = 0.25  # distance in sizes along the row from which a position is another digit
GAP = 5.0  # distance in sizes along the row up to which the next digit joins
ACROSS, FARTHER = 0.4, 0.04  # distance in sizes from the row up to which a digit joins, and what each size adds to it
UNEVEN = 1.45  # ratio of sizes up to which two digits may be in one row
# Distance in sizes from a row, and ratio of sizes, up to which what it covers founds no other.
WITHIN, LARGER = 0.5, 1.7
BAND = 3.0  # standard deviation, in sizes along the row, of the weights with which digits determine its height
STIFF = 1.0  # weight, in digits at a distance of a size, of the slope that all rows have
NEIGHBOUR = 2.5  # distance in sizes up to which two digits may be neighbours in a row
STEEP = 0.6  # slope up to which a line between neighbours may be that of a row
HEIGHT = 0.55  # distance in sizes from a row, at the height of its last digit, up to which a number belongs to it

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class CentreLine:
    """The line through the centres of the digits of a row. y, x, weights: of positions, (k,), by x. size: of digits.

    slope: that of the page, which it has where the positions do not tell.
    """

    y: Floats
    x: Floats
    weights: Floats
    size: float
    slope: float

    def heights(self, x: Floats) -> Floats:
        """Return y of the line at each x, (n,): local linear regression, pulled towards the slope of the page."""
        away = (self.x - x[:, np.newaxis]) / self.size
        logs = np.log(self.weights) - (away / BAND) ** 2 / 2
        w = np.exp(logs - logs.max(axis=1, keepdims=True))
        y = (self.y - self.slope * self.x) / self.size  # so that the line is pulled towards a slope of 0
        s0, s1, s2 = (np.sum(w * away**power, axis=1) for power in range(3))
        t0, t1 = (np.sum(w * away**power * y, axis=1) for power in range(2))
        s2 = s2 + STIFF
        return np.asarray((t0 * s2 - t1 * s1) / (s0 * s2 - s1 * s1) * self.size + self.slope * x)


def find_lines(found: Detections) -> Iterator[CentreLine]:
    """Yield the lines of rows through positions, the most probable first; the strongest founds the first line."""
    y, x, size, scores = found.astype(np.float64)
    strong = scores > min(STRONG, scores.max(initial=0))
    slope = measure_slope(y[strong], x[strong], size[strong])
    free = np.ones(len(scores), bool)

    def draw(members: list[int]) -> CentreLine:
        mean = float(np.exp(np.average(np.log(size[members]), weights=scores[members])))
        return CentreLine(y[members], x[members], scores[members], mean, slope)

    for first in range(int(np.count_nonzero(scores >= FOUNDS))):
        if not free[first]:
            continue
        similar = np.abs(np.log(size / size[first])) < np.log(UNEVEN)
        members, line = [first], draw([first])
        for side in (1, -1):
            while True:
                away = side * (x - x[members[-1 if side > 0 else 0]]) / line.size
                near = np.flatnonzero(free & similar & (away > NEAR) & (away < GAP))
                across = np.abs(y[near] - line.heights(x[near])) / line.size
                joins = across < ACROSS + FARTHER * away[near]
                if not joins.any():
                    break
                nearest = int(near[np.where(joins, away[near] + across, np.inf).argmin()])
                members = [*members, nearest] if side > 0 else [nearest, *members]
                line = draw(members)
        inside = (x > line.x[0] - line.size) & (x < line.x[-1] + line.size) & (size < LARGER * line.size)
        inside[inside] = np.abs(y[inside] - line.heights(x[inside])) < WITHIN * line.size
        free[inside] = False
        free[members] = False
        yield line


def find_rows(numbers: Sequence[tuple[Floats, Floats, float]]) -> list[list[int]]:
    """Return the indices of each row's numbers in reading order.

    numbers: y and x of the digits of each, (k,), and their size. The slope that most neighbours have is that of all
    rows. A row continues at the height of its last digit, so it may be curved.
    """
    if not numbers:
        return []
    y, x = (np.concatenate([each[axis] for each in numbers]) for axis in (0, 1))
    size = np.array([each[2] for each in numbers])
    slope = measure_slope(y, x, np.repeat(size, [len(each[0]) for each in numbers]))
    along = [float(x[0] + slope * y[0]) for y, x, _ in numbers]
    first, last = ([float(y[end] - slope * x[end]) for y, x, _ in numbers] for end in (0, -1))
    rows: list[list[int]] = []
    for i in np.argsort(along, kind="stable").tolist():
        away = [abs(first[i] - last[row[-1]]) / max(size[i], size[row[-1]]) for row in rows]
        nearest = int(np.argmin(away)) if away else -1
        if away and away[nearest] < HEIGHT:
            rows[nearest].append(i)
        else:
            rows.append([i])
    return sorted(rows, key=lambda row: float(np.mean([first[i] for i in row])))


def measure_slope(y: Floats, x: Floats, size: Floats) -> float:
    """Return the median slope from each digit to its nearest right neighbour; 0 for fewer than three digits."""
    slopes = []
    for i in range(len(y)):
        right, down = x - x[i], y - y[i]
        near = (right > 0.2 * size[i]) & (right < NEIGHBOUR * size[i]) & (np.abs(down) < STEEP * right)
        if near.any():
            nearest = np.flatnonzero(near)[np.argmin(np.hypot(right, down)[near])]
            slopes.append(down[nearest] / right[nearest])
    return float(np.median(slopes)) if len(slopes) > 1 else 0.0
