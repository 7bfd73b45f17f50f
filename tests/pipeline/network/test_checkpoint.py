import errno
import os
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from pipeline.network.activations import Array
from pipeline.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.network.history import Row


def example(dtype: type = np.float32) -> Checkpoint:
    numbers: Array = np.random.default_rng(0).normal(size=(3, 5)).astype(dtype)
    return Checkpoint(numbers, numbers[0] + 1, [Row(1, 0.1 + 0.2, 0.9, 0.95, 1e-3, 2.5), Row(2, 0.2, 0.91, 0.96, 0, 2)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_was_saved_is_loaded_bit_for_bit(dtype: type, tmp_path: Path) -> None:
    saved = example(dtype)
    save_checkpoint(tmp_path / "new folder" / "one.npz", saved)
    found = load_checkpoint(tmp_path / "new folder" / "one.npz")
    assert found is not None
    assert found.state.tobytes() == saved.state.tobytes()
    assert found.state.shape == saved.state.shape
    assert found.best.tobytes() == saved.best.tobytes()
    assert found.history == saved.history


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


def test_what_is_no_checkpoint_is_none_and_nothing_in_it_is_executed(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    np.savez(path, state=np.zeros(3))
    assert load_checkpoint(path) is None
    np.savez(path, state=np.array([print], object), best=np.zeros(1), history=np.frombuffer(b"[]", np.uint8))
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
