"""A cost says how wrong a batch of outputs is, and which way is better.

Both costs take the logits z of the last layer, (n, c), and the labels, (n,) integers in [0, c). They give the
mean cost of the batch and its gradient by the logits, (n, c), in the dtype of the logits. Each has its own way
to turn logits into outputs: the sigmoid of each for the quadratic cost, softmax for cross-entropy.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.network.activations import Array, sigmoid

Labels = NDArray[np.integer[Any]]


def quadratic(logits: Array, labels: Labels) -> tuple[float, Array]:
    """Mean of |a - y|^2 / 2 with a = sigmoid(z) and y = onehot(labels), and its gradient.

    By the chain rule dC/dz = (a - y) a (1 - a): the last two factors are why an output that is confidently
    wrong learns slowly under this cost.  (Nielsen 2015, chapter 3)
    """
    a = sigmoid(logits)
    error = a.copy()
    error[np.arange(len(labels)), labels] -= 1
    cost = np.sum(error**2) / (2 * len(labels))
    return float(cost), error * a * (1 - a) / len(labels)


def cross_entropy(logits: Array, labels: Labels) -> tuple[float, Array]:
    """Mean cross-entropy of softmax(z) against the labels, and its gradient.

    With p = softmax(z) and C = -log p[y], dC/dz = p - onehot(y), since
    dp[i]/dz[j] = p[i] (1{i = j} - p[j]).  (Bishop 2006, eq. 4.106, 4.109)
    """
    rows = np.arange(len(labels))
    log_p = log_softmax(logits)
    gradient = np.exp(log_p)
    gradient[rows, labels] -= 1
    return float(-np.mean(log_p[rows, labels])), gradient / len(labels)


def log_softmax(logits: Array) -> Array:
    """log(exp(z) / sum(exp(z))) of each row; the row's maximum is taken out first, so that exp cannot overflow."""
    z = logits - logits.max(axis=1, keepdims=True)
    log_p: Array = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return log_p


def log_sigmoid(z: Array) -> Array:
    """log(1 / (1 + exp(-z))), right to the last digit also where sigmoid(z) would round to 0."""
    return -np.logaddexp(0, -z)


def probabilities(logits: Array, cost: str, temperature: float = 1.0) -> Array:
    """What the network believes of each class: (n, c), rows sum to 1.

    A network trained with cross-entropy says softmax(z). One trained with the quadratic cost says
    sigmoid(z), divided by the row's sum, which is softmax(log sigmoid(z)). The temperature divides the
    argument of softmax: above 1 the beliefs are less sharp.  (Guo et al. 2017, eq. 9)
    """
    scores = logits if cost == "cross-entropy" else log_sigmoid(logits)
    return np.exp(log_softmax(scores / temperature))


COSTS = {"quadratic": quadratic, "cross-entropy": cross_entropy}
