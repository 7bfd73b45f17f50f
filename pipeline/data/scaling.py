"""Standardisation of pixels to mean 0 and standard deviation 1."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import read_array, save_array
from pipeline.engine.errors import PipelineError

GREY_LEVELS = 256  # of a uint8 pixel


@dataclass(frozen=True)
class Scaling:
    """The scaling of pixels.

    mean, std: the mean and the standard deviation of the training pixels after the division by 255. Raises
    PipelineError for impossible values.
    """

    mean: float
    std: float

    def __post_init__(self) -> None:
        if not (0 <= self.mean <= 1 and 0 < self.std <= 1):
            raise PipelineError(
                f"pixels cannot have mean {self.mean} and std {self.std}: run the stage normalize again"
            )


def compute_scaling(blocks: Iterable[NDArray[np.uint8]]) -> Scaling:
    """Compute mean and standard deviation of all pixels in `blocks`, arrays of any shape.

    It is computed from the histogram, independent of order and size of the blocks. Raises PipelineError if all pixels
    are equal.
    """
    counts = sum(np.bincount(block.reshape(-1), minlength=GREY_LEVELS) for block in blocks)
    levels = np.arange(GREY_LEVELS) / 255
    mean = float(np.average(levels, weights=counts))
    std = float(np.sqrt(np.average((levels - mean) ** 2, weights=counts)))
    if std == 0:
        raise PipelineError("all pixels of the training images are equal: check the data")
    return Scaling(float(np.float32(mean)), float(np.float32(std)))


def save_scaling(folder: Path, scaling: Scaling) -> None:
    """Write the scaling to an artifact of normalize."""
    save_array(folder / "scaling.npy", np.array([scaling.mean, scaling.std], np.float32))


def load_scaling(normalize: Path) -> Scaling:
    """Load the scaling of an artifact of normalize. Raises PipelineError if the file is missing or damaged."""
    return Scaling(*map(float, read_array(normalize / "scaling.npy", np.float32, (2,))))


def standardise(images: NDArray[np.uint8], scaling: Scaling) -> NDArray[np.float32]:
    """Return (images / 255 - mean) / std, from a lookup table of the 256 grey levels, in the same shape."""
    table = (np.arange(GREY_LEVELS) / 255 - scaling.mean) / scaling.std
    return np.take(table.astype(np.float32), images, mode="clip")  # clip is faster: no bounds check
