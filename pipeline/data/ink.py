"""What the pictures that a network learns from look like, so that others can be made alike, or be told to be unlike.

A network answers whatever it is shown: asked to tell ten digits apart, it finds one in a blot. So a few numbers are
taken of the pictures that it has learned from: how thick and how long strokes are, how many loops they make. What lies
outside of all that was seen there is none of its business.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.floating[Any]]

SEEN = 10_000  # pictures that an ink_statistics is taken of
UNUSUAL = 0.01  # share of them on each side whose strokes are thinner or thicker than it is usual
FAINT = 0.25  # ink
ANY = 1_000_000  # more than there is of anything
Length = Annotated[float, 0, ANY]
Number = Annotated[int, 0, ANY]
SMALLEST_HOLE = 2  # pixels; single ones are gaps of a pen


@dataclass(frozen=True)
class InkStatistics:
    """What pictures look like; lengths are in pixels, the last five are extremes. By default anything goes.

    box: the usual length of the longer side of what is drawn, 0 for that of the picture. thin, thick: between these
    strokes have usual thickness. thickest, longest: of all strokes together, as `measure_strokes` has it. widest: width
    by height. holes: grounds that are closed in by ink. parts: of ink that do not touch.
    """

    box: Length = 0
    thin: Length = 0
    thick: Length = ANY
    thickest: Length = ANY
    longest: Length = ANY
    widest: Length = ANY
    holes: Number = ANY
    parts: Number = ANY

    def __post_init__(self) -> None:
        if self.thin > self.thick:
            raise ValueError(f"the thinnest usual stroke, {self.thin}, is thicker than the thickest, {self.thick}")


def measure_ink(images: Array) -> InkStatistics:
    """What some images look like: (n, h, w), ink in [0, 1], of which the first SEEN count."""
    images = images[:SEEN]
    images = images[(images >= 0.5).any(axis=(1, 2))]
    if not len(images):
        return InkStatistics()
    height, width = measure_sides(images)
    thickness, length = measure_strokes(images)
    thin, thick = np.quantile(thickness, [UNUSUAL, 1 - UNUSUAL])
    holes, parts = np.max([count_holes_and_parts(image) for image in images], axis=0)
    return InkStatistics(
        box=float(np.median(np.maximum(height, width))),
        thin=float(thin),
        thick=float(thick),
        thickest=float(thickness.max()),
        longest=float(length.max()),
        widest=float((width / height).max()),
        holes=int(holes),
        parts=int(parts),
    )


def is_like(image: Array, ink_statistics: InkStatistics) -> bool:
    """Whether an image, (h, w), ink in [0, 1], is within what was seen."""
    ((height,), (width,)) = measure_sides(image[np.newaxis])
    if not height:
        return False
    ((thickness,), (length,)) = measure_strokes(image[np.newaxis])
    holes, parts = count_holes_and_parts(image)
    return bool(
        thickness <= ink_statistics.thickest
        and length <= ink_statistics.longest
        and width <= ink_statistics.widest * height
        and holes <= ink_statistics.holes
        and parts <= ink_statistics.parts
    )


def measure_sides(images: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Height and width of the ink of images, (n, h, w) in [0, 1]: (n,) each, 0 where there is none."""
    sides = []
    for axis in (2, 1):
        dense = np.any(images >= 0.5, axis=axis)
        sides.append(np.where(dense.any(axis=1), dense.shape[1] - dense.argmax(1) - dense[:, ::-1].argmax(1), 0))
    return sides[0], sides[1]


def measure_strokes(images: Array) -> tuple[Array, Array]:
    """Thickness and length of the strokes of images, (n, h, w) with some ink in [0, 1]: (n,) each, in pixels.

    A stroke has two edges, so its length is half of theirs, and its thickness its area by its length. The length of all
    edges is the sum of the gradient, whether they are sharp or soft (the coarea formula).
    """
    down, right = (np.diff(images, axis=axis, append=0) for axis in (1, 2))
    length = np.sqrt(down**2 + right**2).sum(axis=(1, 2)) / 2
    return images.sum(axis=(1, 2)) / length, length


def count_holes_and_parts(image: Array) -> tuple[int, int]:
    """How often ink closes background in, and how many parts it has that not even faint ink joins, not by a corner."""
    _, parts = ndimage.label(image >= FAINT, np.ones((3, 3)))
    grounds, _ = ndimage.label(np.pad(image < 0.5, 1, constant_values=True))
    sizes = np.bincount(grounds.reshape(-1))[2:]  # the first is ink, the second lies around everything
    return int((sizes >= SMALLEST_HOLE).sum()), parts
