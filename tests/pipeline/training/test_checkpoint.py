import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from pipeline.network.activations import Array
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.history import Epoch


def example(dtype: type = np.float32) -> Checkpoint:
    state: Array = np.random.default_rng(0).normal(size=(3, 5)).astype(dtype)
    rows = [Epoch(1, 0.1 + 0.2, 0.9, 0.95, 1e-3, 2.5), Epoch(2, 0.2, 0.91, 0.96, 0, 2)]
    return Checkpoint(state, state[0] + 1, rows, "élan")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_load_round_trip_is_exact(dtype: type, tmp_path: Path) -> None:
    saved = example(dtype)
    save_checkpoint(tmp_path / "one.npz", saved)
    found = load_checkpoint(tmp_path / "one.npz")
    assert found is not None
    assert found.state.tobytes() == saved.state.tobytes()
    assert found.state.shape == saved.state.shape
    assert found.best.tobytes() == saved.best.tobytes()
    assert found.history == saved.history
    assert found.origin == saved.origin


def test_earlier_checkpoint_is_replaced_after_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.npz"
    save_checkpoint(path, example())
    earlier, synced = path.read_bytes(), []

    def fsync(descriptor: int) -> None:
        synced.append((path.read_bytes(), os.fstat(descriptor).st_size))

    monkeypatch.setattr(os, "fsync", fsync)
    save_checkpoint(path, example(np.float64))
    assert synced == [(earlier, path.stat().st_size)]


def test_missing_folder_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):  # an abandoned worker may write after its run has ended
        save_checkpoint(tmp_path / "missing" / "one.npz", example())
    assert not list(tmp_path.iterdir())


def test_missing_file_loads_as_none(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "one.npz") is None


def test_damaged_file_loads_as_none(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    save_checkpoint(path, example())
    whole = path.read_bytes()
    for length in range(0, len(whole), 70):
        path.write_bytes(whole[:length])
        assert load_checkpoint(path) is None
    state = whole.index(example().state.tobytes())
    path.write_bytes(whole[:state] + bytes([whole[state] ^ 1]) + whole[state + 1 :])
    assert load_checkpoint(path) is None
    path.write_bytes(b"not an archive")
    assert load_checkpoint(path) is None


class MakesFolder:
    """Creates a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_pickled_objects_are_not_executed(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    np.savez(path, state=np.zeros(3))
    assert load_checkpoint(path) is None
    folder = tmp_path / "folder"
    state = np.array([MakesFolder(folder)], object)
    np.savez(path, state=state, best=np.zeros(1), history=np.frombuffer(b"[]", np.uint8), origin=np.zeros(0, np.uint8))
    assert load_checkpoint(path) is None
    assert not folder.exists()


def test_header_with_huge_shape_loads_as_none(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    header_only = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**14,)}
    np.lib.format.write_array_header_1_0(header_only, header)
    save_checkpoint(path, example())
    with zipfile.ZipFile(path) as whole:
        files = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in {**files, "state.npy": header_only.getvalue()}.items():
            archive.writestr(name, body)
    assert load_checkpoint(path) is None


VALID: dict[str, Any] = {"number": 1, "loss": 0.1, "train_accuracy": 0.9, "validation_accuracy": 0.9}
VALID |= {"learning_rate": 0, "seconds": 1.5}


def write(path: Path, state: Any, best: Any, rows: Any) -> None:
    history = np.frombuffer(json.dumps(rows).encode(), np.uint8)
    np.savez(path, state=state, best=best, history=history, origin=np.zeros(0, np.uint8))


@pytest.mark.parametrize(
    ("state", "best", "rows"),
    [
        (np.zeros((2, 3)), np.zeros(4), [VALID]),
        (np.zeros(3), np.zeros(3), [VALID]),
        (np.zeros((2, 3)), np.zeros(3), []),
        (np.zeros((2, 3)), np.zeros(3), None),
        (np.zeros((2, 3)), np.zeros(3), [{**VALID, "loss": "0.1"}]),
        (np.zeros((2, 3)), np.zeros(3), [{"number": 1}]),
    ],
)
def test_invalid_arrays_or_rows_load_as_none(state: Any, best: Any, rows: Any, tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    write(path, np.zeros((2, 3)), np.zeros(3), [VALID])
    assert load_checkpoint(path) is not None
    write(path, state, best, rows)
    assert load_checkpoint(path) is None


def test_earlier_checkpoint_survives_a_failed_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.npz"
    save_checkpoint(path, example())

    def fail(file: IO[bytes], **arrays: object) -> None:
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(path, example(np.float64))
    found = load_checkpoint(path)
    assert found is not None
    assert found.state.dtype == np.float32
    assert [file.name for file in tmp_path.iterdir()] == ["one.npz"]
