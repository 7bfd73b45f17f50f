"""Train networks by a recipe, epoch by epoch; measure their validation accuracy and save a checkpoint after each."""

import math
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray

from pipeline.data.deform import Augmenter
from pipeline.engine.errors import PipelineError
from pipeline.engine.float_arrays import Array
from pipeline.engine.threads import count_cores
from pipeline.model.model import save_model
from pipeline.network.architecture import micro_batch_size
from pipeline.network.gradient_descent import Load, TrainingState, make_steps, shuffled_batches, train_epoch
from pipeline.network.losses import Labels
from pipeline.network.network import Network, count_parameters, forward, initialise, make_buffers, make_network
from pipeline.network.optimizers import OPTIMIZERS, rate_factor
from pipeline.network.thread_pool import ThreadPool
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.history import Epoch, best_of, write_history
from pipeline.training.recipe import Recipe
from pipeline.training.task import AnyModel, Examples, Task


class TrainingError(PipelineError):
    """Training diverged: a parameter or a logit is not finite."""


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network. flat: all parameters after the selected epoch, float32 (total,). history: epochs from 1."""

    flat: Array
    history: list[Epoch]


@dataclass(frozen=True)
class Trained(Generic[AnyModel]):
    """A model with the history of its training. histories: for each network, its epochs from 1."""

    model: AnyModel
    histories: Sequence[Sequence[Epoch]]

    @property
    def best_epochs(self) -> list[int]:
        """The number of the selected epoch of each network, from 1."""
        return [best_of(history).number for history in self.histories]

    @property
    def seconds(self) -> float:
        """The training time of all networks in seconds, without validation."""
        return sum(epoch.seconds for history in self.histories for epoch in history)

    def save(self, folder: Path, record: dict[str, Any]) -> None:
        """Write the model with the record of its training, see `save_model`, and history.csv to an empty folder."""
        save_model(folder, self.model, record)
        write_history(folder / "history.csv", self.histories)


@dataclass(frozen=True)
class TrainingProgress:
    """A message about the training of a network.

    batches: how many batches have ended since the last message. epoch: the epoch that has ended, if any; number 0 is
    the network before the first step. resumed: whether training resumes after this epoch. network: the number of the
    network in the ensemble, from 1.
    """

    batches: int = 0
    epoch: Epoch | None = None
    resumed: bool = False
    network: int = 1


def train_networks(
    task: Task[AnyModel],
    recipe: Recipe,
    checkpoints: Path,
    on_progress: Callable[[TrainingProgress], object] = lambda progress: None,
) -> Trained[AnyModel]:
    """Train the networks of a recipe; return the model, not calibrated, with the mean accuracy of its networks.

    checkpoints: folder for a checkpoint of each network. on_progress: called during and after each epoch.
    """
    checkpoints.mkdir(parents=True, exist_ok=True)
    networks: list[TrainedNetwork] = []

    def report(made: TrainingProgress) -> None:
        on_progress(replace(made, network=len(networks) + 1))

    for i in range(recipe.ensemble_size):
        one, file = replace(recipe, ensemble_size=1, seed=recipe.seed + i), checkpoints / f"network-{i + 1}.npz"
        networks.append(train_network(task, one, file, report))
    histories = [network.history for network in networks]
    accuracies = [best_of(history).validation_accuracy for history in histories]
    header = replace(task.header, validation_accuracy=float(np.mean(accuracies)))
    return Trained(task.build(header, tuple(network.flat for network in networks)), histories)


def train_network(
    task: Task[AnyModel],
    recipe: Recipe,
    checkpoint: Path,
    on_progress: Callable[[TrainingProgress], object] = lambda progress: None,
) -> TrainedNetwork:
    """Train one network; resume from the file `checkpoint` if it is of this recipe, and write it after each epoch.

    on_progress: called after each batch, and with each epoch once its checkpoint is written. The result is
    bit-identical to an uninterrupted run, since every epoch has its own random generators: the order of the examples is
    seeded by (seed, epoch), the augmentation and dropout of each shard by (seed, epoch, shard). Raises TrainingError if
    the loss, a parameter or a logit is not finite.
    """
    state = make_training_state(task, recipe)
    begun_with = None if task.initial is None else zlib.crc32(task.initial.tobytes())
    origin = repr((recipe, task.header, len(task.training), begun_with))
    history: list[Epoch] = []
    found = load_checkpoint(checkpoint)
    if found and found.origin == origin and found.state.shape == state.arrays.shape:
        state.arrays[:] = found.state
        best = found.best
        history = list(found.history)
        on_progress(TrainingProgress(epoch=history[-1], resumed=True))
    else:
        before = accuracy(task, state.result)
        on_progress(TrainingProgress(epoch=Epoch(0, math.nan, math.nan, before, math.nan, 0.0)))

    def on_batch() -> None:
        on_progress(TrainingProgress(batches=1))

    for number in range(len(history) + 1, recipe.epochs + 1):
        started = time.perf_counter()
        loss, train_accuracy, rate = run_epoch(task, recipe, state, number, on_batch)
        seconds = time.perf_counter() - started
        epoch = Epoch(number, loss, train_accuracy, accuracy(task, state.result), rate, seconds)
        if not (math.isfinite(loss) and np.isfinite(state.arrays).all() and math.isfinite(epoch.validation_accuracy)):
            raise TrainingError(
                f"training diverged in epoch {number}: use a learning rate below {recipe.learning_rate:g}"
            )
        history.append(epoch)
        if best_of(history) is epoch:
            best = state.result.parameters.flat.copy()
        save_checkpoint(checkpoint, Checkpoint(state.arrays, best, history, origin))
        on_progress(TrainingProgress(epoch=epoch))
    return TrainedNetwork(best, history)


def make_training_state(task: Task[AnyModel], recipe: Recipe) -> TrainingState:
    """Return a network with all that its training by a recipe needs."""
    network = make_network(task.layers, np.empty(count_parameters(task.layers), np.float32))
    if task.initial is None:
        initialise(network, recipe.initialisation, recipe.bias_std, np.random.default_rng((recipe.seed, 0)))
    else:
        network.parameters.flat[:] = task.initial
    largest_shard = -(-min(recipe.batch_size, len(task.training)) // recipe.shards)
    return make_steps(
        network,
        task.loss(0.0),
        OPTIMIZERS[recipe.optimizer](recipe),
        ema_decay=recipe.ema_decay,
        micro_batch=min(largest_shard, micro_batch_size(task.layers)),
        shards=recipe.shards,
        threads=min(recipe.shards, count_cores()),
        count_correct=task.count_correct,
    )


def run_epoch(
    task: Task[AnyModel], recipe: Recipe, state: TrainingState, number: int, on_batch: Callable[[], object]
) -> tuple[float, float, float]:
    """Run one epoch, counted from 1; return the mean loss, the accuracy and the last learning rate."""
    examples, count = len(task.training), recipe.count_batches(len(task.training))
    step = (number - 1) * count
    batches = shuffled_batches(examples, recipe.batch_size, np.random.default_rng((recipe.seed, number)))
    rates = [
        recipe.learning_rate * rate_factor(recipe.schedule, recipe.warmup, step + i, recipe.epochs * count)
        for i in range(count)
    ]
    state = replace(state, loss=task.loss((number - 1) / recipe.epochs))
    load = make_load(task.training, recipe, state)
    generators = [np.random.default_rng((recipe.seed, number, i + 1)) for i in range(recipe.shards)]
    with np.errstate(over="ignore", invalid="ignore"), ThreadPool(len(state.buffers)) as pool:
        return *train_epoch(state, batches, rates, load, generators, step, pool.run, on_batch), rates[-1]


def make_load(training: Examples, recipe: Recipe, state: TrainingState) -> Load:
    """Return the `load` of `train_epoch`, which reads and augments examples."""
    (_, height, width), threads = state.network.layers[0].input_shape, len(state.buffers)
    read, augmented = (np.empty((threads, state.micro_batch, height * width), np.float32) for _ in range(2))
    augmenters = [
        Augmenter(recipe.augmentation, height, width, state.micro_batch)
        for _ in range(threads if recipe.augmentation.changes_images else 0)
    ]

    def load(indices: NDArray[np.intp], generator: np.random.Generator, thread: int) -> tuple[Array, Labels]:
        images = read[thread, : len(indices)]
        labels = training.take(indices, images.reshape(-1, height, width), generator)
        if augmenters:
            original, images = images, augmented[thread, : len(indices)]
            augmenters[thread](original, generator, out=images)
        return images.T.reshape(height, width, -1), np.moveaxis(labels, 0, -1)

    return load


def accuracy(task: Task[AnyModel], network: Network) -> float:
    """Return the accuracy on the validation examples, in [0, 1]; NaN if a logit is not finite."""
    size = micro_batch_size(network.layers)
    threads = count_cores()
    buffers = [make_buffers(network) for _ in range(threads)]

    def count(block: int, thread: int) -> float:
        first, last = block * size, (block + 1) * size
        images, labels = task.validation.slice(first, last)
        logits = forward(network, np.moveaxis(images, 0, -1), buffers[thread]).logits[: task.counted]
        return task.count_correct(logits, np.moveaxis(labels, 0, -1)) if np.isfinite(logits).all() else math.nan

    with np.errstate(over="ignore", invalid="ignore"), ThreadPool(threads) as pool:
        return sum(pool.run(count, -(-len(task.validation) // size))) / len(task.validation)
