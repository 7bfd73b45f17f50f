from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.float_arrays import Array
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.history import Epoch


def example(dtype: type = np.float32) -> Checkpoint:
    state: Array = np.random.default_rng(0).normal(size=(3, 5)).astype(dtype)
    history = [Epoch(1, 0.1 + 0.2, 0.9, 0.95, 1e-3, 2.5), Epoch(2, 0.2, 0.91, 0.96, 0, 2)]
    return Checkpoint(state, state[0] + 1, history, "élan")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_load_round_trip_is_exact(dtype: type, tmp_path: Path) -> None:
    saved = example(dtype)
    save_checkpoint(tmp_path / "one.npz", saved)
    found = load_checkpoint(tmp_path / "one.npz")
    assert found is not None
    for one, other in ((found.state, saved.state), (found.best, saved.best)):
        assert (one.shape, one.tobytes()) == (other.shape, other.tobytes())
    assert (found.history, found.origin) == (saved.history, saved.origin)


def test_missing_or_damaged_file_loads_as_none(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    assert load_checkpoint(path) is None
    save_checkpoint(path, example())
    whole = path.read_bytes()
    state = whole.index(example().state.tobytes())
    flipped = whole[:state] + bytes([whole[state] ^ 1]) + whole[state + 1 :]
    for damaged in (*(whole[:length] for length in range(0, len(whole), 70)), flipped, b"not an archive"):
        path.write_bytes(damaged)
        assert load_checkpoint(path) is None
