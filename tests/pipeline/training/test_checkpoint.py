import errno
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
from pipeline.training.history import Row


def example(dtype: type = np.float32) -> Checkpoint:
    numbers: Array = np.random.default_rng(0).normal(size=(3, 5)).astype(dtype)
    return Checkpoint(numbers, numbers[0] + 1, [Row(1, 0.1 + 0.2, 0.9, 0.95, 1e-3, 2.5), Row(2, 0.2, 0.91, 0.96, 0, 2)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_was_saved_is_loaded_bit_for_bit(dtype: type, tmp_path: Path) -> None:
    saved = example(dtype)
    save_checkpoint(tmp_path / "one.npz", saved)
    found = load_checkpoint(tmp_path / "one.npz")
    assert found is not None
    assert found.state.tobytes() == saved.state.tobytes()
    assert found.state.shape == saved.state.shape
    assert found.best.tobytes() == saved.best.tobytes()
    assert found.history == saved.history


def test_an_earlier_one_is_replaced_when_the_disk_has_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one.npz"
    save_checkpoint(path, example())
    earlier, waited = path.read_bytes(), []

    def wait(descriptor: int) -> None:
        waited.append((path.read_bytes(), os.fstat(descriptor).st_size))

    monkeypatch.setattr(os, "fsync", wait)
    save_checkpoint(path, example(np.float64))
    assert waited == [(earlier, path.stat().st_size)]


def test_a_folder_that_was_removed_stays_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):  # a worker that was given up may come late
        save_checkpoint(tmp_path / "gone" / "one.npz", example())
    assert not list(tmp_path.iterdir())


def test_without_one_there_is_none(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "one.npz") is None


def test_a_damaged_one_is_none(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    save_checkpoint(path, example())
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert load_checkpoint(path) is None
    state = whole.index(example().state.tobytes())
    path.write_bytes(whole[:state] + bytes([whole[state] ^ 1]) + whole[state + 1 :])
    assert load_checkpoint(path) is None
    for place in range(whole.index(b"PK\x01\x02"), len(whole)):  # the directory, at its end
        for bit in range(8):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            found = load_checkpoint(path)
            assert found is None or found.state.tobytes() == example().state.tobytes()
    path.write_bytes(b"no archive")
    assert load_checkpoint(path) is None


class Bait:
    """What makes a folder as soon as it is unpickled."""

    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.trap),)


def test_what_is_no_checkpoint_is_none_and_nothing_in_it_is_executed(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    np.savez(path, state=np.zeros(3))
    assert load_checkpoint(path) is None
    trap = tmp_path / "trap"
    state = np.array([Bait(trap)], object)
    np.savez(path, state=state, best=np.zeros(1), history=np.frombuffer(b"[]", np.uint8))
    assert load_checkpoint(path) is None
    assert not trap.exists()


def test_one_that_claims_to_be_larger_than_any_machine_is_none(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    claim = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**14,)}
    np.lib.format.write_array_header_1_0(claim, header)
    save_checkpoint(path, example())
    with zipfile.ZipFile(path) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in {**members, "state.npy": claim.getvalue()}.items():
            archive.writestr(name, body)
    assert load_checkpoint(path) is None


SOUND: dict[str, Any] = {"number": 1, "loss": 0.1, "train_accuracy": 0.9, "validation_accuracy": 0.9}
SOUND |= {"learning_rate": 0, "seconds": 1.5}


def write(path: Path, state: Any, best: Any, rows: Any) -> None:
    np.savez(path, state=state, best=best, history=np.frombuffer(json.dumps(rows).encode(), np.uint8))


@pytest.mark.parametrize(
    ("state", "best", "rows"),
    [
        (np.zeros((2, 3), np.int64), np.zeros(3, np.int64), [SOUND]),
        (np.zeros((2, 3)), np.zeros(3, np.float32), [SOUND]),
        (np.zeros((2, 3)), np.zeros(4), [SOUND]),
        (np.zeros((2, 3)), np.zeros((2, 3)), [SOUND]),
        (np.zeros(3), np.zeros(3), [SOUND]),
        (np.full((2, 3), np.nan), np.zeros(3), [SOUND]),
        (np.zeros((2, 3)), np.full(3, np.inf), [SOUND]),
        (np.zeros((2, 3)), np.zeros(3), []),
        (np.zeros((2, 3)), np.zeros(3), None),
        (np.zeros((2, 3)), np.zeros(3), [{**SOUND, "number": 2}]),
        (np.zeros((2, 3)), np.zeros(3), [{**SOUND, "number": True}]),
        (np.zeros((2, 3)), np.zeros(3), [{**SOUND, "loss": "0.1"}]),
        (np.zeros((2, 3)), np.zeros(3), [{**SOUND, "loss": float("nan")}]),
        (np.zeros((2, 3)), np.zeros(3), [{**SOUND, "validation_accuracy": 1.5}]),
        (np.zeros((2, 3)), np.zeros(3), [{"number": 1}]),
    ],
)
def test_numbers_and_rows_that_no_run_has_left_are_none(state: Any, best: Any, rows: Any, tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    write(path, np.zeros((2, 3)), np.zeros(3), [SOUND])
    assert load_checkpoint(path) is not None
    write(path, state, best, rows)
    assert load_checkpoint(path) is None


def packed(arrays: dict[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, body in arrays.items():
            archive.writestr(name, body)
    return file.getvalue()


def test_an_archive_of_other_members_is_none(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    save_checkpoint(path, example())
    with zipfile.ZipFile(path) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}
    path.write_bytes(packed(whole))
    assert load_checkpoint(path) is not None
    huge = (
        np.lib.format.magic(1, 0) + b"\x46\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1099511627776)}  \n"
    )
    for name in whole:
        others = (b"", b"text", whole[name] + b"a", whole[name][:-1], huge, b"\x93NUMPY\1\0\4\0{][\n")
        for body in others:
            path.write_bytes(packed({**whole, name: body}))
            assert load_checkpoint(path) is None
        path.write_bytes(packed({key: body for key, body in whole.items() if key != name}))
        assert load_checkpoint(path) is None
    damaged = bytearray(packed(whole, zipfile.ZIP_LZMA))
    damaged[40:60] = bytes(20)
    path.write_bytes(damaged)
    assert load_checkpoint(path) is None


def test_an_earlier_one_stays_until_the_next_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.npz"
    save_checkpoint(path, example())

    def fail(file: IO[bytes], **arrays: object) -> None:
        file.write(b"half")
        raise OSError("no room")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="no room"):
        save_checkpoint(path, example(np.float64))
    found = load_checkpoint(path)
    assert found is not None
    assert found.state.dtype == np.float32
    assert [file.name for file in tmp_path.iterdir()] == ["one.npz"]


def test_a_full_disk_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: IO[bytes], **arrays: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="No space left on device") as caught:
        save_checkpoint(tmp_path / "one.npz", example())
    assert caught.value.filename == str(tmp_path / "one.npz")
