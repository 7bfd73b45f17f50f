"""The data of a training run: training and validation images with their labels, in memory or in files."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.data.dataset import (
    DEFAULT_VALIDATION,
    DatasetError,
    Description,
    are_ten_digits,
    count_held_out,
    load_description,
)
from pipeline.data.order import find_order
from pipeline.data.scaling import Scaling, compute_scaling, load_scaling, standardise
from pipeline.data.synthetic.drawn import make_negatives, make_styles
from pipeline.engine.arrays import load_array, read_array
from pipeline.network.activations import Array
from pipeline.network.architecture import build_layers
from pipeline.network.layer import Layer
from pipeline.network.losses import Labels, LossFunction, count_correct
from pipeline.training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Examples:
    """Images with their labels.

    images: float32 (n, height, width), standardised. labels: integers (n + m,), the class of each image; of lines, the
    values from which `take` and `slice` compute the labels. drawn: raw images that follow the others, uint8 (m, height,
    width). scaling: the scaling that standardises the drawn images. The arrays may be memory maps of files: `take` and
    `slice` read only the images that they return.
    """

    images: NDArray[Any]
    labels: NDArray[Any]
    scaling: Scaling = Scaling(0.0, 1.0)  # noqa: RUF009, it is frozen
    drawn: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def image_shape(self) -> tuple[int, int]:
        """(height, width) of what the network classifies."""
        _, height, width = self.images.shape
        return height, width

    def make_layers(self, text: str, activation: str, outputs: int) -> tuple[Layer, ...]:
        """Return the layers to train. text: the hidden ones. Raises UsageError if they do not fit the images."""
        return build_layers(text, activation, self.image_shape, outputs)

    def adapt(self, loss: LossFunction, progress: float) -> LossFunction:
        """Return the loss for these labels, given the loss for one label per image.

        progress: fraction of the run that is over, in [0, 1).
        """
        return loss

    def count_correct(self, logits: Array, labels: Labels) -> int:
        """Return the number of images whose labels are predicted."""
        return count_correct(logits, labels)

    def take(self, indices: NDArray[np.intp], out: Array, generator: np.random.Generator) -> Labels:
        """Write the standardised images with these indices to `out`, float32 (k, height, width); return labels (k,)."""
        np.take(self.images, indices, axis=0, out=out, mode="clip")
        if self.drawn is not None:
            beyond = np.flatnonzero(indices >= len(self.images))
            out[beyond] = standardise(self.drawn[indices[beyond] - len(self.images)], self.scaling)
        return self.labels[indices]

    def slice(self, start: int, stop: int) -> tuple[Array, Labels]:
        """Return the standardised images from `start` to `stop` and their labels, without the drawn images."""
        return self.images[start:stop], self.labels[start:stop]


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Training and validation data of a network.

    pixels: the raw training images, uint8 (n, height, width), from which ink statistics and drawn examples are made.
    description: name and classes of the data set.
    """

    training: Examples
    validation: Examples
    pixels: NDArray[np.uint8] = field(repr=False)
    description: Description

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.description.class_names)


def load_data(parse: Path, normalize: Path) -> TrainingData:
    """Return the data in artifacts of `parse` and `normalize`, as memory maps, so that memory does not grow with them.

    Raises PipelineError if a file is missing or damaged.
    """
    description, scaling = load_description(normalize), load_scaling(normalize)

    def load(part: str, *shape: int | None) -> Examples:
        images = np.asarray(load_array(normalize / f"{part}-images.npy", np.float32, (None, *shape)))
        labels = read_array(normalize / f"{part}-labels.npy", np.uint8, (len(images),))
        return Examples(images, labels, scaling)

    training = load("train", None, None)
    _, height, width = training.images.shape
    pixels = load_array(parse / "train-images.npy", np.uint8, (None, height, width))[: len(training)]
    return TrainingData(training, load("validation", height, width), np.asarray(pixels), description)


def hold_out(
    images: ArrayLike,
    labels: ArrayLike,
    validation: float = DEFAULT_VALIDATION,
    class_names: Sequence[str] = (),
    name: str = "custom",
) -> TrainingData:
    """Return training data in memory, of which the last images are held out for validation, as in the pipeline.

    If the last images lack classes, a stratified sample is held out instead.

    images: uint8 (n, height, width), light on dark. labels: integers from 0, (n,). validation: the number of images to
    hold out, or a fraction below 1. class_names: the names of the classes, by default "0", "1" and so on. Raises
    DatasetError if images and labels do not fit together, UsageError if no training image is left.
    """
    pixels, classes = np.asarray(images), np.asarray(labels)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or not pixels[0:1].size:
        raise DatasetError(f"images must be uint8 (n, height, width), not {pixels.dtype} {pixels.shape}")
    if classes.shape != pixels.shape[:1] or classes.dtype.kind not in "iu" or not len(classes):
        raise DatasetError(
            f"labels must be an integer for each of the {len(pixels):,} images, not {classes.dtype} {classes.shape}"
        )
    names = tuple(map(str, class_names)) or tuple(map(str, range(int(classes.max()) + 1)))
    if classes.min() < 0 or classes.max() >= len(names):
        raise DatasetError(f"labels must be from 0 to {len(names) - 1}, not {classes.min()} to {classes.max()}")
    classes = classes.astype(np.intp)  # the label of negative examples is one more
    kept = len(pixels) - count_held_out(validation, len(pixels))
    order = find_order(classes, validation)
    if order is not None:
        pixels, classes = pixels[order], classes[order]
    scaling = compute_scaling([pixels[:kept]])
    scaled = standardise(pixels, scaling)
    training, held_out = (Examples(scaled[part], classes[part], scaling) for part in (slice(kept), slice(kept, None)))
    return TrainingData(training, held_out, pixels[:kept], Description(name, names))


def count_drawn(data: TrainingData, recipe: Recipe) -> tuple[int, int]:
    """Return the number of digits in other styles, and of negative examples, that a recipe draws."""
    styles = recipe.styles if are_ten_digits(data.description.class_names) else 0.0
    return round(styles * len(data.training)), round(recipe.negatives * len(data.training))


def add_drawn(data: TrainingData, recipe: Recipe) -> Examples:
    """Return the training examples, then digits in other styles, then negative examples, with a label of their own."""
    styles, negatives = count_drawn(data, recipe)
    if not styles + negatives:
        return data.training
    digits, labels = make_styles(data.pixels, data.description.class_names, styles)
    labels = np.concatenate([data.training.labels, labels, np.full(negatives, data.classes)])
    drawn = np.concatenate([digits, make_negatives(data.pixels, negatives)])
    return replace(data.training, labels=labels.astype(data.training.labels.dtype), drawn=drawn)
