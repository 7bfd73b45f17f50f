"""Fit a drawing of any size into an image like those of the training set.

Each digit is prepared as in MNIST (LeCun et al. 1998). It is scaled to a box of 20 x 20 pixels, with its aspect ratio
and anti-aliasing, and centred by mass in 28 x 28 pixels, light on dark. Unusual stroke widths are adjusted.
`pipeline/html/lesson/reading/prepare.js` does the same in the lesson.
"""

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.data.ink import InkStatistics, centre_by_mass, find_extent, measure_stroke_widths
from pipeline.pictures import filters

Ink = NDArray[np.float32]

SOFT_MARGIN = 0.1  # around the box, for soft edges; relative to the box
PICTURE_SUBPIXELS = 8  # working pixels per pixel of the result, along each axis
MIN_CONTRAST = 16  # grey levels between background and ink


def measure_ink_shares(drawing: NDArray[np.uint8 | np.float32]) -> Ink | None:
    """Return the ink of a drawing, grey (h, w) in [0, 255], scaled to a maximum of 1; None without contrast."""
    difference = drawing.astype(np.float32) - measure_background(drawing)
    if -difference.min() > difference.max():
        difference = -difference
    strongest = difference.max()
    return np.maximum(difference, 0) / strongest if strongest >= MIN_CONTRAST else None


def measure_background(drawing: NDArray[np.uint8 | np.float32]) -> np.float32:
    """Return the median grey level of the border of a drawing, (h, w)."""
    border = np.concatenate([drawing[0], drawing[-1], drawing[1:-1, 0], drawing[1:-1, -1]])
    return np.float32(np.median(border))


def fit_into_image(ink: Ink, shape: tuple[int, int], ink_statistics: InkStatistics) -> NDArray[np.uint8]:
    """Fit ink, (h, w) in [0, 1] with at least one 1, into the box of an image of `shape`, centred by mass."""
    top, bottom, left, right = find_extent(ink >= 0.5)
    box = min(ink_statistics.box, *shape) or min(shape)
    margin = math.ceil(SOFT_MARGIN * box)
    scale = max(bottom - top, right - left) / box  # pixels of the drawing per pixel of the result
    tall, wide = (int(np.ceil(extent / scale - 1e-6)) + 2 * margin for extent in (bottom - top, right - left))
    fine = sample(
        ink,
        (top + bottom) / 2,
        (left + right) / 2,
        scale / PICTURE_SUBPIXELS,
        (tall * PICTURE_SUBPIXELS, wide * PICTURE_SUBPIXELS),
    )
    fine = adjust_strokes(fine, ink_statistics)
    small = fine.reshape(tall, PICTURE_SUBPIXELS, wide, PICTURE_SUBPIXELS).mean(axis=(1, 3))
    return centre_by_mass(small / small.max(), shape)


def sample(ink: Ink, centre_y: float, centre_x: float, scale: float, shape: tuple[int, int]) -> Ink:
    """Resample the part of `ink` around a centre to `shape`; each pixel is the mean of the square that it covers."""
    vertical = _coverage(ink.shape[0], centre_y, scale, shape[0])
    horizontal = _coverage(ink.shape[1], centre_x, scale, shape[1])
    return np.asarray(vertical @ ink @ horizontal.T, np.float32)


def _coverage(size: int, centre: float, scale: float, count: int) -> Ink:
    """Return the fraction of each of `count` intervals that each of `size` pixels covers: (count, size)."""
    starts = centre + (np.arange(count) - count / 2)[:, np.newaxis] * scale
    pixels = np.arange(size)
    covered = np.minimum(starts + scale, pixels + 1) - np.maximum(starts, pixels)
    return np.asarray(np.maximum(covered, 0) / scale, np.float32)


def adjust_strokes(fine: Ink, ink_statistics: InkStatistics) -> Ink:
    """Dilate or erode ink, PICTURE_SUBPIXELS times as fine as the result, to a usual stroke width, but no blots."""
    (stroke_width,) = measure_stroke_widths(fine[np.newaxis])
    stroke_width /= PICTURE_SUBPIXELS
    if stroke_width > ink_statistics.thickest:
        return fine
    wanted = min(max(stroke_width, ink_statistics.thin), ink_statistics.thick)
    radius = round(PICTURE_SUBPIXELS * (wanted - stroke_width) / 2)
    if radius == 0:
        return fine
    reach = np.arange(-abs(radius), abs(radius) + 1)
    disc, sign = reach**2 + reach[:, np.newaxis] ** 2 <= radius**2, np.float32(np.sign(radius))
    # A dilation, or an erosion if the sign is negative.
    adjusted = sign * filters.ndimage.grey_dilation(sign * fine, footprint=disc, mode="constant")
    return adjusted if adjusted.any() else fine
