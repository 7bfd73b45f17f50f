"""A confidence should be right as often as it says: of all answers that are 90 % sure, nine in ten.

Networks are surer, or with smoothed labels less sure, than they are good. One number mends most of it: the temperature,
by which the scores are divided before softmax makes probabilities of them. It changes no answer.  (Guo et al. 2017)
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.network.activations import Array
from pipeline.network.losses import Labels, cross_entropy, scores
from pipeline.network.model import Model
from pipeline.network.prediction import predict_logits

COLDEST, HOTTEST = 0.05, 20.0
HALVINGS = 50


def calibrate(model: Model, images: NDArray[np.float32], labels: Labels) -> Model:
    """The model with the temperature that fits its beliefs to images, (n, h, w), from which it has not learned."""
    return replace(model, temperature=fit_temperature(predict_logits(model, images), labels, model.cost))


def fit_temperature(logits: Array, labels: Labels, cost: str) -> float:
    """The temperature of least cross-entropy on images that the network has not learned from.

    logits: (n, c). labels: (n,). cost: the one that the network was trained with. With b = 1 / temperature and scores z
    the derivative of the cross-entropy C(b z) by b is the sum of dC/dz * z, which grows with b, as C is convex: it is
    0 where bisection finds it. To the n labels comes one that is spread over all classes, as if another image had come
    which nobody can read; else a network without a single error would be told to be certain of everything.
    """
    z = scores(logits.astype(np.float64), cost)
    low, high = np.log(1 / HOTTEST), np.log(1 / COLDEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        _, gradient = cross_entropy(np.exp(middle) * z, labels, smoothing=1 / (len(labels) + 1))
        if np.vdot(gradient, z) < 0:
            low = middle
        else:
            high = middle
    return float(np.exp(-(low + high) / 2))
