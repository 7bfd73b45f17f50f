"""Checkpoints: an interrupted run resumes from its last one, with a bit-identical result."""

import json
import os
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.documents import convert
from pipeline.network.activations import Array
from pipeline.training.history import Epoch


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of a training run.

    state: the `arrays` of `TrainingState`. best: the parameters of the best network so far, (total,). history: all
    epochs so far. origin: describes recipe and data, so that a checkpoint of others is not used.
    """

    state: Array
    best: Array
    history: Sequence[Epoch]
    origin: str = ""


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint to `path` atomically: an earlier one stays until this one is complete."""
    history = json.dumps([asdict(epoch) for epoch in checkpoint.history]).encode()
    origin = checkpoint.origin.encode()
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # unique: an abandoned worker may still write
    try:
        with open(temporary, "wb") as file:
            texts = [np.frombuffer(text, np.uint8) for text in (history, origin)]
            np.savez(file, state=checkpoint.state, best=checkpoint.best, history=texts[0], origin=texts[1])
            file.flush()
            os.fsync(file.fileno())  # otherwise a power failure can leave an incomplete file under this name
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Load a checkpoint; return None if it is missing or damaged, which the checksums of the archive detect."""
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            names = ("state", "best", "history", "origin")
            state, best, history, origin = (_read_array(archive, name) for name in names)
            rows = convert(json.loads(history.tobytes()), list[Epoch])  # with NaN, which is not JSON
            checkpoint = Checkpoint(state, best, rows, origin.tobytes().decode())
            return checkpoint if checkpoint.history and best.shape == state.shape[1:] else None
    except Exception:  # NumPy and zipfile raise many types for damaged bytes
        return None


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """Read an array that np.savez wrote. Raises exceptions of any type."""
    with archive.open(f"{name}.npy") as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):  # zipfile verifies the checksum only at the end of the file
            raise ValueError("extra bytes after the array")
    return array
