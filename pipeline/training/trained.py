"""A trained model, with the record of its training."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.data.ink import measure_ink
from pipeline.engine.threads import single_threaded_blas
from pipeline.model.model import Model
from pipeline.model.prediction import predict_logits
from pipeline.network.architecture import build_layers
from pipeline.network.network import view_parameters
from pipeline.scheduling.backends import SYNC, Backend
from pipeline.training.calibration import fit_temperature
from pipeline.training.data import TrainingData
from pipeline.training.ensemble import Progress, train_ensemble
from pipeline.training.history import Row, best_of
from pipeline.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class TrainedModel(Model):
    """A model with the history of its training. histories: all epochs of each network."""

    histories: Sequence[Sequence[Row]]

    @property
    def best_epochs(self) -> list[int]:
        """The selected epoch of each network."""
        return [best_of(history).number for history in self.histories]


def train(
    data: TrainingData,
    recipe: Recipe,
    checkpoints: Path | None = None,
    backend: Backend = SYNC,
    on_progress: Callable[[Progress], object] = lambda progress: None,
    report: Callable[[str], object] = lambda line: None,
) -> TrainedModel:
    """Train the network or the ensemble of a recipe; return the model, calibrated on the validation images.

    data: the result of `hold_out` for arrays, or of `load_data` for artifacts. checkpoints: folder for a checkpoint of
    each network; training resumes from checkpoints of the same recipe, with a result bit-identical to an uninterrupted
    run. Use another folder for other data. backend: backend for the networks of an ensemble, which by default are
    trained one after the other. on_progress: called during and after each epoch. report: called with lines about the
    workers. Raises UsageError if the layers do not fit the images, and TrainingError if training diverges.
    """
    shape = data.training.images.shape[1:]
    outputs = recipe.count_outputs(data.classes)
    layers = build_layers(recipe.layers, recipe.activation, shape, outputs)
    with nullcontext(checkpoints) if checkpoints else tempfile.TemporaryDirectory() as folder:
        trained = train_ensemble(recipe, data, Path(folder), backend, on_progress, report)
    model = TrainedModel(
        parameters=tuple(view_parameters(layers, network.flat) for network in trained),
        layers=recipe.layers,
        activation=recipe.activation,
        loss=recipe.loss,
        scaling=data.training.scaling,
        image_shape=shape,
        class_names=data.description.class_names,
        dataset=data.description.name,
        negative_class=outputs > data.classes,
        ink_statistics=measure_ink(data.pixels),
        histories=[network.history for network in trained],
    )
    labels = data.validation.labels
    with single_threaded_blas():  # so that the bits are those of evaluate
        logits = predict_logits(model, data.validation.images)
        return replace(
            model,
            temperature=fit_temperature(logits.T, labels, model.loss),
            validation_accuracy=float(np.mean(logits.argmax(axis=1) == labels)),
        )
