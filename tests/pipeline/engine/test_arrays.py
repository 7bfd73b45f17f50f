import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.arrays import (
    ArrayError,
    create_array_file,
    load_array,
    open_array_file,
    read_array,
    read_blocks,
    read_entries,
    save_array,
    save_blocks,
    write_entries,
)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 1, 1), (5, 2, 4)])
def test_saved_array_is_read_by_numpy_and_load_array(dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    save_array(tmp_path / "a.npy", array)
    loaded = load_array(tmp_path / "a.npy", dtype, shape)
    assert isinstance(loaded, np.memmap) and not loaded.flags.writeable
    for read in (np.load(tmp_path / "a.npy"), loaded, read_array(tmp_path / "a.npy", dtype, shape)):
        assert read.dtype == array.dtype
        assert np.array_equal(read, array)


def test_save_blocks_writes_the_same_file_as_save_array(tmp_path: Path) -> None:
    whole = np.arange(24, dtype=np.float32).reshape(6, 4)
    save_array(tmp_path / "whole.npy", whole)
    save_blocks(tmp_path / "blocks.npy", np.float32, whole.shape, [whole[:1], whole[1:4], whole[4:]])
    assert (tmp_path / "blocks.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()


@pytest.mark.parametrize(("dtype", "shape"), [("float64", (2, 3)), ("float32", (2, 4)), ("float32", (2,))])
def test_wrong_dtype_or_shape_is_reported(dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    save_array(tmp_path / "a.npy", np.zeros((2, 3), np.float32))
    with pytest.raises(ArrayError, match=rf"a\.npy holds float32 \(2, 3\), not {dtype} \({shape[0]}"):
        load_array(tmp_path / "a.npy", dtype, shape)


def test_object_arrays_are_refused_without_unpickling(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    np.save(tmp_path / "a.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(ArrayError, match=r"not a complete \.npy array"):
        load_array(tmp_path / "a.npy", object, (None,))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(("folder", "advice"), [(".store/plant-12", "run the stage plant again"), ("mine", "create")])
def test_missing_array_is_reported(folder: str, advice: str, tmp_path: Path) -> None:
    with pytest.raises(ArrayError, match=rf"a\.npy is missing: {advice}"):
        load_array(tmp_path / folder / "a.npy", float, (None,))


@pytest.mark.parametrize("wrong", [10, -1, float("nan")])
def test_values_out_of_bounds_are_refused(wrong: float, tmp_path: Path) -> None:
    save_array(tmp_path / "a.npy", np.array([0.0, 9.0, 3.0]))
    assert read_array(tmp_path / "a.npy", float, (3,), below=10).tolist() == [0, 9, 3]
    save_array(tmp_path / "a.npy", np.array([0.0, wrong, 3.0]))
    with pytest.raises(ArrayError, match=rf"a\.npy contains {wrong}"):
        read_array(tmp_path / "a.npy", float, (3,), below=10)


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
