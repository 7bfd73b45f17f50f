"""Training and validation images with their labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data.dataset import load_description
from pipeline.data.labels import load_labels
from pipeline.engine.arrays import read_array
from pipeline.network.activations import Array
from pipeline.network.losses import Labels


@dataclass(frozen=True)
class Examples:
    """images: float (n, height, width), standardised. labels: integers (n,)."""

    images: Array
    labels: Labels

    @property
    def rows(self) -> Array:
        """Images as rows, (n, pixels)."""
        return self.images.reshape(len(self.images), -1)


def load_examples(normalize: Path) -> tuple[Examples, Examples]:
    """Return the training and the validation examples. Raises PipelineError if a file is missing or damaged."""
    training = _load(normalize, "train")
    return training, load_validation(normalize, *training.images.shape[1:])


def load_validation(normalize: Path, height: int, width: int) -> Examples:
    """Return the validation examples. Raises PipelineError if a file is missing, damaged or of another image size."""
    return _load(normalize, "validation", height, width)


def _load(normalize: Path, part: str, height: int | None = None, width: int | None = None) -> Examples:
    classes = len(load_description(normalize).class_names)
    images = read_array(normalize / f"{part}-images.npy", np.float32, (None, height, width))
    labels = load_labels(normalize / f"{part}-labels.npy", len(images), classes)
    return Examples(images, labels)
