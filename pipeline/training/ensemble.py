"""Train the networks of a recipe, sequentially or in parallel, with bit-identical results; return them as a model."""

import os
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.data.ink import measure_ink
from pipeline.engine.documents import convert
from pipeline.engine.errors import PipelineError
from pipeline.engine.threads import single_threaded_blas
from pipeline.model.model import Model
from pipeline.model.prediction import predict_logits
from pipeline.network.architecture import build_layers
from pipeline.network.network import view_parameters
from pipeline.scheduling.backends import SYNC, Backend
from pipeline.scheduling.jobs import Job, Send
from pipeline.scheduling.run import run_job
from pipeline.training.epochs import TrainedNetwork, TrainingProgress, train_network
from pipeline.training.history import Epoch, best_of
from pipeline.training.recipe import Recipe, network_recipes
from pipeline.training.temperature import fit_temperature
from pipeline.training.training_data import TrainingData, add_drawn, load_data

REPORT_INTERVAL = 0.2  # seconds between progress messages within an epoch
RUN_FILE = ".run"  # in the folder of the checkpoints: name of the run that may write them

# Name of the run, folder of its checkpoints, folders of the data, and data without folders.
Shared = tuple[str, Path, tuple[Path, ...], TrainingData | None]


@dataclass(frozen=True, kw_only=True)
class TrainedModel(Model):
    """A model with the history of its training. histories: all epochs of each network."""

    histories: Sequence[Sequence[Epoch]]

    @property
    def best_epochs(self) -> list[int]:
        """The selected epoch of each network."""
        return [best_of(history).number for history in self.histories]


def train(
    data: TrainingData,
    recipe: Recipe,
    checkpoints: Path | None = None,
    backend: Backend = SYNC,
    on_progress: Callable[[TrainingProgress], object] = lambda progress: None,
    report: Callable[[str], object] = lambda line: None,
) -> TrainedModel:
    """Train the network or the ensemble of a recipe; return the model, calibrated on the validation images.

    data: the result of `hold_out` for arrays, or of `load_data` for artifacts. checkpoints: folder for a checkpoint of
    each network; training resumes from checkpoints of the same recipe, with a result bit-identical to an uninterrupted
    run. Use another folder for other data. backend: backend for the networks of an ensemble, which by default are
    trained one after the other; workers on other machines must see the folders of the checkpoints and of the data.
    on_progress: called during and after each epoch. report: called with lines about the workers. Raises UsageError if
    the layers do not fit the images, TrainingError if training diverges, and what `run_job` raises.
    """
    shape = data.training.image_shape
    outputs = recipe.count_outputs(data.classes)
    layers = build_layers(recipe.layers, recipe.activation, shape, outputs)
    with nullcontext(checkpoints) if checkpoints else tempfile.TemporaryDirectory() as folder:
        trained = train_networks(recipe, data, Path(folder), backend, on_progress, report)
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


def train_networks(
    recipe: Recipe,
    data: TrainingData,
    checkpoints: Path,
    backend: Backend,
    on_progress: Callable[[TrainingProgress], object],
    report: Callable[[str], object],
) -> list[TrainedNetwork]:
    """Train the networks of a recipe, each with a file in `checkpoints`; see `train`."""
    checkpoints.mkdir(parents=True, exist_ok=True)
    run, folders = uuid.uuid4().hex, tuple(folder.absolute() for folder in data.folders)
    shared: Shared = run, checkpoints.absolute(), folders, None if folders else data
    (checkpoints / RUN_FILE).write_text(run)
    trained: dict[int, TrainedNetwork] = {}
    tasks = list(enumerate(network_recipes(recipe), start=1))

    def on_message(message: object) -> None:
        on_progress(convert(message, TrainingProgress))

    try:
        run_job(Job(_train_network, shared, tasks, trained.__setitem__, on_message, report), backend)
    finally:
        if _is_current(run, checkpoints):
            (checkpoints / RUN_FILE).unlink(missing_ok=True)  # workers that still run stop after their epoch
    return [trained[number] for number in sorted(trained)]


def _train_network(shared: Shared, task: tuple[int, Recipe], send: Send) -> TrainedNetwork:
    (run, checkpoints, folders, given), (number, recipe) = shared, task
    for folder in (*folders, checkpoints):
        if not folder.is_dir():
            raise FileNotFoundError(2, os.strerror(2), str(folder))
    data = given or load_data(*folders)
    batches, last_sent = 0, time.monotonic()

    def on_progress(progress: TrainingProgress) -> None:
        nonlocal batches, last_sent
        batches += progress.batches
        if progress.epoch or time.monotonic() > last_sent + REPORT_INTERVAL:
            send(asdict(replace(progress, batches=batches, network=number)))
            batches, last_sent = 0, time.monotonic()
        if progress.epoch and not _is_current(run, checkpoints):
            raise PipelineError("training stopped: another run continues it, or the run that started it has ended")

    file = checkpoints / f"network-{number}.npz"
    return train_network(recipe, add_drawn(data, recipe), data.validation, data.classes, file, on_progress)


def _is_current(run: str, checkpoints: Path) -> bool:
    """Return whether this run may still write the checkpoints."""
    try:
        return (checkpoints / RUN_FILE).read_text() == run
    except FileNotFoundError:
        return False
