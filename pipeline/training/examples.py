"""Training and validation images with their labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data.dataset import load_description
from pipeline.data.labels import load_labels
from pipeline.data.negatives import make_negatives
from pipeline.data.scaling import load_scaling
from pipeline.engine.arrays import read_array
from pipeline.engine.errors import PipelineError
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


def load_examples(normalize: Path, negatives: float = 0.0) -> tuple[Examples, Examples]:
    """Return the training and the validation examples. Raises PipelineError if a file is missing or damaged.

    negatives: negative examples to append to the training examples, as a fraction of them; their label is the number of
    classes.
    """
    training = _load(normalize, "train")
    validation = load_validation(normalize, *training.images.shape[1:])
    return (_append_negatives(normalize, training, negatives) if negatives else training), validation


def count_negatives(examples: int, negatives: float) -> int:
    """Return the number of negative examples for a number of training examples."""
    return round(negatives * examples)


def _append_negatives(normalize: Path, training: Examples, negatives: float) -> Examples:
    scaling = load_scaling(normalize)
    classes = len(load_description(normalize).class_names)
    images = make_negatives(training.images, scaling, count_negatives(len(training.labels), negatives))
    labels = np.full(len(images), classes, training.labels.dtype)
    return Examples(np.concatenate([training.images, images]), np.concatenate([training.labels, labels]))


def load_validation(normalize: Path, height: int, width: int) -> Examples:
    """Return the validation examples. Raises PipelineError if a file is missing, damaged or of another image size."""
    return _load(normalize, "validation", height, width)


def _load(normalize: Path, part: str, height: int | None = None, width: int | None = None) -> Examples:
    classes = len(load_description(normalize).class_names)
    images = read_array(normalize / f"{part}-images.npy", np.float32, (None, height, width))
    if not np.isfinite(images.sum()):
        raise PipelineError(f"{part}-images.npy contains NaN or infinite values: run the stage normalize again")
    labels = load_labels(normalize / f"{part}-labels.npy", len(images), classes)
    return Examples(images, labels)
