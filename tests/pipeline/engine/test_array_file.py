import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.arrays import (
    ArrayError,
    create_array_file,
    open_array_file,
    read_blocks,
    read_entries,
    save_array,
    write_entries,
)


@pytest.fixture
def images(tmp_path: Path) -> np.ndarray:
    array = np.random.default_rng(0).integers(0, 256, (20, 3, 5), np.uint8)
    save_array(tmp_path / "images.npy", array)
    return array


def test_read_entries_returns_any_range(images: np.ndarray, tmp_path: Path) -> None:
    array = open_array_file(tmp_path / "images.npy", np.uint8, (None, 3, 5))
    assert (len(array), array.entry_bytes) == (20, 15)
    for start, stop in [(0, 20), (0, 0), (3, 4), (19, 20), (20, 20)]:
        assert np.array_equal(read_entries(array, start, stop), images[start:stop])


@pytest.mark.parametrize("size", [1, 7, 20, 100])
def test_read_blocks_covers_all_entries_in_order(size: int, images: np.ndarray, tmp_path: Path) -> None:
    array = open_array_file(tmp_path / "images.npy", np.uint8, (None, 3, 5))
    blocks = list(read_blocks(array, size))
    assert max(map(len, blocks)) <= size
    assert np.array_equal(np.concatenate(blocks), images)
    assert np.array_equal(np.concatenate(list(read_blocks(array, size, 5, 12))), images[5:12])


@pytest.mark.parametrize("shape", [(20, 3, 5), (4,), (3, 0), (0, 5)])
def test_entries_written_in_any_order_give_a_valid_npy_file(shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.random.default_rng(0).random(shape).astype(np.float32)
    created = create_array_file(tmp_path / "a.npy", np.float32, shape)
    assert not np.load(tmp_path / "a.npy").any()
    for start in reversed(range(0, shape[0], 3)):
        write_entries(created, start, array[start : start + 3])
    assert np.load(tmp_path / "a.npy").tobytes() == array.tobytes()
    assert open_array_file(tmp_path / "a.npy", np.float32, shape) == created
    save_array(tmp_path / "b.npy", array)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_file_truncated_after_opening_raises(images: np.ndarray, tmp_path: Path) -> None:
    array = open_array_file(tmp_path / "images.npy", np.uint8, (None, 3, 5))
    os.truncate(tmp_path / "images.npy", array.offset + 40)
    assert np.array_equal(read_entries(array, 0, 2), images[:2])
    with pytest.raises(ArrayError, match="images.npy was truncated"):
        read_entries(array, 0, 3)


def test_fortran_order_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.asfortranarray(np.zeros((4, 3, 5), np.uint8)))
    with pytest.raises(ArrayError, match="Fortran"):
        open_array_file(tmp_path / "images.npy", np.uint8, (None, 3, 5))
