"""Checkpoints: an interrupted run resumes from its last one, with a bit-identical result."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from pipeline.engine.files import new_file
from pipeline.engine.float_arrays import Array
from pipeline.training.history import Epoch


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of a training run.

    state: the `arrays` of `TrainingState`, float32 (rows, total). best: the parameters of the best network so far,
    float32 (total,). history: all epochs so far. origin: a description of the recipe and the data, so that a run with
    another recipe or other data does not use the checkpoint.
    """

    state: Array
    best: Array
    history: Sequence[Epoch]
    origin: str


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint to `path` atomically: an earlier one stays until this one is complete."""
    history = np.array([astuple(epoch) for epoch in checkpoint.history], np.float64)
    with new_file(path) as file:
        np.savez(file, state=checkpoint.state, best=checkpoint.best, history=history, origin=checkpoint.origin)


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Load a checkpoint; return None if it is missing or damaged, which the checksums of the archive detect."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            if archive.zip.testzip():
                return None
            state, best, history, origin = (archive[name] for name in ("state", "best", "history", "origin"))
            epochs = [Epoch(int(number), *values) for number, *values in history.tolist()]
            return Checkpoint(state, best, epochs, str(origin)) if epochs and best.shape == state.shape[1:] else None
    except Exception:  # NumPy and zipfile raise many types for damaged bytes
        return None
