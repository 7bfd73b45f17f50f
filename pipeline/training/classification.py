"""Train the networks of a recipe on images, one after the other, and return them as a calibrated model.

Calibration is temperature scaling: of all predictions with a confidence of 90%, nine in ten should be correct. Most
networks are overconfident, or underconfident if trained with label smoothing. Dividing the logits by a temperature
corrects most of this. It changes no predicted class. (Guo et al. 2017)
"""

import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.data.split import Split
from pipeline.engine.threads import single_threaded_blas
from pipeline.model.model import Classifier
from pipeline.model.prediction import predict_logits
from pipeline.network.activations import Array
from pipeline.network.losses import Labels, cross_entropy, scores
from pipeline.pictures.ink import measure_ink
from pipeline.training.epochs import Trained, TrainingProgress, train_networks
from pipeline.training.recipe import Recipe
from pipeline.training.training_data import Examples, add_drawn

LOWEST, HIGHEST = 0.05, 20.0  # temperatures
BISECTIONS = 50


def train(
    data: Split,
    recipe: Recipe,
    checkpoints: Path | None = None,
    on_progress: Callable[[TrainingProgress], object] = lambda progress: None,
) -> Trained[Classifier]:
    """Train the network or the ensemble of a recipe; return the model, calibrated on the validation images.

    The result also has the history of each network.

    data: from `hold_out` for arrays, from `load_split` for an artifact of `normalize`. checkpoints: folder for a
    checkpoint of each network; training resumes from checkpoints of the same recipe, with a result bit-identical to an
    uninterrupted run. Use another folder for other data. on_progress: called during and after each epoch. Raises
    UsageError if the layers do not fit the images, TrainingError if training diverges.
    """
    with nullcontext(checkpoints) if checkpoints else tempfile.TemporaryDirectory() as folder:
        validation = Examples(data.validation.images, data.validation.labels)
        make = partial(
            Classifier, negative_class=recipe.negatives > 0, ink_statistics=measure_ink(data.training.pixels)
        )
        trained = train_networks(
            recipe, (add_drawn(data, recipe), validation), data.description, Path(folder), on_progress, make
        )
    model, labels = trained.model, data.validation.labels
    with single_threaded_blas():  # so that the bits are those of evaluate
        logits = predict_logits(model, data.validation.images)
        calibrated = replace(
            model,
            temperature=fit_temperature(logits.T, labels, model.loss),
            validation_accuracy=float(np.mean(logits.argmax(axis=1) == labels)),
        )
    return replace(trained, model=calibrated)


def fit_temperature(logits: Array, labels: Labels, loss: str) -> float:
    """Return the temperature that minimises the cross-entropy on images that the network was not trained on.

    logits: (classes, n). labels: (n,). loss: the loss that the network was trained with. With b = 1 / temperature and
    scores z, the derivative of the cross-entropy L(b z) with respect to b is the sum of dL/dz * z. Because L is convex,
    this derivative increases with b, so bisection finds its zero. The labels are smoothed by 1 / (n + 1), as if one
    image in n + 1 had no correct class; otherwise a network without errors would get the lowest temperature.
    """
    z = scores(logits.astype(np.float64), loss)
    low, high = np.log(1 / HIGHEST), np.log(1 / LOWEST)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        _, gradient = cross_entropy(np.exp(middle) * z, labels, label_smoothing=1 / (len(labels) + 1))
        if np.vdot(gradient, z) < 0:
            low = middle
        else:
            high = middle
    return float(np.exp(-(low + high) / 2))
