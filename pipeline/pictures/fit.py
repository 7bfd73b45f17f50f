"""A drawing becomes a picture like those that the network has learned from.

MNIST's authors fitted each digit into 20 x 20 pixels, keeping its aspect, anti-aliased, and laid it into 28 x 28 so
that its centre of mass is in the middle, ink light on dark (LeCun et al. 1998). The same is done here with a drawing of
any size; and as pens differ more than MNIST's did, strokes of unusual thickness are made as thick as is usual.

`pipeline/pages/templates/prepare.js` does the same, step by step, in the page to draw on.
"""

import functools
import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.data.ink import InkStatistics, measure_strokes

Ink = NDArray[np.float32]

MARGIN = 0.1  # share of the box around it, where soft edges of strokes go on
FINENESS = 8  # working pixels to a pixel of the picture
FAINTEST = 16  # grey levels by which ink differs from the background at least


def find_ink(drawing: NDArray[np.uint8 | np.float32]) -> Ink | None:
    """The ink of a drawing, grey (h, w) in [0, 255], where the most is 1; None if nothing stands out."""
    border = np.concatenate([drawing[0], drawing[-1], drawing[1:-1, 0], drawing[1:-1, -1]])
    difference = drawing.astype(np.float32) - np.float32(np.median(border))
    if -difference.min() > difference.max():
        difference = -difference
    most = difference.max()
    return np.maximum(difference, 0) / most if most >= FAINTEST else None


def fit(ink: Ink, shape: tuple[int, int], ink_statistics: InkStatistics) -> NDArray[np.uint8]:
    """Ink, (h, w) in [0, 1] with at least one 1, as a picture of `shape`: fitted into the box, centred by its mass."""
    rows, columns = (np.flatnonzero(np.any(ink >= 0.5, axis=axis)) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    box = min(ink_statistics.box, *shape) or min(shape)
    margin = int(np.ceil(MARGIN * box))
    scale = max(bottom - top, right - left) / box  # pixels of the drawing to one of the picture
    tall, wide = (int(np.ceil(extent / scale - 1e-6)) + 2 * margin for extent in (bottom - top, right - left))
    fine = sample(ink, (top + bottom) / 2, (left + right) / 2, scale / FINENESS, (tall * FINENESS, wide * FINENESS))
    fine = adjust_strokes(fine, ink_statistics)
    small = fine.reshape(tall, FINENESS, wide, FINENESS).mean(axis=(1, 3))
    return centre_by_mass(small / small.max(), shape)


def sample(ink: Ink, centre_y: float, centre_x: float, scale: float, shape: tuple[int, int]) -> Ink:
    """The part of `ink` around a centre as an image of `shape`; each pixel is the mean of the square that it covers."""
    vertical = _coverage(ink.shape[0], centre_y, scale, shape[0])
    horizontal = _coverage(ink.shape[1], centre_x, scale, shape[1])
    return np.asarray(vertical @ ink @ horizontal.T, np.float32)


def _coverage(size: int, centre: float, scale: float, count: int) -> Ink:
    """The share that each of `size` pixels has in each of `count` intervals of length `scale` around `centre`."""
    starts = centre + (np.arange(count) - count / 2)[:, np.newaxis] * scale
    pixels = np.arange(size)
    covered = np.minimum(starts + scale, pixels + 1) - np.maximum(starts, pixels)
    return np.asarray(np.maximum(covered, 0) / scale, np.float32)


def adjust_strokes(fine: Ink, ink_statistics: InkStatistics) -> Ink:
    """The same ink, FINENESS pixels to one of the picture, with strokes of usual thickness. A blot stays what it is."""
    ((thickness,), _) = measure_strokes(fine[np.newaxis])
    thickness /= FINENESS
    if thickness > ink_statistics.thickest:
        return fine
    wanted = min(max(thickness, ink_statistics.thin), ink_statistics.thick)
    grown = round(FINENESS * (wanted - thickness) / 2)
    if grown == 0:
        return fine
    adjusted = _spread(fine, grown) if grown > 0 else -_spread(-fine, -grown)
    return adjusted if adjusted.any() else fine


def _spread(fine: Ink, radius: int) -> Ink:
    """Each pixel as the largest of those within a radius, row by row of the disc; outside there is no ink."""
    padded = np.pad(fine, ((radius, radius), (0, 0)))
    rows = (
        ndimage.maximum_filter1d(
            padded[start : start + len(fine)],
            2 * math.isqrt(radius**2 - (start - radius) ** 2) + 1,
            axis=1,
            mode="constant",
        )
        for start in range(2 * radius + 1)
    )
    return functools.reduce(np.maximum, rows)


def centre_by_mass(ink: Ink, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Ink, (h, w) in [0, 1], in a picture of `shape`, moved by whole pixels until its centre of mass is the middle."""
    picture = np.zeros(shape, np.uint8)
    places = []
    for axis in (0, 1):
        mass = ink.sum(axis=1 - axis, dtype=np.float64)
        centre = np.average(np.arange(len(mass)), weights=mass)
        start = int(np.floor(shape[axis] // 2 - centre + 0.5))
        first, end = max(start, 0), min(start + len(mass), shape[axis])
        places.append((slice(first, end), slice(first - start, end - start)))
    (rows, own_rows), (columns, own_columns) = places
    picture[rows, columns] = np.floor(255 * ink + 0.5)[own_rows, own_columns]
    return picture
