import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.arrays import ArrayError, load_array, read_array, save_array, save_blocks


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


def test_labels_of_more_classes_are_refused(tmp_path: Path) -> None:
    save_array(tmp_path / "a.npy", np.array([0, 9, 3], np.uint8))
    assert read_array(tmp_path / "a.npy", np.uint8, (3,), below=10).tolist() == [0, 9, 3]
    with pytest.raises(ArrayError, match=r"a\.npy contains 9, but all values must be below 9"):
        read_array(tmp_path / "a.npy", np.uint8, (3,), below=9)
