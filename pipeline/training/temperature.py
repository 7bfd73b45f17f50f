"""Temperature scaling: of all predictions with a confidence of 90%, nine in ten should be correct.

Most networks are overconfident, or underconfident if trained with label smoothing. Dividing the logits by a temperature
corrects most of this. It changes no predicted class.  (Guo et al. 2017)
"""

import numpy as np

from pipeline.network.activations import Array
from pipeline.network.losses import Labels, Loss, cross_entropy

LOWEST, HIGHEST = 0.05, 20.0
BISECTIONS = 50


def fit_temperature(logits: Array, labels: Labels, loss: Loss) -> float:
    """Return the temperature that minimises the cross-entropy on images that the network was not trained on.

    logits: (classes, n). labels: (n,). loss: the loss that the network was trained with. With b = 1 / temperature and
    scores z, the derivative of the cross-entropy L(b z) with respect to b is the sum of dL/dz * z. Because L is convex,
    this derivative increases with b, so bisection finds its zero. The labels are smoothed by 1 / (n + 1), as if one
    image in n + 1 had no correct class; otherwise a network without errors would get the lowest temperature.
    """
    z = loss.scores(logits.astype(np.float64))
    low, high = np.log(1 / HIGHEST), np.log(1 / LOWEST)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        _, gradient = cross_entropy(np.exp(middle) * z, labels, label_smoothing=1 / (len(labels) + 1))
        if np.vdot(gradient, z) < 0:
            low = middle
        else:
            high = middle
    return float(np.exp(-(low + high) / 2))
