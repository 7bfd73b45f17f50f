"""A checkpoint is what a run that was cut off goes on from, to the same end."""

import json
import uuid
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipeline.engine.errors import naming
from pipeline.network.activations import Array
from pipeline.network.history import Row


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

    A full disk is an OSError that names the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    history = json.dumps([asdict(row) for row in checkpoint.history]).encode()
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # where a worker that was given up may still write
    try:
        with naming(path), open(fresh, "wb") as file:
            np.savez(file, state=checkpoint.state, best=checkpoint.best, history=np.frombuffer(history, np.uint8))
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> Checkpoint | None:
    """What `save_checkpoint` wrote, or None if there is none or it is damaged.

    The archive holds a checksum of all that is in it, and reading compares.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            history = [Row(**row) for row in json.loads(archive["history"].tobytes())]
            return Checkpoint(archive["state"], archive["best"], history)
    except (OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, zlib.error, zipfile.BadZipFile):
        return None  # RuntimeError: of an archive that claims to be encrypted, or compressed in a strange way
