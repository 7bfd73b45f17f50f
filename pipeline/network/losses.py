"""Losses: the mean loss of a batch, and its gradient with respect to the logits.

Both losses take logits z (classes, n) and integer labels (n,) in [0, classes). The gradient has the shape and dtype of
the logits. `count` is the size of the whole batch if the n images are only a part of it: then the losses and gradients
of the parts add up to those of the batch. `label_smoothing` is the fraction of each label that is spread evenly over
all classes (Szegedy et al. 2016, section 7).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.network.activations import Array, sigmoid

Labels = NDArray[np.integer[Any]]
# logits, labels, number of images in the whole batch -> loss, dL/dz
Loss = Callable[[Array, Labels, int], tuple[float, Array]]

PER_LABEL, PER_PICTURE = 3, 8  # positions with nothing that `at_positions` counts


def quadratic(
    logits: Array, labels: Labels, count: int | None = None, label_smoothing: float = 0.0
) -> tuple[float, Array]:
    """Return the mean of |a - y|^2 / 2 with a = sigmoid(z) and targets y, and dL/dz = (a - y) a (1 - a) / count.

    The factor a (1 - a) is near 0 for a confidently wrong output, whose gradient is therefore small. (Nielsen 2015,
    chapter 3)
    """
    count = count or len(labels)
    a = sigmoid(logits)
    error = a - targets(labels, logits, label_smoothing)
    return float(np.sum(error**2)) / (2 * count), error * a * (1 - a) / count


def cross_entropy(
    logits: Array, labels: Labels, count: int | None = None, label_smoothing: float = 0.0
) -> tuple[float, Array]:
    """Return the mean cross-entropy of p = softmax(z) and targets y, and dL/dz = (p - y) / count.

    For each image, L = -sum of y log p = log of sum of exp(z) - sum of y z, because its targets y sum to 1. (Bishop
    2006, eq. 4.108 and 4.109)
    """
    count = count or len(labels)
    y = targets(labels, logits, label_smoothing)
    z = logits - logits.max(axis=0)  # so that exp cannot overflow
    p = np.exp(z)
    total = p.sum(axis=0)
    p /= total
    loss = np.log(total).sum() - np.vdot(y, z)
    return float(loss) / count, (p - y) / count


def at_positions(loss: Loss, logits: Array, labels: Labels, count: int) -> tuple[float, Array]:
    """Sum a loss over some positions of each picture, divided by `count` pictures; return its gradient, too.

    logits: (classes, rows, columns, n), the last class being that of nothing. labels: (rows, columns, n); positions
    with a negative label are ignored. Positions with nothing are far more frequent than others, and most of them are
    easy. Therefore, only the least certain ones count: up to PER_LABEL for each position with a class, and PER_PICTURE
    more for each picture. (Shrivastava, Gupta & Girshick 2016)
    """
    z, y = logits.reshape(len(logits), -1), labels.reshape(-1)
    classes, nothing = np.flatnonzero((y >= 0) & (y < len(z) - 1)), np.flatnonzero(y == len(z) - 1)
    most = PER_LABEL * len(classes) + PER_PICTURE * labels.shape[-1]
    if most < len(nothing):
        certainty = z[-1, nothing] - z[:-1, nothing].max(axis=0)
        nothing = nothing[np.argpartition(certainty, most)[:most]]
    counted = np.concatenate([classes, nothing])
    value, gradient = loss(z[:, counted], y[counted], count)
    dz = np.zeros_like(z)
    dz[:, counted] = gradient
    return value, dz.reshape(logits.shape)


def count_correct(logits: Array, labels: Labels) -> int:
    """Return the number of images in which every label that is not negative has the largest logit.

    logits: (classes, n) or (classes, rows, columns, n). labels: (n,) or (rows, columns, n).
    """
    correct = (logits.argmax(axis=0) == labels) | (labels < 0)
    return int(np.count_nonzero(correct.all(axis=tuple(range(labels.ndim - 1)))))


def targets(labels: Labels, logits: Array, label_smoothing: float = 0.0) -> Array:
    """Return one-hot targets with label smoothing, in the shape and dtype of the logits."""
    classes = len(logits)
    by_class: Array = np.eye(classes, dtype=logits.dtype) * (1 - label_smoothing)
    by_class += label_smoothing / classes
    return np.take(by_class, labels, axis=1)


def log_softmax(logits: Array) -> Array:
    """Return log(exp(z) / sum(exp(z))), with the sum over the first axis."""
    z = logits - logits.max(axis=0)  # so that exp cannot overflow
    log_p: Array = z - np.log(np.exp(z).sum(axis=0))
    return log_p


def scores(logits: Array, loss: str) -> Array:
    """Return the logits to pass to softmax, which depend on the loss that the network was trained with.

    With the quadratic loss, the outputs are sigmoid(z). Divided by their sum, they are softmax(log sigmoid(z)), and
    this logarithm is accurate even where sigmoid(z) rounds to 0.
    """
    return logits if loss == "cross-entropy" else -np.logaddexp(0, -logits)


def probabilities(logits: Array, loss: str, temperature: float = 1.0) -> Array:
    """Return the probabilities (classes, n), of which each column sums to 1.

    The temperature divides the argument of softmax, so above 1 the probabilities are closer to uniform. (Guo et al.
    2017, eq. 9)
    """
    return np.exp(log_softmax(scores(logits, loss) / temperature))


LOSSES = {"quadratic": quadratic, "cross-entropy": cross_entropy}
