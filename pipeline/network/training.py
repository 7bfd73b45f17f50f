"""Learning: for every batch one look forward, one look backward, one step downhill."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.engine.errors import PipelineError
from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.losses import COSTS, Labels
from pipeline.network.mlp import Layer, Parameters, allocate, backward, forward, initialise
from pipeline.network.optimizers import find_optimizer
from pipeline.network.recipes import Recipe
from pipeline.network.schedules import SCHEDULES

CHUNK = 1000  # images looked at together when nothing is learned


class TrainingError(PipelineError):
    """The numbers of the network are no numbers any more."""


@dataclass(frozen=True)
class Examples:
    """images: float (n, ...), standardised. labels: integers (n,)."""

    images: Array
    labels: Labels

    @property
    def rows(self) -> Array:
        """The images as rows of pixels, (n, pixels)."""
        return self.images.reshape(len(self.images), -1)


@dataclass(frozen=True)
class Epoch:
    """One pass over the training examples; number 0 is the network before the first.

    cost, train_accuracy: the mean over the batches as they were met, so the network was still learning; NaN
    for number 0. validation_accuracy: after the pass. learning_rate: of its last step. seconds: of training
    alone. parameters: the network as it is now, which the next epoch changes.
    """

    number: int
    cost: float
    train_accuracy: float
    validation_accuracy: float
    learning_rate: float
    seconds: float
    parameters: Parameters


def fit(
    recipe: Recipe,
    training: Examples,
    validation: Examples,
    classes: int,
    on_batch: Callable[[], object] = lambda: None,
) -> Iterator[Epoch]:
    """Train a new network, epoch by epoch, in the dtype of the training images.

    Every draw comes from a generator seeded by (seed, epoch), so an epoch does not depend on what was drawn
    before it. `on_batch` is called after every step. Raises TrainingError if the cost or a parameter turns
    non-finite.
    """
    activation, cost = ACTIVATIONS[recipe.activation], COSTS[recipe.cost]
    rows, labels = training.rows, training.labels
    sizes = (rows.shape[1], *recipe.sizes, classes)
    parameters, gradient = allocate(sizes, rows.dtype), allocate(sizes, rows.dtype)
    optimizer = find_optimizer(recipe.optimizer, recipe.momentum)
    state = [np.zeros_like(parameters.flat) for _ in range(optimizer.buffers)]
    generator = np.random.default_rng((recipe.seed, 0))
    initialise(parameters.layers, recipe.initialisation, recipe.bias_deviation, generator)
    schedule = SCHEDULES[recipe.schedule]
    steps = recipe.epochs * math.ceil(len(rows) / recipe.batch_size)
    step, rate = 0, recipe.learning_rate * schedule(0)

    def epoch(number: int, cost: float, train_accuracy: float, seconds: float) -> Epoch:
        reached = accuracy(parameters.layers, validation, recipe)
        return Epoch(number, cost, train_accuracy, reached, rate, seconds, parameters)

    yield epoch(0, math.nan, math.nan, 0.0)
    for number in range(1, recipe.epochs + 1):
        started = time.perf_counter()
        order = np.random.default_rng((recipe.seed, number)).permutation(len(rows))
        total_cost, recognised = 0.0, 0
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is met below, by name
            for start in range(0, len(order), recipe.batch_size):
                batch = order[start : start + recipe.batch_size]
                values = forward(parameters.layers, rows[batch], activation)
                batch_cost, delta = cost(values[-1], labels[batch])
                backward(parameters.layers, values, delta, activation, gradient.layers)
                rate = recipe.learning_rate * schedule(step / steps)
                step += 1
                optimizer.update(parameters.flat, gradient.flat, state, rate, step)
                total_cost += batch_cost * len(batch)
                recognised += int(np.count_nonzero(values[-1].argmax(axis=1) == labels[batch]))
                _check_finite(batch_cost, number, recipe)
                on_batch()
        _check_finite(float(np.sum(parameters.flat)), number, recipe)
        seconds = time.perf_counter() - started
        yield epoch(number, total_cost / len(rows), recognised / len(rows), seconds)


def accuracy(layers: tuple[Layer, ...], examples: Examples, recipe: Recipe) -> float:
    """The share of the examples that the network recognises, in [0, 1]."""
    rows, labels = examples.rows, examples.labels
    recognised = 0
    for start in range(0, len(rows), CHUNK):
        chunk = slice(start, start + CHUNK)
        logits = forward(layers, rows[chunk], ACTIVATIONS[recipe.activation])[-1]
        recognised += int(np.count_nonzero(logits.argmax(axis=1) == labels[chunk]))
    return recognised / len(rows)


def _check_finite(value: float, epoch: int, recipe: Recipe) -> None:
    if not math.isfinite(value):
        raise TrainingError(
            f"the network diverged in epoch {epoch}: try a smaller learning rate than {recipe.learning_rate:g}"
        )
