"""Pixels are brought to mean 0 and standard deviation 1, so that no input speaks louder than another."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.errors import PipelineError

LEVELS = 256  # values that an uint8 pixel can have


@dataclass(frozen=True)
class Scaling:
    """mean, std: of the training pixels / 255. Raises PipelineError for values that no pixels can have."""

    mean: float
    std: float

    def __post_init__(self) -> None:
        if not (0 <= self.mean <= 1 and 0 < self.std <= 1):
            raise PipelineError(f"no pixels have mean {self.mean} and std {self.std}: run the stage normalize again")


def measure(blocks: Iterable[NDArray[np.uint8]]) -> Scaling:
    """The scaling that gives all pixels of `blocks`, of any shapes, mean 0 and standard deviation 1.

    Computed from exact counts of each grey level, so that neither the order of the images nor the size of the blocks
    changes anything. Raises PipelineError if all pixels are equal: then there is nothing to learn from.
    """
    counts = sum(np.bincount(block.reshape(-1), minlength=LEVELS) for block in blocks)
    levels = np.arange(LEVELS) / 255
    mean = float(np.average(levels, weights=counts))
    std = float(np.sqrt(np.average((levels - mean) ** 2, weights=counts)))
    if std == 0:
        raise PipelineError("all pixels of the training images are equal: look at the data")
    return Scaling(float(np.float32(mean)), float(np.float32(std)))


def standardise(images: NDArray[np.uint8], scaling: Scaling) -> NDArray[np.float32]:
    """(images / 255 - mean) / std, by way of a table of the 256 grey levels; same shape."""
    table = (np.arange(LEVELS) / 255 - scaling.mean) / scaling.std
    return np.take(table.astype(np.float32), images, mode="clip")  # which spares a look whether all are below 256
