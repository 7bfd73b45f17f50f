"""Find lines along which rows of digits may run, straight, tilted or curved, and the order in which rows are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array
from pipeline.reader.pages.search import LIKE, Proposals

# All of them from reading pictures that were generated from validation images.
FOUNDS = 0.5  # probability of a digit from which it founds a row; less probable ones join it
STRONG = 0.7  # probability from which a digit counts for the slope of the page
NEXT_DIGIT = 0.25  # distance in sizes along the row from which a position is another digit
WIDEST_GAP = 8.0  # distance in sizes along the row up to which the next digit joins
FROM_ROW = 0.4  # distance in sizes from the row up to which a digit joins
FARTHER = 0.04  # what each size of the distance along the row adds to it
UNEVEN_SIZES_RATIO = 1.45  # ratio of sizes up to which two digits may be in one row
WITHIN = 0.5  # distance in sizes from a row up to which what it covers founds no other
BAND = 3.0  # standard deviation, in sizes along the row, of the weights with which digits determine its height
STIFF = 1.0  # weight, in digits at a distance of a size, of the slope that all rows have
NEIGHBOUR = 2.5  # distance in sizes up to which two digits may be neighbours in a row
STEEP = 0.6  # slope up to which a line between neighbours may be that of a row
STEEPEST = 1.3  # the same, in a picture that is turned; at 60 degrees, the detector sees no digits
ALIKE = 0.5  # difference of the slopes of such a picture, at most
SAME_ROW_HEIGHT = 0.55  # distance in sizes from the height of a row's last digit up to which a number belongs to it


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


def find_lines(found: Proposals) -> Iterator[CentreLine]:
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
        near = np.flatnonzero(possible & (away > NEXT_DIGIT) & (away < WIDEST_GAP))
        across = np.abs(y[near] - line.heights(x[near])) / line.size
        joins = across < FROM_ROW + FARTHER * away[near]
        return int(near[np.where(joins, away[near] + across, np.inf).argmin()]) if joins.any() else None

    for first in range(int(np.count_nonzero(scores >= FOUNDS))):
        if not free[first]:
            continue
        similar = np.abs(np.log(size / size[first])) < np.log(UNEVEN_SIZES_RATIO)
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


def measure_slope(y: Array, x: Array, size: Array) -> float:
    """Return the median slope from each digit to its nearest right neighbour; 0 for fewer than two slopes.

    Slopes beyond STEEP are those of a picture that is turned: they count if there are no others, and if they are alike.
    """
    slopes = _list_slopes(y, x, size, STEEP)
    if len(slopes) < 2:
        slopes = _list_slopes(y, x, size, STEEPEST)
        if len(slopes) < 2 or slopes[-1] - slopes[0] > ALIKE:
            return 0.0
    return (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2  # np.median would import numpy.ma


def _list_slopes(y: Array, x: Array, size: Array, steep: float) -> list[float]:
    """Return the slopes up to `steep` from each digit to its nearest right neighbour, the smallest first."""
    slopes = list[float]()
    for i in range(len(y)):
        right, down = x - x[i], y - y[i]
        near = (right > 0.2 * size[i]) & (right < NEIGHBOUR * size[i]) & (np.abs(down) < steep * right)
        if near.any():
            nearest = np.flatnonzero(near)[np.argmin(np.hypot(right, down)[near])]
            slopes.append(float(down[nearest] / right[nearest]))
    return sorted(slopes)


def find_rows(numbers: Sequence[tuple[Array, Array, float]]) -> list[list[int]]:
    """Return the indices of each row's numbers in reading order.

    numbers: y and x of the digits of each, (k,), and their size. All rows have the slope that most neighbours have. A
    row continues at the height of its last digit, so it may be curved.
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
        if away and away[nearest] < SAME_ROW_HEIGHT:
            rows[nearest].append(i)
        else:
            rows.append([i])
    return sorted(rows, key=lambda row: float(np.mean([first[i] for i in row])))
