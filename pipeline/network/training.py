"""One epoch of training in one thread; `pipeline.training.epoch` is the multithreaded version with augmentation."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.network.activations import Array
from pipeline.network.losses import Labels
from pipeline.network.network import Network, backward, forward
from pipeline.network.optimizers import Optimizer


def count_correct(logits: Array, labels: Labels) -> int:
    """Count the images whose largest logit, (classes, n), is that of the label, (n,)."""
    return int(np.count_nonzero(logits.argmax(axis=0) == labels))


def shuffled_batches(count: int, batch_size: int, generator: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """The indices 0 to count - 1 in random order, batch_size at a time; the last batch may be smaller."""
    order = generator.permutation(count)
    for start in range(0, count, batch_size):
        yield order[start : start + batch_size]


def train_epoch(
    network: Network,
    images: Array,
    labels: Labels,
    loss: Callable[[Array, Labels], tuple[float, Array]],
    optimizer: Optimizer,
    state: Sequence[Array],
    rates: Sequence[float],
    batch_size: int,
    generator: np.random.Generator,
    step: int = 0,
) -> tuple[float, float]:
    """Run one epoch of minibatch gradient descent; return the mean loss and the accuracy during training.

    images: (total, height, width). state: the optimizer's buffers, (parameters,) each. rates: the learning rate of
    each step of the epoch. step: the number of steps in earlier epochs.
    """
    losses, correct = 0.0, 0
    for rate, batch in zip(rates, shuffled_batches(len(images), batch_size, generator), strict=True):
        cache = forward(network, np.moveaxis(images[batch], 0, -1))
        value, dz = loss(cache.logits, labels[batch])
        gradient = backward(network, cache, dz)
        step += 1
        optimizer.update(network.parameters.flat, gradient.flat, state, rate, step)
        losses += value * len(batch)
        correct += count_correct(cache.logits, labels[batch])
    return losses / len(images), correct / len(images)
