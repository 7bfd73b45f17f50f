"""Labels for each position of a network that is slid over pictures.

A position has the class of the digit that is centred there, the label after the last class if nothing is, or IGNORED
near a centre and for digits whose size is at the limit, where both answers would do.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.contrast import BOX
from pipeline.engine.arrays import load_array, read_array
from pipeline.network.architecture import build_layers, find_window, slide
from pipeline.training.data import Pictures

IGNORED = -1
NEAR, FAR = 2.9, 5.0  # pixels from a centre: within which it has the class, and beyond which there is nothing
SIZES = (0.82, 1.22)  # of digits that are read, relative to BOX: a little more than a step of the pyramid
LIMITS = (0.68, 1.5)  # beyond which a digit is nothing, since another level of the pyramid shows it
VISIBLE = (0.6, 0.85)  # part of a digit within the picture: below it is nothing, above it has its class


@dataclass(frozen=True)
class Grid:
    """The positions of a network in a picture: the centre of its window is offset + step * index along each axis."""

    rows: int
    columns: int
    offset: float
    step: int


def find_grid(layers: str, shape: tuple[int, int]) -> Grid:
    """Return the positions of a network, in the notation of its hidden layers, in pictures (height, width)."""
    window = find_window(layers)
    moved = slide(build_layers(layers, "relu", window, 1), shape)
    _, rows, columns = moved[-1].output_shape
    step = int(np.prod([layer.stride for layer in moved]))
    return Grid(rows, columns, (window[0] - 1) / 2, step)


def load_pictures(folder: Path, part: str, layers: str, classes: int) -> Pictures:
    """Return pictures that the stage `compose` has written, with labels for the positions of a network."""
    images = np.asarray(load_array(folder / f"{part}-pictures.npy", np.uint8, (None, None, None)))
    digits = read_array(folder / f"{part}-digits.npy", np.float32, (len(images), None, None))
    grid = find_grid(layers, images.shape[1:])
    labels = np.array([label_positions(each, grid, classes) for each in digits])
    return Pictures(images, labels, window=find_window(layers))


def label_positions(digits: NDArray[np.float32], grid: Grid, classes: int) -> NDArray[np.int16]:
    """Return the label of each position, (rows, columns).

    digits: (n, 5) with label, centre y and x, longer side and visible part of each, as `compose` returns; rows with a
    negative label are unused.
    """
    labels = np.full((grid.rows, grid.columns), classes, np.int16)
    nearest = np.full(labels.shape, np.inf)
    y = grid.offset + grid.step * np.arange(grid.rows)[:, np.newaxis]
    x = grid.offset + grid.step * np.arange(grid.columns)
    for label, centre_y, centre_x, size, visible in digits[digits[:, 0] >= 0].astype(float).tolist():
        if visible < VISIBLE[0] or not LIMITS[0] <= size / BOX <= LIMITS[1]:
            continue
        away = np.hypot(y - centre_y, x - centre_x)
        is_read = SIZES[0] <= size / BOX <= SIZES[1] and visible >= VISIBLE[1]
        closer = away < np.minimum(nearest, FAR)
        labels[closer] = np.where(away[closer] < NEAR, label, IGNORED) if is_read else IGNORED
        nearest = np.minimum(nearest, away)
    return labels
