"""Filters of pictures in NumPy: the import of SciPy's would take a third of the time of a small picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]


def box_mean(levels: NDArray[Any], side: int) -> Pixels:
    """Return the means over a square around each pixel of pictures (..., h, w), float32; their edges continue.

    side: of the square, odd, in pixels.
    """
    margin = ((0, 0),) * (levels.ndim - 2) + ((side // 2, side // 2),) * 2
    sums = np.pad(np.asarray(levels, np.float32), margin, mode="edge")
    down = _add_successive(sums, side)
    sums = _add_successive(down.swapaxes(-2, -1), side).swapaxes(-2, -1)
    sums /= np.float32(side**2)
    return sums


def _add_successive(levels: Pixels, count: int) -> Pixels:
    """Return the sums of each `count` successive rows of (..., h, w), from those of 1, 2, 4, 8, ... rows."""
    length = levels.shape[-2] - count + 1
    total = np.zeros((), np.float32)
    added, size = 0, 1
    while True:
        if count & size:
            total = total + levels[..., added : added + length, :]
            added += size
        if added == count:
            return total
        levels = levels[..., :-size, :] + levels[..., size:, :]
        size *= 2


def running_median(levels: NDArray[Any], count: int) -> NDArray[Any]:
    """Return the median of `count` levels around each one of a closed line, (n,) -> (n,), n >= count."""
    around = np.pad(levels, (count // 2, (count - 1) // 2), mode="wrap")
    return np.partition(np.lib.stride_tricks.sliding_window_view(around, count), count // 2)[:, count // 2]


def largest_around(values: NDArray[Any]) -> NDArray[Any]:
    """Return the largest of the 3 x 3 values around each one, (n, h, w) -> (n, h, w)."""
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    rows = np.maximum(np.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    return np.asarray(np.maximum(np.maximum(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:]))


def interpolate(grey: NDArray[Any], y: NDArray[np.float64], x: NDArray[np.float64]) -> Pixels:
    """Return the levels of a picture, (h, w), at places between its pixels, bilinearly; its edges continue."""
    height, width = grey.shape
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    top, left = np.minimum(y.astype(np.intp), height - 2), np.minimum(x.astype(np.intp), width - 2)
    down, right = (y - top).astype(np.float32), (x - left).astype(np.float32)
    flat, first = grey.ravel(), top * width + left
    above = flat[first] * (1 - right) + flat[first + 1] * right
    below = flat[first + width] * (1 - right) + flat[first + width + 1] * right
    return np.asarray(above * (1 - down) + below * down, np.float32)
