"""Reading order: the digits of a picture in rows, from top to bottom, each from left to right, also if they slope."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEIGHBOUR = 2.5  # distance in sizes up to which two digits may be neighbours in a row
STEEP = 0.6  # slope up to which a line between neighbours may be that of a row
HEIGHT = 0.55  # distance in sizes from a row, at the height of its last digit, up to which a digit belongs to it
SPACE = 1.9  # distance in sizes between centres from which a space is between them

Floats = NDArray[np.floating]


def find_rows(y: Floats, x: Floats, size: Floats) -> list[list[int]]:
    """Return the indices of each row's digits in reading order.

    y, x, size: centres and sizes, (k,). The slope that most neighbours have is that of all rows. A row continues at the
    height of its last digit, so it may be curved.
    """
    slope = measure_slope(y, x, size)
    along, across = x + slope * y, y - slope * x
    rows: list[list[int]] = []
    for i in np.argsort(along, kind="stable").tolist():
        away = [abs(across[i] - across[row[-1]]) / max(size[i], size[row[-1]]) for row in rows]
        nearest = int(np.argmin(away)) if away else -1
        if away and away[nearest] < HEIGHT:
            rows[nearest].append(i)
        else:
            rows.append([i])
    return sorted(rows, key=lambda row: float(np.mean(across[row])))


def find_nearest_rows(rows: Sequence[NDArray[np.intp]], y: Floats, x: Floats) -> NDArray[np.intp]:
    """Return for each place, (k,), the row of the nearest digit. rows: indices of digits among the places, not none."""
    digits = np.concatenate(rows)
    row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    away = np.hypot(y[digits] - y[:, np.newaxis], x[digits] - x[:, np.newaxis])
    return np.asarray(row_of[away.argmin(axis=1)])


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


def find_spaces(x: Floats, size: Floats) -> list[bool]:
    """Return for each digit of a row, in order, whether a space precedes it, as between the cells of a table."""
    return [False, *(np.diff(x) / np.maximum(size[1:], size[:-1]) > SPACE).tolist()]
