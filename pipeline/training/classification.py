"""Train classifiers: the examples and the task, and the calibration of the trained networks.

The calibration is temperature scaling: of all predictions with a confidence of 90%, nine in ten should be correct. Most
networks are overconfident, or underconfident if trained with label smoothing. Dividing the logits by a temperature
corrects most of this. It changes no predicted class. (Guo et al. 2017)
"""

import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import are_ten_digits
from pipeline.data.ink import measure_ink
from pipeline.data.scaling import Scaling, standardise
from pipeline.data.split import Split
from pipeline.data.synthetic.drawn import make_negatives, make_styles
from pipeline.engine.float_arrays import Array
from pipeline.engine.threads import single_threaded_blas
from pipeline.model.header import Header
from pipeline.model.model import Classifier
from pipeline.model.prediction import predict_logits
from pipeline.network.gradient_descent import Indices
from pipeline.network.losses import LOSSES, Labels, Loss, count_correct, cross_entropy
from pipeline.training.epochs import Trained, TrainingProgress, train_networks
from pipeline.training.recipe import Recipe
from pipeline.training.task import Task, make_header

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0  # temperatures
BISECTIONS = 50


@dataclass(frozen=True, eq=False)
class Images:
    """Images with their classes: `Examples` of a classifier.

    images: standardised, float32 (n, height, width). labels: integers (n + m,). drawn: raw images that follow the
    others, uint8 (m, height, width). scaling: standardises these. The arrays may be memory maps of files: only the
    images that are returned are read.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.integer[Any]]
    scaling: Scaling
    drawn: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Indices, out: Array, generator: np.random.Generator) -> Labels:
        """Write standardised images to `out`; return their classes (k,)."""
        np.take(self.images, indices, axis=0, out=out, mode="clip")
        if self.drawn is not None:
            beyond = np.flatnonzero(indices >= len(self.images))
            out[beyond] = standardise(self.drawn[indices[beyond] - len(self.images)], self.scaling)
        return self.labels[indices]

    def slice(self, start: int, stop: int) -> tuple[Array, Labels]:
        """Return the standardised images from `start` to `stop`, without the drawn ones, and their classes."""
        return self.images[start:stop], self.labels[start:stop]


def train(
    data: Split,
    recipe: Recipe,
    checkpoints: Path | None = None,
    on_progress: Callable[[TrainingProgress], object] = lambda progress: None,
) -> Trained[Classifier]:
    """Train the network or the ensemble of a recipe; return the model, calibrated on the validation images.

    The result also has the history of each network.

    data: from `hold_out` for arrays, from `load_split` for an artifact of `normalize`. checkpoints: folder for a
    checkpoint of each network; training resumes from checkpoints of the same recipe, with a result bit-identical to an
    uninterrupted run. Use another folder for other data. on_progress: called during and after each epoch. Raises
    UsageError if the layers do not fit the images, TrainingError if training diverges.
    """
    with nullcontext(checkpoints) if checkpoints else tempfile.TemporaryDirectory() as folder:
        trained = train_networks(make_classifier_task(data, recipe), recipe, Path(folder), on_progress)
    model, labels = trained.model, data.validation.labels
    with single_threaded_blas():  # so that the bits are those of evaluate
        logits = predict_logits(model, data.validation.images)
        calibrated = replace(
            model,
            temperature=fit_temperature(logits.T, labels, LOSSES[model.loss]),
            validation_accuracy=float(np.mean(logits.argmax(axis=1) == labels)),
        )
    return replace(trained, model=calibrated)


def make_classifier_task(data: Split, recipe: Recipe) -> Task[Classifier]:
    """Return the task to tell the classes of images apart, and from negative examples if the recipe has any."""
    header = replace(describe_classifier(data, recipe), ink_statistics=measure_ink(data.training.pixels))
    validation = Images(data.validation.images, data.validation.labels, data.scaling)
    return build_classifier_task(header, recipe, add_drawn(data, recipe), validation)


def describe_classifier(data: Split, recipe: Recipe) -> Header:
    """Return the model to be, without ink statistics. Raises UsageError if the layers do not fit the images."""
    return make_header(
        recipe,
        data.description,
        scaling=data.scaling,
        image_shape=data.image_shape,
        negative_class=recipe.negatives > 0,
    )


def build_classifier_task(header: Header, recipe: Recipe, training: Images, validation: Images) -> Task[Classifier]:
    """Return the task of a classifier. Validation compares the classes alone, without the output for negatives."""
    loss = partial(LOSSES[recipe.loss].function, label_smoothing=recipe.label_smoothing)
    return Task(
        header=header,
        layers=header.make_layers(),
        training=training,
        validation=validation,
        loss=lambda progress: loss,
        count_correct=count_correct,
        counted=len(header.class_names),
        build=Classifier.of,
    )


def count_drawn(data: Split, recipe: Recipe) -> tuple[int, int]:
    """Return the number of digits in other styles, and of negative examples, that a recipe draws."""
    styles = recipe.styles if are_ten_digits(data.description.class_names) else 0.0
    return round(styles * len(data.training)), round(recipe.negatives * len(data.training))


def add_drawn(data: Split, recipe: Recipe) -> Images:
    """Return the training images, then digits in other styles, then negative examples, with a label of their own."""
    training = Images(data.training.images, data.training.labels, data.scaling)
    styles, negatives = count_drawn(data, recipe)
    if not styles + negatives:
        return training
    digits, labels = make_styles(data.training.pixels, data.description.class_names, styles)
    labels = np.concatenate([training.labels, labels, np.full(negatives, data.classes)])
    drawn = np.concatenate([digits, make_negatives(data.training.pixels, negatives)])
    return replace(training, labels=labels.astype(training.labels.dtype), drawn=drawn)


def fit_temperature(logits: Array, labels: Labels, loss: Loss) -> float:
    """Return the temperature that minimises the cross-entropy on images that the network was not trained on.

    logits: (classes, n). labels: (n,). loss: the loss that the network was trained with. With theta = 1 / temperature
    and scores z, the derivative of the cross-entropy L(theta z) with respect to theta is the sum of dL/d(theta z) * z.
    Because L is convex, it increases with theta, so bisection finds its zero. The labels are smoothed by 1 / (n + 1),
    as if one image in n + 1 had no correct class; otherwise a network without errors would get the lowest temperature.
    """
    z = loss.scores(logits.astype(np.float64))
    low, high = np.log(1 / HIGHEST_TEMPERATURE), np.log(1 / LOWEST_TEMPERATURE)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        _, gradient = cross_entropy(np.exp(middle) * z, labels, label_smoothing=1 / (len(labels) + 1))
        if np.vdot(gradient, z) < 0:
            low = middle
        else:
            high = middle
    return float(np.exp(-(low + high) / 2))
