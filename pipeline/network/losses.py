"""A cost says how wrong a batch of outputs is, and which way is better.

Both costs take the logits z of the last layer, (n, c), and the labels, (n,) integers in [0, c). They give the
mean cost of the batch and its gradient by the logits, (n, c), in the dtype of the logits. Each has its own way
to turn logits into outputs: the sigmoid of each for the quadratic cost, softmax for cross-entropy.

Where the n rows are a part of a batch of `count`, the costs and gradients of its parts add up to those of the batch.
`smoothing` is the share of a label that is spread evenly over all classes: a network that is asked for 0.97 instead of
1 has no reason to be ever more certain.  (Szegedy et al. 2016, section 7)
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.network.activations import Array, sigmoid

Labels = NDArray[np.integer[Any]]


def quadratic(logits: Array, labels: Labels, smoothing: float = 0.0, count: int | None = None) -> tuple[float, Array]:
    """Mean of |a - y|^2 / 2 with a = sigmoid(z) and the targets y, and its gradient.

    By the chain rule dC/dz = (a - y) a (1 - a): the last two factors are why an output that is confidently
    wrong learns slowly under this cost.  (Nielsen 2015, chapter 3)
    """
    count = count or len(labels)
    a = sigmoid(logits)
    error = a - targets(labels, logits, smoothing)
    return float(np.sum(error**2)) / (2 * count), error * a * (1 - a) / count


def cross_entropy(
    logits: Array, labels: Labels, smoothing: float = 0.0, count: int | None = None
) -> tuple[float, Array]:
    """Mean cross-entropy of p = softmax(z) against the targets y, and its gradient.

    With C = -sum of y log p, dC/dz = p - y, since dp[i]/dz[j] = p[i] (1{i = j} - p[j]) and the y sum to 1; therefore
    also C = log of sum of exp(z) - sum of y z.  (Bishop 2006, eq. 4.106, 4.109)
    """
    count = count or len(labels)
    y = targets(labels, logits, smoothing)
    z = logits - logits.max(axis=1, keepdims=True)  # so that exp cannot overflow
    p = np.exp(z)
    total = p.sum(axis=1, keepdims=True)
    cost = np.log(total).sum() - np.vdot(y, z)
    p /= total
    p -= y
    p /= count
    return float(cost) / count, p


def targets(labels: Labels, logits: Array, smoothing: float = 0.0) -> Array:
    """What a cost would like to see: 1 for the label and 0 for the rest, a share of it spread; like the logits."""
    c = logits.shape[1]
    of_each_class: Array = np.eye(c, dtype=logits.dtype) * (1 - smoothing)
    of_each_class += smoothing / c
    return np.take(of_each_class, labels, axis=0)


def log_softmax(logits: Array) -> Array:
    """log(exp(z) / sum(exp(z))) of each row; the row's maximum is taken out first, so that exp cannot overflow."""
    z = logits - logits.max(axis=1, keepdims=True)
    log_p: Array = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return log_p


def log_sigmoid(z: Array) -> Array:
    """log(1 / (1 + exp(-z))), right to the last digit also where sigmoid(z) would round to 0."""
    return -np.logaddexp(0, -z)


def scores(logits: Array, cost: str) -> Array:
    """Of which softmax makes the network's beliefs, by the cost that it was trained with.

    With cross-entropy they are the logits. With the quadratic cost the outputs are sigmoid(z); divided by their sum
    they are softmax(log sigmoid(z)).
    """
    return logits if cost == "cross-entropy" else log_sigmoid(logits)


def probabilities(logits: Array, cost: str, temperature: float = 1.0) -> Array:
    """What the network believes of each class: (n, c), rows sum to 1.

    The temperature divides the argument of softmax: above 1 the beliefs are less sharp.  (Guo et al. 2017, eq. 9)
    """
    return np.exp(log_softmax(scores(logits, cost) / temperature))


COSTS = {"quadratic": quadratic, "cross-entropy": cross_entropy}
