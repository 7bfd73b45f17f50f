"""Compute local contrast: how much lighter or darker a pixel is than its surroundings, in any light."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.pictures.smoothing import box_mean, running_median

BOX = 20  # pixels: longer side of the digits that a network is slid over
READ_SIZES = 0.82, 1.22  # of digits that it reads, relative to BOX: a little more than a step of the pyramid
BORDER = 81  # pixels
MEAN_SIDE, STD_SIDE = 21, 29  # pixels: sides of the squares around a pixel
NOISE_LEVELS = 6  # grey levels added to the standard deviation, so that the noise of empty paper stays small


def add_margin(grey: NDArray[Any], top: int, bottom: int, left: int, right: int) -> NDArray[Any]:
    """Return a picture, (h, w), with margins of these widths in pixels, in which its paper continues.

    Each edge continues with the median of BORDER pixels along the border, which is a level of the paper, even where ink
    touches the edge.
    """
    height, width = grey.shape
    border = np.concatenate([grey[0], grey[:, -1], grey[-1, ::-1], grey[::-1, 0]])  # clockwise
    levels = running_median(border, min(BORDER, len(border)))
    above, after, below, before = np.split(levels, np.cumsum([width, height, width]))
    padded = np.pad(grey, ((top, bottom), (left, right)), mode="edge")
    padded[:top], padded[top + height :] = (np.pad(line, (left, right), mode="edge") for line in (above, below[::-1]))
    rows = slice(top, top + height)
    padded[rows, :left], padded[rows, left + width :] = before[::-1, np.newaxis], after[:, np.newaxis]
    return padded


def local_contrast(grey: NDArray[Any]) -> NDArray[np.float32]:
    """Return (grey - mean) / (standard deviation + NOISE_LEVELS) of pictures (..., h, w) with grey levels in [0, 255].

    Mean and standard deviation are taken over a square around each pixel.
    """
    levels = np.asarray(grey, np.float32)
    levels = levels - box_mean(levels, MEAN_SIDE)
    variance = box_mean(levels * levels, STD_SIDE)
    levels /= np.sqrt(np.maximum(variance, 0)) + np.float32(NOISE_LEVELS)  # sums are rounded: it may be just below 0
    return np.asarray(levels)
