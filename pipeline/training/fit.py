"""Train a network epoch by epoch; measure its validation accuracy after each."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.engine.errors import PipelineError
from pipeline.engine.threads import count_cores
from pipeline.network.activations import Array
from pipeline.network.network import Network, Parameters, forward, make_scratch
from pipeline.network.training import count_correct
from pipeline.training.architecture import micro_batch_size
from pipeline.training.epoch import prepare, train_epoch
from pipeline.training.examples import Examples
from pipeline.training.history import Row
from pipeline.training.recipe import Recipe
from pipeline.training.team import Team


class TrainingError(PipelineError):
    """Training diverged: a parameter or a logit is not finite."""


@dataclass(frozen=True)
class Epoch(Row):
    """A row of the history with the parameters after this epoch.

    parameters: the moving average if the recipe has one. state: what is needed to resume, `arrays` of
    `TrainingState`. The next epoch overwrites both.
    """

    parameters: Parameters
    state: Array


def fit(
    recipe: Recipe,
    training: Examples,
    validation: Examples,
    classes: int,
    on_batch: Callable[[], object] = lambda: None,
    resume_from: tuple[int, Array] | None = None,
) -> Iterator[Epoch]:
    """Train a network in the dtype of the training images; yield every epoch, number 0 before the first step.

    resume_from: number and state of an epoch of an earlier run. The result is bit-identical to an uninterrupted run,
    since every epoch has its own random generators. on_batch: called after every step. Raises TrainingError if the
    loss, a parameter or a logit is not finite.
    """
    state = prepare(recipe, training, classes)
    result = Network(state.network.layers, state.network.activation, state.result)
    done = 0
    if resume_from:
        done, state.arrays[:] = resume_from
    else:
        initial = accuracy(result, validation, classes)
        yield Epoch(0, math.nan, math.nan, initial, math.nan, 0.0, state.result, state.arrays)
    for number in range(done + 1, recipe.epochs + 1):
        started = time.perf_counter()
        loss, train_accuracy, rate = train_epoch(state, number, on_batch)
        seconds = time.perf_counter() - started
        validation_accuracy = accuracy(result, validation, classes)
        if not (math.isfinite(loss) and np.isfinite(state.arrays).all() and math.isfinite(validation_accuracy)):
            raise TrainingError(
                f"training diverged in epoch {number}: use a learning rate below {recipe.learning_rate:g}"
            )
        yield Epoch(number, loss, train_accuracy, validation_accuracy, rate, seconds, state.result, state.arrays)


def accuracy(network: Network, examples: Examples, classes: int) -> float:
    """Return the accuracy among the classes, in [0, 1]; NaN if a logit is not finite."""
    size = micro_batch_size(network.layers, examples.images.itemsize)

    @np.errstate(over="ignore", invalid="ignore")
    def count(thread: int) -> float:
        scratch, correct = make_scratch(network), 0.0
        for start in range(thread * size, len(examples.labels), team.size * size):
            images, labels = examples.images[start : start + size], examples.labels[start : start + size]
            logits = forward(network, np.moveaxis(images, 0, -1), scratch).logits[:classes]
            correct += count_correct(logits, labels) if np.isfinite(logits).all() else math.nan
        return correct

    with Team(count_cores()) as team:
        return sum(team.run(count)) / len(examples.labels)
