"""Train the networks of an ensemble, sequentially or in parallel, with bit-identical results."""

import os
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pipeline.engine.errors import PipelineError
from pipeline.network.activations import Array
from pipeline.scheduling.backends import SYNC, Backend
from pipeline.scheduling.jobs import Job, Send
from pipeline.scheduling.run import run_job
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.data import Examples, TrainingData, add_drawn, load_data
from pipeline.training.fit import fit
from pipeline.training.history import Row, best_of
from pipeline.training.recipe import Recipe, network_recipes

REPORT_INTERVAL = 0.2  # seconds between progress messages within an epoch
RUN_FILE = ".run"  # in the folder of the checkpoints: name of the run that may write them


@dataclass(frozen=True)
class TrainedNetwork:
    """The result of training. flat: all parameters after the best epoch, (total,). history: all epochs from 1."""

    flat: Array
    history: Sequence[Row]

    @property
    def best(self) -> Row:
        """The selected epoch."""
        return best_of(self.history)


def train_network(
    recipe: Recipe,
    training: Examples,
    validation: Examples,
    classes: int,
    checkpoint: Path,
    on_batch: Callable[[], object] = lambda: None,
    on_epoch: Callable[[Row, bool], object] = lambda row, resumed: None,
) -> TrainedNetwork:
    """Train one network; resume from the file `checkpoint` if it is of this recipe, and write it after each epoch.

    on_epoch: called with (row, False) after each epoch, including number 0. If training resumes, it is first called
    with (row, True) for the last epoch of the checkpoint. Raises TrainingError.
    """
    origin = describe_origin(recipe, training)
    found = load_checkpoint(checkpoint)
    found = found if found and found.origin == origin else None
    history = list(found.history) if found else []
    if found:
        best, resume_from = found.best, (history[-1].number, found.state)
        on_epoch(history[-1], True)
    for epoch in fit(recipe, training, validation, classes, on_batch, resume_from if found else None):
        row = Row(**{field.name: getattr(epoch, field.name) for field in fields(Row)})
        if row.number > 0:
            history.append(row)
            if best_of(history) is row:
                best = epoch.parameters.flat.copy()
            save_checkpoint(checkpoint, Checkpoint(epoch.state, best, history, origin))
        on_epoch(row, False)
    return TrainedNetwork(best, history)


def describe_origin(recipe: Recipe, training: Examples) -> str:
    """Return the `origin` of a checkpoint."""
    return repr((recipe, training.images.shape, len(training), training.scaling))


@dataclass(frozen=True, eq=False)
class Run:
    """Arguments that all networks of a run share. name: unique. data: None if the workers load it from `folders`."""

    name: str
    checkpoints: Path
    folders: tuple[Path, ...]
    data: TrainingData | None


@dataclass(frozen=True)
class Progress:
    """A progress message of a network, numbered from 1; sent as a dict.

    batches: finished since the last message. row: of a finished epoch. resumed: training resumes after this epoch.
    """

    network: int
    batches: int = 0
    row: Row | None = None
    resumed: bool = False


def train_ensemble(
    recipe: Recipe,
    data: TrainingData,
    checkpoints: Path,
    backend: Backend = SYNC,
    on_progress: Callable[[Progress], object] = lambda progress: None,
    report: Callable[[str], object] = lambda line: None,
) -> list[TrainedNetwork]:
    """Train the networks of a recipe, each with a file in `checkpoints`.

    Workers on other machines must see this folder and those of the data. Raises what `train_network` and `run_job`
    raise.
    """
    checkpoints.mkdir(parents=True, exist_ok=True)
    folders = tuple(folder.absolute() for folder in data.folders)
    run = Run(uuid.uuid4().hex, checkpoints.absolute(), folders, None if folders else data)
    (checkpoints / RUN_FILE).write_text(run.name)
    trained: dict[int, TrainedNetwork] = {}
    tasks = list(enumerate(network_recipes(recipe), start=1))
    try:
        run_job(
            Job(_train, run, tasks, trained.__setitem__, lambda progress: on_progress(_unpack(progress)), report),
            backend,
        )
    finally:
        if _is_current(run):
            (checkpoints / RUN_FILE).unlink(missing_ok=True)  # workers that still run stop after their epoch
    return [trained[number] for number in sorted(trained)]


def _train(run: Run, task: tuple[int, Recipe], send: Send) -> TrainedNetwork:
    number, recipe = task
    for folder in (*run.folders, run.checkpoints):
        if not folder.is_dir():
            raise FileNotFoundError(2, os.strerror(2), str(folder))
    data = run.data or load_data(*run.folders)
    training = add_drawn(data, recipe)
    batches, last_sent = 0, time.monotonic()

    def send_progress(row: Row | None = None, resumed: bool = False) -> None:
        nonlocal batches, last_sent
        send(asdict(Progress(number, batches, row, resumed)))
        batches, last_sent = 0, time.monotonic()

    def on_batch() -> None:
        nonlocal batches
        batches += 1
        if time.monotonic() > last_sent + REPORT_INTERVAL:
            send_progress()

    def on_epoch(row: Row, resumed: bool) -> None:
        send_progress(row, resumed)
        if not _is_current(run):
            raise PipelineError("training stopped: another run continues it, or the run that started it has ended")

    file = run.checkpoints / f"network-{number}.npz"
    return train_network(recipe, training, data.validation, data.classes, file, on_batch, on_epoch)


def _is_current(run: Run) -> bool:
    """Return whether this run may still write the checkpoints."""
    try:
        return (run.checkpoints / RUN_FILE).read_text() == run.name
    except FileNotFoundError:
        return False


def _unpack(progress: dict[str, Any]) -> Progress:
    return Progress(**{**progress, "row": progress["row"] and Row(**progress["row"])})
