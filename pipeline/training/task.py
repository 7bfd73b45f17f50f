"""What a network learns, in one record. Training knows no kind of network: it reads a Task.

`make_classifier_task` (training/classification.py), `make_recogniser_task` and `make_detector_task` (reader_training/)
make one each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from pipeline.data.dataset import Description
from pipeline.engine.float_arrays import Array
from pipeline.model.header import Header
from pipeline.model.model import Model
from pipeline.network.gradient_descent import CountCorrect, Indices
from pipeline.network.layer import Layer
from pipeline.network.losses import Labels, LossFunction
from pipeline.training.recipe import Recipe

AnyModel = TypeVar("AnyModel", bound=Model)


class Examples(Protocol):
    """Inputs with their labels, in memory or in files. The loss says what a label is."""

    def __len__(self) -> int:
        """Return the number of examples."""

    def take(self, indices: Indices, out: Array, generator: np.random.Generator) -> Labels:
        """Write the examples with these indices to `out`, float32 (k, height, width); return their labels (k, ...).

        Those that are synthesised or changed anew each time take their random numbers from the generator.
        """

    def slice(self, start: int, stop: int) -> tuple[Array, Labels]:
        """Return the examples from `start` to `stop`, unchanged, float32 (k, height, width), and their labels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Task(Generic[AnyModel]):
    """What a network learns.

    header: the model to be, without arrays. layers: those that are trained: the layers of the header, or these slid
    over a larger input. loss: from the progress of the run, in [0, 1), to a loss for logits (outputs, ..., n) and
    labels (..., n). count_correct: from logits and labels to the number of examples that are right. counted:
    validation compares so many outputs, the first ones. build: makes the model from the header and the parameters of
    each network, float32 (total,). initial: the parameters to begin with, float32 (total,); None to draw them.
    """

    header: Header
    layers: tuple[Layer, ...]
    training: Examples
    validation: Examples
    loss: Callable[[float], LossFunction]
    count_correct: CountCorrect
    counted: int
    build: Callable[[Header, tuple[Array, ...]], AnyModel]
    initial: Array | None = None


def make_header(recipe: Recipe, description: Description, **kind: Any) -> Header:
    """Return the model to be: what a recipe and a data set say of it, and the fields that tell its kind.

    Raises UsageError if the layers do not fit the images.
    """
    return Header(
        layers=recipe.layers,
        activation=recipe.activation,
        loss=recipe.loss,
        class_names=description.class_names,
        dataset=description.name,
        **kind,
    )
