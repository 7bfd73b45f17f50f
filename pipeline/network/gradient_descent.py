"""Gradient descent: the gradient of a batch, the update of the parameters, and an epoch of such steps.

An epoch is the loop

    for batch, rate in zip(batches, rates):
        images, labels = load(batch)
        cache = forward(network, images)
        loss, dz = loss_function(cache.logits, labels)
        gradient = backward(network, cache, dz)
        parameters -= rate * gradient

with threads, which share each step: `train_epoch` has the loop, `take_step` divides a batch into shards,
`compute_gradient` has the four lines from `load` to `backward`, and `update` the last one, by any optimizer.

A batch is split into shards, and the parameters into slices. A step computes the gradient of each shard, then updates
each slice with the sum of the gradients. Shards do not depend on each other, and neither do slices, so `run` may share
them among threads. The result depends on the number of shards, but not on the number of threads.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array
from pipeline.network.layer import Buffers, Generator
from pipeline.network.losses import Labels, LossFunction, count_correct
from pipeline.network.network import Network, Parameters, backward, forward, make_buffers, make_network, view_parameters
from pipeline.network.optimizers import Optimizer
from pipeline.network.thread_pool import Run, in_sequence

SHARED_UPDATE = 60_000  # number of parameters from which their update is worth another start of the threads
SLICE = 131_072  # largest number of parameters that are updated at a time; smaller slices need more calls

Indices = NDArray[np.intp]
CountCorrect = Callable[[Array, Labels], int]  # logits, labels -> number of correct predictions
Load = Callable[[Indices, Generator, int], tuple[Array, Labels]]  # see `train_epoch`


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """A network in training, with everything that a step reads or changes.

    arrays: one array (rows, parameters), whose rows are the parameters, the buffers of the optimizer and, if ema_decay
    is above 0, the moving average of the parameters. network: the network, whose parameters are a view of the first
    row. gradients: the gradient of each shard. partial_gradients: the gradient of a micro-batch, for each thread.
    buffers: the buffers of the layers, for each thread. micro_batch: the largest number of images in one forward pass;
    a larger shard is divided, which limits the memory.
    """

    network: Network
    loss: LossFunction
    optimizer: Optimizer
    ema_decay: float
    arrays: Array
    gradients: Sequence[Parameters]
    partial_gradients: Sequence[Parameters]
    buffers: Sequence[Sequence[Buffers]]
    micro_batch: int
    count_correct: CountCorrect

    @property
    def result(self) -> Network:
        """The network to evaluate and save: with the averaged parameters if there are any."""
        return make_network(self.network.layers, self.arrays[-1 if self.ema_decay else 0])


def make_steps(
    network: Network,
    loss: LossFunction,
    optimizer: Optimizer,
    ema_decay: float = 0.0,
    micro_batch: int = 512,
    shards: int = 1,
    threads: int = 1,
    count_correct: CountCorrect = count_correct,
) -> TrainingState:
    """Return a network, with a copy of its parameters, ready for training."""
    layers, flat = network.layers, network.parameters.flat
    arrays = np.zeros((1 + optimizer.buffers + (ema_decay > 0), flat.size), flat.dtype)
    arrays[0] = flat
    if ema_decay:
        arrays[-1] = flat
    copy = make_network(layers, arrays[0])
    gradients, partial_gradients = (
        [view_parameters(layers, np.empty_like(flat)) for _ in range(count)] for count in (shards, threads)
    )
    buffers = [make_buffers(copy) for _ in range(threads)]
    return TrainingState(
        network=copy,
        loss=loss,
        optimizer=optimizer,
        ema_decay=ema_decay,
        arrays=arrays,
        gradients=gradients,
        partial_gradients=partial_gradients,
        buffers=buffers,
        micro_batch=micro_batch,
        count_correct=count_correct,
    )


def train_epoch(
    state: TrainingState,
    batches: Sequence[Indices],
    rates: Sequence[float],
    load: Load,
    generators: Sequence[Generator],
    step: int = 0,
    run: Run = in_sequence,
    on_batch: Callable[[], object] = lambda: None,
) -> tuple[float, float]:
    """Run one epoch of mini-batch gradient descent; return the mean loss and the accuracy during training.

    batches: the indices of the images of each batch. rates: the learning rate of each step. load: a function that is
    called as load(indices, generator, thread) and returns images (height, width, n) and labels (n,), which are valid
    until its next call in the same thread. generators: for each shard one from which `load` and the layers draw, so
    that the result does not depend on the threads. step: the number of steps in earlier epochs. on_batch: called after
    each step. If the loss is not finite, the epoch ends early.
    """
    losses: list[float] = []
    correct = 0
    slices = make_slices(state.arrays.shape[1], len(state.gradients))
    for batch, rate in zip(batches, rates, strict=True):
        step += 1
        loss, correct_now = take_step(state, batch, rate, load, generators, step, slices, run)
        losses.append(loss * len(batch))
        correct += correct_now
        if not math.isfinite(loss):
            break
        on_batch()
    total = sum(map(len, batches))
    return sum(losses) / total, correct / total


def take_step(
    state: TrainingState,
    batch: Indices,
    rate: float,
    load: Load,
    generators: Sequence[Generator],
    step: int,
    slices: Sequence[slice],
    run: Run,
) -> tuple[float, int]:
    """Change the parameters by the gradient of a batch; return its loss and its number of correct predictions."""
    shards = len(state.gradients)

    def gradient(shard: int, thread: int) -> tuple[float, int]:
        indices = batch[len(batch) * shard // shards : len(batch) * (shard + 1) // shards]
        return compute_gradient(state, indices, len(batch), load, generators[shard], shard, thread)

    losses, correct = zip(*run(gradient, shards), strict=True)
    update_all = run if state.arrays.shape[1] > SHARED_UPDATE else in_sequence
    update_all(lambda i, thread: update(state, slices[i], rate, step), len(slices))
    return sum(losses), sum(correct)


def compute_gradient(
    state: TrainingState,
    indices: Indices,
    count: int,
    load: Load,
    generator: Generator,
    shard: int,
    thread: int,
) -> tuple[float, int]:
    """Compute the gradient of a shard; return its part of the mean loss and its number of correct predictions.

    indices: the indices of the images in the shard. count: the number of images in the whole batch.
    """
    gradient, partial, buffers = state.gradients[shard], state.partial_gradients[thread], state.buffers[thread]
    total = 0.0
    correct = 0
    if not len(indices):
        gradient.flat.fill(0)
    for start in range(0, len(indices), state.micro_batch):
        images, labels = load(indices[start : start + state.micro_batch], generator, thread)
        cache = forward(state.network, images, buffers, generator)
        loss, dz = state.loss(cache.logits, labels, count)
        correct += state.count_correct(cache.logits, labels)
        backward(state.network, cache, dz, buffers, out=partial if start else gradient)
        if start:
            np.add(gradient.flat, partial.flat, out=gradient.flat)
        total += loss
    return total, correct


def update(state: TrainingState, part: slice, rate: float, step: int) -> None:
    """Sum a slice of the gradients over all shards; update this slice of the parameters and of their average."""
    g, *others = (gradient.flat[part] for gradient in state.gradients)
    for other in others:
        g += other
    w, *buffers = state.arrays[:, part]
    state.optimizer.update(w, g, buffers[: state.optimizer.buffers], rate, step)
    if state.ema_decay:  # average <- decay average + (1 - decay) w, with a smaller decay in the first steps
        average, decay = buffers[-1], min(state.ema_decay, step / (step + 10))
        np.subtract(w, average, out=g)
        g *= 1 - decay
        average += g


def make_slices(total: int, shards: int) -> list[slice]:
    """Divide `total` parameters into equal slices of at most SLICE; their number is a multiple of `shards`."""
    count = shards * -(-total // (shards * SLICE))
    borders = [total * i // count for i in range(count + 1)]
    return [slice(*borders[i : i + 2]) for i in range(count)]


def shuffled_batches(count: int, batch_size: int, generator: np.random.Generator) -> list[Indices]:
    """Return the indices 0 to count - 1 in random order, batch_size at a time; the last batch may be smaller."""
    order = generator.permutation(count)
    return [order[start : start + batch_size] for start in range(0, count, batch_size)]
