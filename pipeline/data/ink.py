"""Ink statistics of the training images: stroke width and length, number of holes and so on.

They serve to make other pictures like the training images, and to reject those outside their range, since a network
predicts a class for any input, even a blot.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.floating[Any]]

MAX_IMAGES = 10_000  # from which the statistics are computed
TAIL = 0.01  # fraction of the images with unusually thin strokes, and with unusually thick ones
FAINT = 0.25  # ink from which two parts count as connected
UNLIMITED = 1_000_000  # above all possible values
Length = Annotated[float, 0, UNLIMITED]
Count = Annotated[int, 0, UNLIMITED]
MIN_HOLE = 2  # pixels; single pixels are gaps in a stroke


@dataclass(frozen=True)
class InkStatistics:
    """Ink statistics of a set of images. Lengths are in pixels. The defaults accept every image.

    box: median longer side of the ink's bounding box; 0 stands for the image. thin, thick: usual stroke widths.
    thickest, longest: maxima of `measure_strokes`. widest: maximum width / height. holes, parts: maximum counts.
    """

    box: Length = 0
    thin: Length = 0
    thick: Length = UNLIMITED
    thickest: Length = UNLIMITED
    longest: Length = UNLIMITED
    widest: Length = UNLIMITED
    holes: Count = UNLIMITED
    parts: Count = UNLIMITED

    def __post_init__(self) -> None:
        if self.thin > self.thick:
            raise ValueError(f"thin must be at most thick, {self.thick}, not {self.thin}")


def measure_ink(images: Array) -> InkStatistics:
    """Compute the ink statistics of the first MAX_IMAGES images, (n, h, w) with ink in [0, 1]."""
    images = images[:MAX_IMAGES]
    images = images[(images >= 0.5).any(axis=(1, 2))]
    if not len(images):
        return InkStatistics()
    height, width = measure_sides(images)
    stroke_width, length = measure_strokes(images)
    thin, thick = np.quantile(stroke_width, [TAIL, 1 - TAIL])
    holes, parts = np.max([count_holes_and_parts(image) for image in images], axis=0)
    return InkStatistics(
        box=float(np.median(np.maximum(height, width))),
        thin=float(thin),
        thick=float(thick),
        thickest=float(stroke_width.max()),
        longest=float(length.max()),
        widest=float((width / height).max()),
        holes=int(holes),
        parts=int(parts),
    )


def is_in_distribution(image: Array, ink_statistics: InkStatistics) -> bool:
    """Return whether an image, (h, w) with ink in [0, 1], does not exceed the maxima."""
    ((height,), (width,)) = measure_sides(image[np.newaxis])
    if not height:
        return False
    ((stroke_width,), (length,)) = measure_strokes(image[np.newaxis])
    holes, parts = count_holes_and_parts(image)
    return bool(
        stroke_width <= ink_statistics.thickest
        and length <= ink_statistics.longest
        and width <= ink_statistics.widest * height
        and holes <= ink_statistics.holes
        and parts <= ink_statistics.parts
    )


def measure_sides(images: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return height and width of the bounding boxes of the ink in images (n, h, w): (n,) each, 0 without ink."""
    sides = []
    for axis in (2, 1):
        dense = np.any(images >= 0.5, axis=axis)
        sides.append(np.where(dense.any(axis=1), dense.shape[1] - dense.argmax(1) - dense[:, ::-1].argmax(1), 0))
    return sides[0], sides[1]


def measure_strokes(images: Array) -> tuple[Array, Array]:
    """Return width and length of the strokes in images, (n, h, w) with some ink in [0, 1]: (n,) each, in pixels.

    Length is half the length of the edges, width is area / length. The length of all edges, sharp or soft, is the sum
    of the gradient's norm (coarea formula).
    """
    down, right = (np.diff(images, axis=axis, append=0) for axis in (1, 2))
    length = np.sqrt(down**2 + right**2).sum(axis=(1, 2)) / 2
    return images.sum(axis=(1, 2)) / length, length


def count_holes_and_parts(image: Array) -> tuple[int, int]:
    """Count the holes of at least MIN_HOLE pixels and the 8-connected components of ink of at least FAINT."""
    _, parts = ndimage.label(image >= FAINT, np.ones((3, 3)))
    regions, _ = ndimage.label(np.pad(image < 0.5, 1, constant_values=True))
    sizes = np.bincount(regions.reshape(-1))[2:]  # without the ink and the outer background
    return int((sizes >= MIN_HOLE).sum()), parts
