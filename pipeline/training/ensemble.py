"""Train the networks of a recipe, one after the other, and return them as a calibrated model."""

import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.engine.threads import single_threaded_blas
from pipeline.model.model import Classifier
from pipeline.model.prediction import predict_logits
from pipeline.network.losses import LOSSES
from pipeline.pictures.ink import measure_ink
from pipeline.training.epochs import Trained, TrainingProgress, train_networks
from pipeline.training.recipe import Recipe
from pipeline.training.temperature import fit_temperature
from pipeline.training.training_data import TrainingData, add_drawn


def train(
    data: TrainingData,
    recipe: Recipe,
    checkpoints: Path | None = None,
    on_progress: Callable[[TrainingProgress], object] = lambda progress: None,
) -> Trained[Classifier]:
    """Train the network or the ensemble of a recipe; return the model, calibrated on the validation images.

    The result also has the history of each network.

    data: the result of `hold_out` for arrays, or of `load_data` for artifacts. checkpoints: folder for a checkpoint of
    each network; training resumes from checkpoints of the same recipe, with a result bit-identical to an uninterrupted
    run. Use another folder for other data. on_progress: called during and after each epoch. Raises UsageError if the
    layers do not fit the images, TrainingError if training diverges.
    """
    with nullcontext(checkpoints) if checkpoints else tempfile.TemporaryDirectory() as folder:
        examples = add_drawn(data, recipe), data.validation
        make = partial(Classifier, negative_class=recipe.negatives > 0, ink_statistics=measure_ink(data.pixels))
        trained = train_networks(recipe, examples, data.description, Path(folder), on_progress, make)
    model, labels = trained.model, data.validation.labels
    with single_threaded_blas():  # so that the bits are those of evaluate
        logits = predict_logits(model, data.validation.images)
        calibrated = replace(
            model,
            temperature=fit_temperature(logits.T, labels, LOSSES[model.loss]),
            validation_accuracy=float(np.mean(logits.argmax(axis=1) == labels)),
        )
    return replace(trained, model=calibrated)
