"""Examples to train on: images with their labels, in memory or in files, and images that are drawn."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import are_ten_digits
from pipeline.data.scaling import Scaling, standardise
from pipeline.data.split import Split
from pipeline.data.synthetic.drawn import make_negatives, make_styles
from pipeline.network.activations import Array
from pipeline.network.architecture import build_layers
from pipeline.network.layer import Layer
from pipeline.network.losses import Labels, Loss, count_correct
from pipeline.training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Examples:
    """Images with their labels.

    images: float32 (n, height, width), standardised. labels: integers (n + m,), the class of each image; of strips, the
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

    def adapt(self, loss: Loss, progress: float) -> Loss:
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


def count_drawn(data: Split, recipe: Recipe) -> tuple[int, int]:
    """Return the number of digits in other styles, and of negative examples, that a recipe draws."""
    styles = recipe.styles if are_ten_digits(data.description.class_names) else 0.0
    return round(styles * len(data.training)), round(recipe.negatives * len(data.training))


def add_drawn(data: Split, recipe: Recipe) -> Examples:
    """Return the training examples, then digits in other styles, then negative examples, with a label of their own."""
    training = Examples(data.training.images, data.training.labels, data.scaling)
    styles, negatives = count_drawn(data, recipe)
    if not styles + negatives:
        return training
    digits, labels = make_styles(data.training.pixels, data.description.class_names, styles)
    labels = np.concatenate([training.labels, labels, np.full(negatives, data.classes)])
    drawn = np.concatenate([digits, make_negatives(data.training.pixels, negatives)])
    return replace(training, labels=labels.astype(training.labels.dtype), drawn=drawn)
