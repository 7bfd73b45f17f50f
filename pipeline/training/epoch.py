"""An epoch of training by several threads; `pipeline.network.training.train_epoch` is the same by one.

A batch is cut into shards. A thread computes the forward and the backward pass of a whole shard, in parts of limited
memory, and adds up the gradient. After a barrier each thread adds one slice of the gradients over all shards and
updates that slice of the parameters. The result depends on the number of shards, which is part of the recipe, and not
on the number of threads.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.deform import Deformer
from pipeline.engine.cores import count_cores
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
    view,
)
from pipeline.network.optimizers import Optimizer, find_optimizer
from pipeline.network.schedules import rate_factor
from pipeline.network.training import count_correct, shuffled_batches
from pipeline.training.architecture import build_layers, images_per_part
from pipeline.training.examples import Examples
from pipeline.training.recipes import Recipe
from pipeline.training.team import Team

SLICE = 65_536  # parameters that an optimizer updates at a time: with its state they fit the cache


@dataclass(frozen=True)
class Workspace:
    """The memory of one thread, for one part of a shard at a time.

    inputs: (part, pixels) of its images. addend: the gradient of a part that is not the first of its shard.
    """

    deformer: Deformer
    inputs: Array
    addend: Parameters
    scratch: Sequence[Scratch]


@dataclass(frozen=True)
class TrainingState:
    """A network in training.

    state: (rows, parameters): the parameters, the optimizer's buffers, and the moving average of the parameters if the
    recipe has one. network: its parameters are the first row. result: the parameters to use, a view of the first or
    the last row. gradients: of each shard. workspaces: of each thread. part: the number of images in a forward pass.
    """

    recipe: Recipe
    training: Examples
    optimizer: Optimizer
    state: Array
    network: Network
    result: Parameters
    gradients: Sequence[Parameters]
    workspaces: Sequence[Workspace]
    part: int

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return count_batches(len(self.training.labels), self.recipe.batch_size)


def prepare(recipe: Recipe, training: Examples, classes: int) -> TrainingState:
    """A new network, initialised, and the memory for its training, in the dtype of the images."""
    total, height, width = training.images.shape
    dtype = training.images.dtype
    layers = build_layers(recipe.layers, (height, width), classes)
    optimizer = find_optimizer(recipe.optimizer, recipe.momentum, recipe.weight_decay)
    state = np.zeros((1 + optimizer.buffers + (recipe.ema_decay > 0), count_parameters(layers)), dtype)
    network = Network(layers, ACTIVATIONS[recipe.activation], view(layers, state[0]))
    initialise(network.parameters, recipe.initialisation, recipe.bias_std, np.random.default_rng((recipe.seed, 0)))
    if recipe.ema_decay:
        state[-1] = state[0]
    rows = -(-min(recipe.batch_size, total) // recipe.shards)
    part = min(rows, images_per_part(layers, dtype.itemsize))
    gradients = [view(layers, np.empty_like(state[0])) for _ in range(recipe.shards)]
    workspaces = [
        Workspace(
            Deformer(recipe.augmentation, height, width, part, dtype),
            inputs=np.empty((part, height * width), dtype),
            addend=view(layers, np.empty_like(state[0])),
            scratch=make_scratch(network),
        )
        for _ in range(min(recipe.shards, count_cores()))
    ]
    result = view(layers, state[-1]) if recipe.ema_decay else network.parameters
    return TrainingState(recipe, training, optimizer, state, network, result, gradients, workspaces, part)


def train_epoch(state: TrainingState, epoch: int, on_batch: Callable[[], object]) -> tuple[float, float, float]:
    """Run one epoch; return the mean loss, the accuracy, and the last learning rate.

    epoch: its number, from 1. Every draw comes from a generator seeded by (seed, epoch, shard). `on_batch` is called
    after every step. Stops at once if the loss is not finite.
    """
    recipe, total = state.recipe, len(state.training.labels)
    generators = [np.random.default_rng((recipe.seed, epoch, i)) for i in range(1, recipe.shards + 1)]
    batches = list(shuffled_batches(total, recipe.batch_size, np.random.default_rng((recipe.seed, epoch))))
    losses = np.zeros((len(batches), recipe.shards))
    correct = np.zeros(recipe.shards, int)
    before = (epoch - 1) * state.batches
    rates = [learning_rate(state, before + i) for i in range(len(batches))]

    @np.errstate(over="ignore", invalid="ignore")  # divergence is found by the loss
    def work(thread: int) -> None:
        for i, batch in enumerate(batches):
            for shard in range(thread, recipe.shards, team.size):
                indices = batch[len(batch) * shard // recipe.shards : len(batch) * (shard + 1) // recipe.shards]
                losses[i, shard], right = _compute_gradient(
                    state, thread, shard, indices, len(batch), generators[shard]
                )
                correct[shard] += right
            team.wait(thread)
            for parameters in slices[thread]:
                _update(state, parameters, rates[i], before + i + 1)
            team.wait(thread)
            if not np.isfinite(losses[i]).all():
                break
            if thread == 0:
                on_batch()

    with Team(len(state.workspaces)) as team:
        slices = cut(state.state.shape[1], team.size)
        team.run(work)
    shares = np.array([len(batch) for batch in batches]) / total
    return float(losses.sum(axis=1) @ shares), int(correct.sum()) / total, rates[-1]


def cut(total: int, parts: int) -> list[list[slice]]:
    """Cut `total` parameters into as many equal parts, each a list of slices of at most SLICE."""
    borders = [total * i // parts for i in range(parts + 1)]
    return [
        [slice(start, min(start + SLICE, stop)) for start in range(begin, stop, SLICE)]
        for begin, stop in itertools.pairwise(borders)
    ]


def learning_rate(state: TrainingState, step: int) -> float:
    """The learning rate of a step, counted from 0 over all epochs."""
    recipe = state.recipe
    return recipe.learning_rate * rate_factor(recipe.schedule, recipe.warmup, step, recipe.epochs * state.batches)


def _compute_gradient(
    state: TrainingState,
    thread: int,
    shard: int,
    indices: NDArray[np.intp],
    count: int,
    generator: np.random.Generator,
) -> tuple[float, int]:
    """Compute the gradient of a shard of a batch of `count` images; return its part of the mean loss, its correct ones.

    indices: of the shard's images.
    """
    recipe, network, training = state.recipe, state.network, state.training
    workspace, gradient = state.workspaces[thread], state.gradients[shard]
    total, correct = 0.0, 0
    if not len(indices):
        gradient.flat.fill(0)
    for start in range(0, len(indices), state.part):
        part = indices[start : start + state.part]
        rows, labels = workspace.inputs[: len(part)], training.labels[part]
        workspace.deformer(training.rows, part, generator, out=rows)
        done = forward(network, rows.T.reshape(*training.images.shape[1:], -1), workspace.scratch)
        loss, dz = LOSSES[recipe.loss](done.logits, labels, recipe.label_smoothing, count)
        backward(network, done, dz, workspace.scratch, out=workspace.addend if start else gradient)
        if start:
            np.add(gradient.flat, workspace.addend.flat, out=gradient.flat)
        total += loss
        correct += count_correct(done.logits, labels)
    return total, correct


def _update(state: TrainingState, parameters: slice, rate: float, step: int) -> None:
    """Add up a slice of the gradient over all shards, and update that slice of the parameters and of their average."""
    recipe = state.recipe
    first, *others = (gradient.flat[parameters] for gradient in state.gradients)
    for other in others:
        first += other
    w, *rest = state.state[:, parameters]
    state.optimizer.update(w, first, rest[: state.optimizer.buffers], rate, step)
    if recipe.ema_decay:  # average <- keep average + (1 - keep) w, with keep smaller in the first steps
        keep = min(recipe.ema_decay, step / (step + 10))
        np.subtract(w, rest[-1], out=first)
        first *= 1 - keep
        rest[-1] += first


def count_batches(count: int, batch_size: int) -> int:
    """The number of batches of `count` images."""
    return -(-count // batch_size)
