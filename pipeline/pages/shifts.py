"""The accuracy of a model on test images that are shifted by a few pixels."""

import numpy as np
from numpy.typing import NDArray

from pipeline.model.files import Model
from pipeline.model.prediction import predict

MAX_SHIFT = 4  # pixels, the margin around an MNIST digit
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))  # (down, right)


def measure_shifts(model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> list[float]:
    """Return the accuracy for shifts of 0 to MAX_SHIFT pixels, each the mean over four directions.

    images: raw, (n, height, width).
    """
    return [
        float(np.mean([predict(model, shifted).argmax(axis=1) == labels for shifted in _shift(images, distance)]))
        for distance in range(MAX_SHIFT + 1)
    ]


def _shift(images: NDArray[np.uint8], distance: int) -> list[NDArray[np.uint8]]:
    """Return the images shifted in each direction; pixels from outside the image are 0."""
    if not distance:
        return [images]
    _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (distance, distance), (distance, distance)))
    corners = [(distance * (1 - down), distance * (1 - right)) for down, right in DIRECTIONS]
    return [padded[:, top : top + height, left : left + width] for top, left in corners]
