"""The loss of a network that is slid over pictures: of the positions with nothing, only the hardest count."""

import numpy as np

from pipeline.network.activations import Array
from pipeline.network.losses import Labels, LossFunction

PER_LABEL, PER_PICTURE = 3, 8  # positions with nothing that count


def at_positions(loss: LossFunction, logits: Array, labels: Labels, count: int) -> tuple[float, Array]:
    """Return a loss, summed over some positions of each picture and divided by `count` pictures, and its gradient.

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
