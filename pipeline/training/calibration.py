"""Calibration: of all predictions with a confidence of 90 %, nine in ten should be correct.

Networks are more confident than they are accurate, or less so with smoothed labels. One number corrects most of it: the
temperature, which divides the logits before softmax. It changes no prediction.  (Guo et al. 2017)
"""

import numpy as np

from pipeline.network.activations import Array
from pipeline.network.losses import Labels, cross_entropy, scores

COLDEST, HOTTEST = 0.05, 20.0
HALVINGS = 50


def fit_temperature(logits: Array, labels: Labels, loss: str) -> float:
    """The temperature of least cross-entropy on images that the network has not been trained on.

    logits: (classes, n). labels: (n,). loss: the loss that the network was trained with. With b = 1 / temperature and
    scores z the derivative of the cross-entropy C(b z) by b is the sum of dC/dz * z. It grows with b, as C is convex,
    so bisection finds its zero. The labels are smoothed by 1 / (n + 1), as if there were one more image without a right
    answer: otherwise a network without a single error would get the smallest temperature.
    """
    z = scores(logits.astype(np.float64), loss)
    low, high = np.log(1 / HOTTEST), np.log(1 / COLDEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        _, gradient = cross_entropy(np.exp(middle) * z, labels, label_smoothing=1 / (len(labels) + 1))
        if np.vdot(gradient, z) < 0:
            low = middle
        else:
            high = middle
    return float(np.exp(-(low + high) / 2))
