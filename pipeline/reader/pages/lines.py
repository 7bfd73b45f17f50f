"""Find lines along which rows of digits may run, straight, tilted or curved, through possible digits."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.network.activations import Array
from pipeline.reader.pages.reading_order import measure_slope
from pipeline.reader.pages.search import LIKE, Detections

FOUNDS = 0.5  # probability of a digit from which it founds a row; less probable ones join it
STRONG = 0.7  # probability from which a digit counts for the slope of the page
NEXT_DIGIT = 0.25  # distance in sizes along the row from which a position is another digit
GAP = 8.0  # distance in sizes along the row up to which the next digit joins
FROM_ROW, FARTHER = 0.4, 0.04  # distance in sizes from the row up to which a digit joins, and what each size adds to it
UNEVEN = 1.45  # ratio of sizes up to which two digits may be in one row
WITHIN = 0.5  # distance in sizes from a row up to which what it covers founds no other
BAND = 3.0  # standard deviation, in sizes along the row, of the weights with which digits determine its height
STIFF = 1.0  # weight, in digits at a distance of a size, of the slope that all rows have


@dataclass(frozen=True, eq=False)
class CentreLine:
    """The line through the centres of the digits of a row.

    y, x, weights: the places of the positions and their weights, (k,), in the order of x. size: the longer side of the
    digits. slope: the slope of the page, which the line has where the positions do not determine it.
    """

    y: Array
    x: Array
    weights: Array
    size: float
    slope: float

    def heights(self, x: Array) -> Array:
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

    def find_next(line: CentreLine, possible: NDArray[np.bool_], side: int) -> int | None:
        """Return the position that continues a line to the right (1) or to the left (-1); None at its end."""
        away = side * (x - line.x[-1 if side > 0 else 0]) / line.size
        near = np.flatnonzero(possible & (away > NEXT_DIGIT) & (away < GAP))
        across = np.abs(y[near] - line.heights(x[near])) / line.size
        joins = across < FROM_ROW + FARTHER * away[near]
        return int(near[np.where(joins, away[near] + across, np.inf).argmin()]) if joins.any() else None

    for first in range(int(np.count_nonzero(scores >= FOUNDS))):
        if not free[first]:
            continue
        similar = np.abs(np.log(size / size[first])) < np.log(UNEVEN)
        members, line = [first], draw([first])
        for side in (1, -1):
            while (found_next := find_next(line, free & similar, side)) is not None:
                members.insert(len(members) if side > 0 else 0, found_next)
                line = draw(members)
        like = np.abs(np.log(size / line.size)) < np.log(LIKE)  # those of another size found lines of their own
        inside = like & (x > line.x[0] - line.size) & (x < line.x[-1] + line.size)
        inside[inside] = np.abs(y[inside] - line.heights(x[inside])) < WITHIN * line.size
        free[inside] = False
        free[members] = False
        yield line
