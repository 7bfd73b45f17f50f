"""Train a network by a recipe, epoch by epoch; measure its validation accuracy after each."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pipeline.data.deform import Augmenter
from pipeline.engine.errors import PipelineError
from pipeline.engine.threads import count_cores
from pipeline.network.activations import Array
from pipeline.network.architecture import build_layers, micro_batch_size, slide
from pipeline.network.losses import LOSSES, Labels, at_positions
from pipeline.network.network import (
    Network,
    Parameters,
    count_parameters,
    forward,
    initialise,
    make_buffers,
    make_network,
)
from pipeline.network.optimizers import make_optimizer
from pipeline.network.schedules import rate_factor
from pipeline.network.training import Training, count_correct, prepare, shuffled_batches, train_epoch
from pipeline.training.data import Examples
from pipeline.training.history import Row
from pipeline.training.recipe import Recipe
from pipeline.training.team import ThreadTeam


class TrainingError(PipelineError):
    """Training diverged: a parameter or a logit is not finite."""


@dataclass(frozen=True)
class Epoch(Row):
    """A row of the history with the parameters after this epoch.

    parameters: the moving average if the recipe has one. state: what is needed to resume, `arrays` of `Training`. The
    next epoch overwrites both.
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
    """Train a network; yield every epoch, number 0 before the first step.

    classes: without the negative class. resume_from: number and state of an epoch of an earlier run. The result is
    bit-identical to an uninterrupted run, since every epoch has its own random generators: the order of the images is
    seeded by (seed, epoch), the augmentation of each shard by (seed, epoch, shard). on_batch: called after every step.
    Raises TrainingError if the loss, a parameter or a logit is not finite.
    """
    state = start(recipe, training, classes)
    loader = Loader(recipe, training, state)
    done = 0
    if resume_from:
        done, state.arrays[:] = resume_from
    else:
        initial = accuracy(state.result, validation, classes)
        yield Epoch(0, math.nan, math.nan, initial, math.nan, 0.0, state.result.parameters, state.arrays)
    count = count_batches(len(training), recipe.batch_size)
    for number in range(done + 1, recipe.epochs + 1):
        started, step = time.perf_counter(), (number - 1) * count
        batches = list(shuffled_batches(len(training), recipe.batch_size, np.random.default_rng((recipe.seed, number))))
        rates = [
            recipe.learning_rate * rate_factor(recipe.schedule, recipe.warmup, step + i, recipe.epochs * count)
            for i in range(count)
        ]
        loader.seed(number)
        with np.errstate(over="ignore", invalid="ignore"), ThreadTeam(len(state.workspaces)) as team:
            loss, train_accuracy = train_epoch(state, batches, rates, loader, step, team.run, on_batch)
        seconds = time.perf_counter() - started
        validation_accuracy = accuracy(state.result, validation, classes)
        if not (math.isfinite(loss) and np.isfinite(state.arrays).all() and math.isfinite(validation_accuracy)):
            raise TrainingError(
                f"training diverged in epoch {number}: use a learning rate below {recipe.learning_rate:g}"
            )
        yield Epoch(
            number, loss, train_accuracy, validation_accuracy, rates[-1], seconds, state.result.parameters, state.arrays
        )


def start(recipe: Recipe, training: Examples, classes: int) -> Training:
    """Return an initialised network with all that its training by a recipe needs, in the dtype of the images."""
    layers = build_layers(recipe.layers, recipe.activation, training.image_shape, recipe.count_outputs(classes))
    if training.labels.ndim > 1:
        layers = slide(layers, training.images.shape[1:])
    network = make_network(layers, np.empty(count_parameters(layers), training.dtype))
    initialise(network, recipe.initialisation, recipe.bias_std, np.random.default_rng((recipe.seed, 0)))
    largest_shard = -(-min(recipe.batch_size, len(training)) // recipe.shards)
    return prepare(
        network,
        partial(_loss, recipe),
        make_optimizer(recipe.optimizer, recipe.momentum, recipe.weight_decay),
        recipe.ema_decay,
        min(largest_shard, micro_batch_size(layers, training.dtype.itemsize)),
        recipe.shards,
        min(recipe.shards, count_cores()),
    )


def _loss(recipe: Recipe, logits: Array, labels: Labels, count: int) -> tuple[float, Array]:
    loss = LOSSES[recipe.loss]
    return (loss if labels.ndim == 1 else partial(at_positions, loss))(logits, labels, recipe.label_smoothing, count)


class Loader:
    """Reads and augments the images of micro-batches; see `load` of `train_epoch`."""

    def __init__(self, recipe: Recipe, training: Examples, state: Training) -> None:
        self.recipe, self.training = recipe, training
        _, height, width = training.images.shape
        shape = len(state.workspaces), state.micro_batch, height * width
        self.images = np.empty(shape, training.dtype)  # of each thread
        self.augmented = np.empty(shape if recipe.augmentation.changes_images else 0, training.dtype)
        self.augmenters = [
            Augmenter(recipe.augmentation, height, width, state.micro_batch, training.dtype)
            for _ in range(len(state.workspaces) if recipe.augmentation.changes_images else 0)
        ]

    def seed(self, epoch: int) -> None:
        """Seed the random generator of each shard for an epoch, counted from 1."""
        self.generators = [np.random.default_rng((self.recipe.seed, epoch, i + 1)) for i in range(self.recipe.shards)]

    def __call__(self, indices: NDArray[np.intp], shard: int, thread: int) -> tuple[Array, Labels]:
        """Return the images, (height, width, n), augmented by the generator of the shard, and their labels."""
        images = self.images[thread, : len(indices)]
        shape = self.training.images.shape[1:]
        labels = self.training.take(indices, images.reshape(-1, *shape), self.generators[shard])
        if self.augmenters:
            original, images = images, self.augmented[thread, : len(indices)]
            self.augmenters[thread](original, self.generators[shard], out=images)
        return images.T.reshape(*shape, -1), np.moveaxis(labels, 0, -1)


def count_batches(count: int, batch_size: int) -> int:
    """Return the number of batches of `count` images."""
    return -(-count // batch_size)


def accuracy(network: Network, examples: Examples, classes: int) -> float:
    """Return the accuracy among the classes, in [0, 1]; NaN if a logit is not finite."""
    size = micro_batch_size(network.layers, examples.dtype.itemsize)
    threads = count_cores()
    buffers = [make_buffers(network) for _ in range(threads)]

    def count(block: int, thread: int) -> float:
        images, labels = (
            examples.slice(block * size, (block + 1) * size),
            np.moveaxis(examples.labels[block * size :][:size], 0, -1),
        )
        logits = forward(network, np.moveaxis(images, 0, -1), buffers[thread]).logits[:classes]
        return count_correct(logits, labels) if np.isfinite(logits).all() else math.nan

    with np.errstate(over="ignore", invalid="ignore"), ThreadTeam(threads) as team:
        return sum(team.run(count, count_batches(len(examples), size))) / len(examples)
