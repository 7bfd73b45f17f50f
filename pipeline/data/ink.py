"""Ink statistics of the training images, their size and stroke widths, to prepare other pictures like them."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.documents import Meta
from pipeline.engine.float_arrays import Array

MAX_IMAGES = 10_000  # from which the statistics are computed
INK_SAMPLES = 2_000  # images from which the size of drawn ones is computed
TAIL = 0.01  # fraction of the images with unusually thin strokes, and with unusually thick ones
UNLIMITED = 1_000_000  # above all possible values
Length = Annotated[float, Meta(ge=0, le=UNLIMITED)]


@dataclass(frozen=True)
class InkStatistics:
    """Ink statistics of a set of images, in pixels.

    box: median longer side of the ink's bounding box; 0 stands for the size of the image. thin, thick: usual stroke
    widths. thickest: maximum stroke width.
    """

    box: Length = 0
    thin: Length = 0
    thick: Length = UNLIMITED
    thickest: Length = UNLIMITED


def to_ink(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the ink of raw pixels, in [0, 1]."""
    return np.divide(pixels, 255, dtype=np.float32)


def measure_ink(pixels: NDArray[np.uint8]) -> InkStatistics:
    """Compute the ink statistics of the first MAX_IMAGES raw images, (n, h, w)."""
    images = to_ink(pixels[:MAX_IMAGES])
    images = images[(images >= 0.5).any(axis=(1, 2))]
    if not len(images):
        return InkStatistics()
    stroke_width = measure_stroke_widths(images)
    thin, thick = np.quantile(stroke_width, [TAIL, 1 - TAIL])
    return InkStatistics(
        box=float(np.median(np.maximum(*measure_sides(images)))),
        thin=float(thin),
        thick=float(thick),
        thickest=float(stroke_width.max()),
    )


def find_extent(inked: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return top, bottom, left and right of the inked pixels of a picture, (h, w); there must be some."""
    rows, columns = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def measure_sides(images: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return height and width of the bounding boxes of the ink in images (n, h, w): (n,) each, 0 without ink."""
    sides = []
    for axis in (2, 1):
        dense = np.any(images >= 0.5, axis=axis)
        sides.append(np.where(dense.any(axis=1), dense.shape[1] - dense.argmax(1) - dense[:, ::-1].argmax(1), 0))
    return sides[0], sides[1]


def measure_digit_box(pixels: NDArray[np.uint8]) -> int:
    """Return the median longer side of the ink of the first raw images, (n, h, w), in pixels; at least 1."""
    return max(int(np.median(np.maximum(*measure_sides(to_ink(pixels[:INK_SAMPLES]))))), 1)


def measure_stroke_widths(images: Array) -> Array:
    """Return the mean width of the strokes in images, (n, h, w) with some ink in [0, 1]: (n,), in pixels.

    It is area / length, and the length is half that of all edges, sharp or soft, the sum of the gradient's norm (coarea
    formula).
    """
    down, right = (np.diff(images, axis=axis, append=0) for axis in (1, 2))
    length = np.sqrt(down**2 + right**2).sum(axis=(1, 2)) / 2
    return np.asarray(images.sum(axis=(1, 2)) / length)


def centre_by_mass(ink: Array, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Place ink, (h, w) in [0, 1], into an image of `shape`, centred by mass to within half a pixel."""
    image = np.zeros(shape, np.uint8)
    slices = []
    for axis in (0, 1):
        mass = ink.sum(axis=1 - axis, dtype=np.float64)
        centre = np.average(np.arange(len(mass)), weights=mass)
        start = int(np.floor(shape[axis] // 2 - centre + 0.5))
        first, end = max(start, 0), min(start + len(mass), shape[axis])
        slices.append((slice(first, end), slice(first - start, end - start)))
    (rows, ink_rows), (columns, ink_columns) = slices
    image[rows, columns] = np.floor(255 * ink + 0.5)[ink_rows, ink_columns]
    return image
