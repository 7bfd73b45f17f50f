"""Local contrast: how much lighter or darker a pixel is than those around it, in any light on any paper."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BOX = 20  # pixels: longer side of the digits that a network is slid over
MEAN_SIDE, STD_SIDE = 21, 29  # pixels: sides of the squares around a pixel
LEVELS = 6  # grey levels added to the standard deviation, so that the noise of empty paper stays small


def margin_level(grey: NDArray[Any]) -> float:
    """Return the level of the margin that is added around a picture, (h, w): the median of its border."""
    return float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))


def local_contrast(grey: NDArray[Any]) -> NDArray[np.float32]:
    """Return (grey - mean) / (standard deviation + LEVELS) of pictures (..., h, w) with grey levels in [0, 255].

    Mean and standard deviation are those of squares around each pixel.
    """
    levels = np.asarray(grey, np.float32)
    axes = (-2, -1)
    mean = ndimage.uniform_filter(levels, MEAN_SIDE, axes=axes, mode="nearest")
    levels = levels - mean
    variance = ndimage.uniform_filter(levels * levels, STD_SIDE, axes=axes, mode="nearest")
    levels /= np.sqrt(np.maximum(variance, 0)) + np.float32(LEVELS)  # sums are rounded: it may be just below 0
    return np.asarray(levels)
