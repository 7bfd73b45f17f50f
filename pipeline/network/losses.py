"""Losses: the mean loss of a batch, and its gradient with respect to the logits.

Both losses take logits z (classes, n) and integer labels (n,) in [0, classes). The gradient has the shape and dtype of
the logits. `count` is the size of the whole batch if the n images are only a part of it: then the losses and gradients
of the parts add up to those of the batch. `label_smoothing` is the fraction of each label that is spread evenly over
all classes (Szegedy et al. 2016, section 7).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array
from pipeline.network.activations import sigmoid

Labels = NDArray[np.integer[Any]]
# logits, labels, number of images in the whole batch -> loss, dL/dz
LossFunction = Callable[[Array, Labels, int], tuple[float, Array]]


@dataclass(frozen=True)
class Loss:
    """A loss, with everything that the project needs to know about it but its JavaScript (`SCORES` in `network.js`).

    name: its name in the option `--loss` and in model files. function: computes the mean loss and its gradient from
    logits, labels, `count` and `label_smoothing`. scores: returns what softmax takes to give probabilities, from the
    logits. has_linear_logits: whether the scores are the logits themselves: then the last layer can be divided by the
    temperature. onnx: the nodes that compute the scores from the logits, each a name and an ONNX operator. torch: an
    expression that does so in PyTorch, in which `nn` is torch.nn; "" if the scores are the logits.
    """

    name: str
    function: Callable[..., tuple[float, Array]]
    scores: Callable[[Array], Array]
    has_linear_logits: bool
    onnx: tuple[tuple[str, str], ...]
    torch: str


def mean_squared_error(
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


@np.errstate(over="ignore", invalid="ignore")  # logits that are too large give NaN
def log_softmax(logits: Array) -> Array:
    """Return log(exp(z) / sum(exp(z))) in the shape of the logits, with the sum over the first axis."""
    z = logits - logits.max(axis=0)  # so that exp cannot overflow
    log_p: Array = z - np.log(np.exp(z).sum(axis=0))
    return log_p


def log_sigmoid(logits: Array) -> Array:
    """Return log sigmoid(z), in the shape of the logits, accurate even where sigmoid(z) rounds to 0.

    These are the scores of a network that was trained with the mean squared error: its outputs are sigmoid(z), and
    divided by their sum, they are softmax(log sigmoid(z)).
    """
    return np.asarray(-np.logaddexp(0, -logits))


def probabilities(logits: Array, loss: Loss, temperature: float = 1.0) -> Array:
    """Return the probabilities (classes, n), of which each column sums to 1.

    The temperature divides the argument of softmax, so above 1 the probabilities are closer to uniform. (Guo et al.
    2017, eq. 9)
    """
    return np.exp(log_softmax(loss.scores(logits) / temperature))


LOSSES = {
    each.name: each
    for each in (
        Loss(
            name="mean-squared-error",
            function=mean_squared_error,
            scores=log_sigmoid,
            has_linear_logits=False,
            onnx=(("negative", "Neg"), ("softplus", "Softplus"), ("log-sigmoid", "Neg")),
            torch="nn.functional.logsigmoid(logits)",
        ),
        Loss(
            name="cross-entropy",
            function=cross_entropy,
            scores=lambda logits: logits,
            has_linear_logits=True,
            onnx=(),
            torch="",
        ),
    )
}
