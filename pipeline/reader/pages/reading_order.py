"""Reading order: the numbers of a picture in rows, from top to bottom, each from left to right, also if they slope."""

from collections.abc import Sequence

import numpy as np

from pipeline.network.activations import Array

NEIGHBOUR = 2.5  # distance in sizes up to which two digits may be neighbours in a row
STEEP = 0.6  # slope up to which a line between neighbours may be that of a row
HEIGHT = 0.55  # distance in sizes from a row, at the height of its last digit, up to which a number belongs to it


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
        if away and away[nearest] < HEIGHT:
            rows[nearest].append(i)
        else:
            rows.append([i])
    return sorted(rows, key=lambda row: float(np.mean([first[i] for i in row])))


def measure_slope(y: Array, x: Array, size: Array) -> float:
    """Return the median slope from each digit to its nearest right neighbour; 0 for fewer than three digits."""
    slopes = []
    for i in range(len(y)):
        right, down = x - x[i], y - y[i]
        near = (right > 0.2 * size[i]) & (right < NEIGHBOUR * size[i]) & (np.abs(down) < STEEP * right)
        if near.any():
            nearest = np.flatnonzero(near)[np.argmin(np.hypot(right, down)[near])]
            slopes.append(down[nearest] / right[nearest])
    return float(np.median(slopes)) if len(slopes) > 1 else 0.0
