"""A picture at several sizes, so that digits of all sizes have the size for which the networks were trained."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.data.contrast import BOX, READ_SIZES, add_margin, local_contrast
from pipeline.pictures.detections import Floats

STEP = math.sqrt(2)  # ratio of neighbouring levels of the pyramid
SMALLEST = 1 / 50, 12  # longer side of a digit, relative to that of the picture, and in pixels
WIDEST = 1.6  # width of a digit, at most, relative to the height of the picture
MARGIN = 3  # pixels around the picture, in addition to half a window


@dataclass(frozen=True, eq=False)
class Level:
    """A picture at one size: its local contrast, with a margin. scale: its pixels for each pixel of the picture."""

    contrast: Floats
    scale: float
    margin: int

    @cached_property
    def image(self) -> Image.Image:
        """The local contrast as an image, from which windows are cut."""
        return Image.fromarray(self.contrast)

    def locate(self, at: NDArray[Any]) -> NDArray[Any]:
        """Return coordinates of pixels of the picture as those in `image`, where a pixel has its centre at a half."""
        return at * self.scale + self.margin + 0.5


def build_pyramid(grey: Floats, window: int) -> Iterator[Level]:
    """Yield the picture in sizes at which digits of all sizes are BOX pixels high, from the largest digits on."""
    height, width = grey.shape
    size = max(height, min(width, WIDEST * height))
    smallest = max(SMALLEST[0] * max(height, width), SMALLEST[1])
    margin = window // 2 + MARGIN
    image = Image.fromarray(grey)
    while True:
        scale = BOX / size
        shape = max(1, round(width * scale)), max(1, round(height * scale))
        small = np.asarray(image.resize(shape, Image.Resampling.BILINEAR))
        yield Level(local_contrast(add_margin(small, margin, margin, margin, margin)), scale, margin)
        if size * READ_SIZES[0] < smallest:  # this level still shows the smallest digits
            return
        size /= STEP
