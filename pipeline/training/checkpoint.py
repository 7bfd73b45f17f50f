"""A checkpoint is what a run that was cut off goes on from, to the same end."""

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

from pipeline.engine.documents import build
from pipeline.engine.errors import naming
from pipeline.network.activations import Array
from pipeline.training.history import Row, is_history


@dataclass(frozen=True)
class Checkpoint:
    """state: what the next epoch stands on, as an Epoch has it. best: the numbers of the best network so far, (total,).

    history: the epochs until now.
    """

    state: Array
    best: Array
    history: Sequence[Row]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write it to `path`, in place of an earlier one, which stays until this one is whole.

    A full disk is an OSError that names the file; so is a folder that is no longer there, which is not made again.
    """
    history = json.dumps([asdict(row) for row in checkpoint.history]).encode()
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # where a worker that was given up may still write
    try:
        with naming(path), open(fresh, "wb") as file:
            np.savez(file, state=checkpoint.state, best=checkpoint.best, history=np.frombuffer(history, np.uint8))
            file.flush()
            os.fsync(file.fileno())  # otherwise a power failure can leave an incomplete file under this name
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> Checkpoint | None:
    """What `save_checkpoint` wrote, or None if there is none or it is damaged.

    The archive holds a checksum of all that is in it, and reading compares.
    """
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            state, best, history = (_read_array(archive, name) for name in ("state", "best", "history"))
            checkpoint = Checkpoint(state, best, list(build(tuple[Row, ...], json.loads(history.tobytes()))))
            return checkpoint if _is_sound(checkpoint) else None
    except Exception:  # NumPy and zipfile raise a dozen kinds for damaged bytes
        return None


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """One of the arrays that np.savez has put into an archive. Raises an Exception of whatever kind."""
    with archive.open(f"{name}.npy") as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
        if member.read(1):  # at its end, and not before, the checksum is compared
            raise ValueError("bytes follow after its data")
    return array


def _is_sound(checkpoint: Checkpoint) -> bool:
    state, best, history = checkpoint.state, checkpoint.best, checkpoint.history
    return (
        state.dtype == best.dtype
        and best.dtype in (np.float32, np.float64)
        and best.shape == state.shape[1:] == (best.size,)
        and bool(np.isfinite(state).all() and np.isfinite(best).all())
        and [row.number for row in history] == list(range(1, 1 + max(1, len(history))))
        and is_history(history)
    )
