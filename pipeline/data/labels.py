"""Labels of images."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import DatasetError
from pipeline.engine.arrays import read_array


def load_labels(path: Path, count: int, classes: int) -> NDArray[np.uint8]:
    """Read the labels in a `.npy` file, (count,), all below `classes`. Raises ArrayError or DatasetError."""
    labels = read_array(path, np.uint8, (count,))
    if count and labels.max() >= classes:
        raise DatasetError(f"{path} has label {labels.max()}, beyond the last class, {classes - 1}")
    return labels
