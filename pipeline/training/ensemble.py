"""Several networks that learn from the same images, one after another or at the same time, to the same bits."""

import functools
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
from pipeline.scheduling.jobs import Job, Tell
from pipeline.scheduling.run import run_job
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.examples import Examples, load_examples
from pipeline.training.fit import fit
from pipeline.training.history import Row, best_of
from pipeline.training.recipes import Recipe, network_recipes

OFTEN = 0.2  # seconds between two messages about batches
RUN = ".run"  # the file, beside the checkpoints, with the name of the run that may write them


@dataclass(frozen=True)
class TrainedNetwork:
    """flat: all parameters after the best epoch, (total,). history: all epochs, from 1."""

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
    """Train a network by the recipe, from the file `checkpoint` on if it exists; write it after each epoch.

    `on_epoch` is called with (row, False) after each epoch, also number 0, and first of all with (row, True) for the
    last epoch of the checkpoint. Raises TrainingError.
    """
    found = load_checkpoint(checkpoint)
    history = list(found.history) if found else []
    if found:
        best, after = found.best, (history[-1].number, found.state)
        on_epoch(history[-1], True)
    for epoch in fit(recipe, training, validation, classes, on_batch, after if found else None):
        row = Row(**{field.name: getattr(epoch, field.name) for field in fields(Row)})
        if row.number > 0:
            history.append(row)
            if best_of(history) is row:
                best = epoch.parameters.flat.copy()
            save_checkpoint(checkpoint, Checkpoint(epoch.state, best, history))
        on_epoch(row, False)
    return TrainedNetwork(best, history)


@dataclass(frozen=True)
class Run:
    """What all networks share. name: of this run, unique."""

    normalize: Path
    classes: int
    checkpoints: Path
    name: str


@dataclass(frozen=True)
class Progress:
    """What a network, numbered from 1, tells while it learns; travels in plain values.

    batches: those that are done since it last told. row: of an epoch that is done. resumed: if it goes on after that.
    """

    network: int
    batches: int = 0
    row: Row | None = None
    resumed: bool = False


def train_ensemble(
    recipe: Recipe,
    normalize: Path,
    classes: int,
    checkpoints: Path,
    backend: Backend = SYNC,
    on_progress: Callable[[Progress], object] = lambda progress: None,
    report: Callable[[str], object] = lambda line: None,
) -> list[TrainedNetwork]:
    """Train the recipe's networks on the standardised arrays in a folder, each with a file in `checkpoints`.

    At a place with several workers they learn at the same time; if these are on other machines, they must see both
    folders. Raises what `train_network` and `run_job` raise.
    """
    checkpoints.mkdir(exist_ok=True)
    run = Run(normalize.absolute(), classes, checkpoints.absolute(), uuid.uuid4().hex)
    (checkpoints / RUN).write_text(run.name)
    trained: dict[int, TrainedNetwork] = {}
    tasks = list(enumerate(network_recipes(recipe), start=1))
    try:
        run_job(
            Job(_train, run, tasks, trained.__setitem__, lambda progress: on_progress(_unpack(progress)), report),
            backend,
        )
    finally:
        if _is_current(run):
            # else workers of a cluster would learn on, for hours perhaps, for nobody
            (checkpoints / RUN).unlink(missing_ok=True)
    return [trained[number] for number in sorted(trained)]


def _train(run: Run, task: tuple[int, Recipe], tell: Tell) -> TrainedNetwork:
    """One task: a network learns."""
    number, recipe = task
    for folder in (run.normalize, run.checkpoints):
        if not folder.is_dir():
            raise FileNotFoundError(2, os.strerror(2), str(folder))
    training, validation = _load_once(run.normalize, run.name)
    batches, told = 0, time.monotonic()

    def send_progress(row: Row | None = None, resumed: bool = False) -> None:
        nonlocal batches, told
        tell(asdict(Progress(number, batches, row, resumed)))
        batches, told = 0, time.monotonic()

    def on_batch() -> None:
        nonlocal batches
        batches += 1
        if time.monotonic() > told + OFTEN:
            send_progress()

    def on_epoch(row: Row, resumed: bool) -> None:
        send_progress(row, resumed)
        if not _is_current(run):
            raise PipelineError("another run goes on with this training, or nobody waits for it any more")

    file = run.checkpoints / f"network-{number}.npz"
    return train_network(recipe, training, validation, run.classes, file, on_batch, on_epoch)


def _is_current(run: Run) -> bool:
    """Whether this run is still the one that may write the checkpoints."""
    try:
        return (run.checkpoints / RUN).read_text() == run.name
    except FileNotFoundError:
        return False


def _unpack(progress: dict[str, Any]) -> Progress:
    return Progress(**{**progress, "row": progress["row"] and Row(**progress["row"])})


@functools.lru_cache(maxsize=1)
def _load_once(normalize: Path, run: str) -> tuple[Examples, Examples]:
    """The examples, which a worker reads once in a run."""
    return load_examples(normalize)
