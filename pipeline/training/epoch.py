"""One epoch of multithreaded training; `pipeline.network.training.train_epoch` is the single-threaded version.

A batch is split into shards. For each shard, one thread runs the forward and backward passes, in micro-batches of
limited memory, and accumulates the gradient. After a barrier, each thread sums one slice of the gradients over all
shards and updates that slice of the parameters. The result depends on the number of shards, which is part of the
recipe, and not on the number of threads.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.deform import Deformer
from pipeline.engine.threads import count_cores
from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.layers import Scratch
from pipeline.network.losses import LOSSES
from pipeline.network.network import (
    Network,
    Parameters,
    backward,
    count_parameters,
    forward,
    initialise,
    make_scratch,
    view_parameters,
)
from pipeline.network.optimizers import Optimizer, find_optimizer
from pipeline.network.schedules import rate_factor
from pipeline.network.training import count_correct, shuffled_batches
from pipeline.training.architecture import build_layers, micro_batch_size
from pipeline.training.examples import Examples
from pipeline.training.recipe import Recipe, count_outputs
from pipeline.training.team import Team

SLICE = 65_536  # parameters per call of the optimizer; with their state they fit into the CPU cache


@dataclass(frozen=True)
class Workspace:
    """Buffers of one thread, for one micro-batch.

    inputs: augmented images, (micro_batch, pixels). gradient: of any micro-batch of a shard but the first.
    """

    deformer: Deformer
    inputs: Array
    gradient: Parameters
    scratch: Sequence[Scratch]


@dataclass(frozen=True)
class TrainingState:
    """A network in training.

    arrays: (rows, parameters); the rows are the parameters, the optimizer's buffers, and the moving average of the
    parameters if the recipe has one. network: its parameters are a view of the first row. result: the parameters to
    evaluate and save, a view of the first or the last row. gradients: of each shard. workspaces: of each thread.
    micro_batch_size: images in a forward pass.
    """

    recipe: Recipe
    training: Examples
    optimizer: Optimizer
    arrays: Array
    network: Network
    result: Parameters
    gradients: Sequence[Parameters]
    workspaces: Sequence[Workspace]
    micro_batch_size: int


def prepare(recipe: Recipe, training: Examples, classes: int) -> TrainingState:
    """Return an initialised network with all buffers for its training, in the dtype of the images."""
    total, height, width = training.images.shape
    dtype = training.images.dtype
    layers = build_layers(recipe.layers, (height, width), count_outputs(recipe, classes))
    optimizer = find_optimizer(recipe.optimizer, recipe.momentum, recipe.weight_decay)
    arrays = np.zeros((1 + optimizer.buffers + (recipe.ema_decay > 0), count_parameters(layers)), dtype)
    network = Network(layers, ACTIVATIONS[recipe.activation], view_parameters(layers, arrays[0]))
    initialise(network.parameters, recipe.initialisation, recipe.bias_std, np.random.default_rng((recipe.seed, 0)))
    if recipe.ema_decay:
        arrays[-1] = arrays[0]
    largest_shard = -(-min(recipe.batch_size, total) // recipe.shards)
    micro_batch = min(largest_shard, micro_batch_size(layers, dtype.itemsize))
    gradients = [view_parameters(layers, np.empty_like(arrays[0])) for _ in range(recipe.shards)]
    workspaces = [
        Workspace(
            Deformer(recipe.augmentation, height, width, micro_batch, dtype),
            inputs=np.empty((micro_batch, height * width), dtype),
            gradient=view_parameters(layers, np.empty_like(arrays[0])),
            scratch=make_scratch(network),
        )
        for _ in range(min(recipe.shards, count_cores()))
    ]
    result = view_parameters(layers, arrays[-1]) if recipe.ema_decay else network.parameters
    return TrainingState(recipe, training, optimizer, arrays, network, result, gradients, workspaces, micro_batch)


def train_epoch(state: TrainingState, epoch: int, on_batch: Callable[[], object]) -> tuple[float, float, float]:
    """Run one epoch; return the mean loss, the accuracy and the last learning rate.

    epoch: counted from 1. on_batch: called after every step. The order of the images is seeded by (seed, epoch), the
    augmentation of each shard by (seed, epoch, shard). Stops early if the loss is not finite.
    """
    recipe, total = state.recipe, len(state.training.labels)
    generators = [np.random.default_rng((recipe.seed, epoch, i)) for i in range(1, recipe.shards + 1)]
    batches = list(shuffled_batches(total, recipe.batch_size, np.random.default_rng((recipe.seed, epoch))))
    losses = np.zeros((len(batches), recipe.shards))
    correct = np.zeros(recipe.shards, int)
    steps_before, steps = (epoch - 1) * len(batches), recipe.epochs * len(batches)
    factors = [rate_factor(recipe.schedule, recipe.warmup, steps_before + i, steps) for i in range(len(batches))]
    rates = [recipe.learning_rate * factor for factor in factors]

    @np.errstate(over="ignore", invalid="ignore")  # the loss shows divergence
    def work(thread: int) -> None:
        for i, batch in enumerate(batches):
            for shard in range(thread, recipe.shards, team.size):
                indices = batch[len(batch) * shard // recipe.shards : len(batch) * (shard + 1) // recipe.shards]
                losses[i, shard], correct_now = _compute_gradient(
                    state, thread, shard, indices, len(batch), generators[shard]
                )
                correct[shard] += correct_now
            team.wait(thread)
            for part in slices[thread]:
                _update(state, part, rates[i], steps_before + i + 1)
            team.wait(thread)
            if not np.isfinite(losses[i]).all():
                break
            if thread == 0:
                on_batch()

    with Team(len(state.workspaces)) as team:
        slices = make_slices(state.arrays.shape[1], team.size)
        team.run(work)
    weights = np.array([len(batch) for batch in batches]) / total
    return float(losses.sum(axis=1) @ weights), int(correct.sum()) / total, rates[-1]


def make_slices(total: int, threads: int) -> list[list[slice]]:
    """Divide `total` parameters equally among threads, each with slices of at most SLICE."""
    borders = [total * i // threads for i in range(threads + 1)]
    return [
        [slice(start, min(start + SLICE, stop)) for start in range(begin, stop, SLICE)]
        for begin, stop in itertools.pairwise(borders)
    ]


def _compute_gradient(
    state: TrainingState,
    thread: int,
    shard: int,
    indices: NDArray[np.intp],
    count: int,
    generator: np.random.Generator,
) -> tuple[float, int]:
    """Compute the gradient of a shard; return its part of the mean loss and its number of correct predictions.

    indices: of the shard's images. count: images in the whole batch.
    """
    recipe, network, training = state.recipe, state.network, state.training
    workspace, gradient = state.workspaces[thread], state.gradients[shard]
    total, correct = 0.0, 0
    if not len(indices):
        gradient.flat.fill(0)
    for start in range(0, len(indices), state.micro_batch_size):
        micro_batch = indices[start : start + state.micro_batch_size]
        rows, labels = workspace.inputs[: len(micro_batch)], training.labels[micro_batch]
        workspace.deformer(training.rows, micro_batch, generator, out=rows)
        cache = forward(network, rows.T.reshape(*training.images.shape[1:], -1), workspace.scratch)
        loss, dz = LOSSES[recipe.loss](cache.logits, labels, recipe.label_smoothing, count)
        backward(network, cache, dz, workspace.scratch, out=workspace.gradient if start else gradient)
        if start:
            np.add(gradient.flat, workspace.gradient.flat, out=gradient.flat)
        total += loss
        correct += count_correct(cache.logits, labels)
    return total, correct


def _update(state: TrainingState, part: slice, rate: float, step: int) -> None:
    """Sum a slice of the gradients over all shards; update this slice of the parameters and of their average."""
    recipe = state.recipe
    g, *others = (gradient.flat[part] for gradient in state.gradients)
    for other in others:
        g += other
    w, *buffers = state.arrays[:, part]
    state.optimizer.update(w, g, buffers[: state.optimizer.buffers], rate, step)
    if recipe.ema_decay:  # average <- decay average + (1 - decay) w, with a smaller decay in the first steps
        average, decay = buffers[-1], min(recipe.ema_decay, step / (step + 10))
        np.subtract(w, average, out=g)
        g *= 1 - decay
        average += g


def count_batches(count: int, batch_size: int) -> int:
    """Return the number of batches of `count` images."""
    return -(-count // batch_size)
