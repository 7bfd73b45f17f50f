"""Learning: for every batch one look forward, one look backward, one step downhill."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.errors import PipelineError
from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.losses import COSTS, Labels
from pipeline.network.mlp import Parameters, allocate, backward, forward, initialise
from pipeline.network.optimizers import find_optimizer
from pipeline.network.recipe import Recipe
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

    cost, train_accuracy: over the images as they were met, so the network was still learning; NaN for number 0.
    validation_accuracy: after the pass. learning_rate: of its last step. seconds: of training
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
    before it. `on_batch` is called after every step. Raises TrainingError if the cost, a parameter or an
    answer turns non-finite.
    """
    activation, cost = ACTIVATIONS[recipe.activation], COSTS[recipe.cost]
    rows, labels = training.rows, training.labels
    sizes = (rows.shape[1], *recipe.sizes, classes)
    parameters, gradient = allocate(sizes, rows.dtype), allocate(sizes, rows.dtype)
    generator = np.random.default_rng((recipe.seed, 0))
    initialise(parameters.layers, recipe.initialisation, recipe.bias_deviation, generator)
    optimizer = find_optimizer(recipe.optimizer, recipe.momentum)
    state = [np.zeros_like(parameters.flat) for _ in range(optimizer.buffers)]
    steps = recipe.epochs * count_batches(len(rows), recipe.batch_size)
    step, rate = 0, math.nan

    yield Epoch(0, math.nan, math.nan, accuracy(parameters, validation, recipe), rate, 0.0, parameters)
    for number in range(1, recipe.epochs + 1):
        started = time.perf_counter()
        total_cost, recognised = 0.0, 0
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is met below, by name
            for batch in shuffled_batches(len(rows), recipe.batch_size, (recipe.seed, number)):
                values = forward(parameters.layers, rows[batch], activation)
                batch_cost, delta = cost(values[-1], labels[batch])
                backward(parameters.layers, values, delta, activation, gradient.layers)
                rate = recipe.learning_rate * SCHEDULES[recipe.schedule](step / steps)
                step += 1
                optimizer.update(parameters.flat, gradient.flat, state, rate, step)
                total_cost += batch_cost * len(batch)
                recognised += int(np.count_nonzero(values[-1].argmax(axis=1) == labels[batch]))
                if not math.isfinite(batch_cost):
                    break
                on_batch()
        seconds = time.perf_counter() - started
        reached = accuracy(parameters, validation, recipe)
        if not (math.isfinite(total_cost) and np.isfinite(parameters.flat).all() and math.isfinite(reached)):
            raise TrainingError(
                f"the network diverged in epoch {number}: try a smaller learning rate than {recipe.learning_rate:g}"
            )
        yield Epoch(number, total_cost / len(rows), recognised / len(rows), reached, rate, seconds, parameters)


def count_batches(count: int, batch_size: int) -> int:
    """How many batches `count` images make."""
    return -(-count // batch_size)


def shuffled_batches(count: int, batch_size: int, seed: tuple[int, ...]) -> Iterator[NDArray[np.intp]]:
    """The numbers 0 to `count` - 1 in random order, `batch_size` at a time; what is left over is a batch too."""
    order = np.random.default_rng(seed).permutation(count)
    for start in range(0, count, batch_size):
        yield order[start : start + batch_size]


def accuracy(parameters: Parameters, examples: Examples, recipe: Recipe) -> float:
    """The share of the examples that the network recognises, in [0, 1]; NaN if an answer is not finite."""
    rows, labels = examples.rows, examples.labels
    recognised = 0
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(rows), CHUNK):
            chunk = slice(start, start + CHUNK)
            logits = forward(parameters.layers, rows[chunk], ACTIVATIONS[recipe.activation])[-1]
            if not np.isfinite(logits).all():
                return math.nan
            recognised += int(np.count_nonzero(logits.argmax(axis=1) == labels[chunk]))
    return recognised / len(rows)
