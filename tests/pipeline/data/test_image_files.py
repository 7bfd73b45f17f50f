import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.data.image_files import locate_images
from pipeline.engine.arrays import read_rows
from pipeline.engine.errors import PipelineError

IMAGES = np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3)


def save(path: Path, array: np.ndarray) -> None:
    if path.suffix == ".npy":
        np.save(path, array)
    else:
        idx.save(path, array)


def locate(path: Path, shape: tuple[int, int] = (2, 3)) -> np.ndarray:
    rows = locate_images(path, shape, path.parent / "unpacked.idx")
    return read_rows(rows, 0, len(rows))


@pytest.mark.parametrize("name", ["a.npy", "a.idx", "a.gz", "no-suffix"])
@pytest.mark.parametrize("shape", [(0, 2, 3), (1, 2, 3), (5, 2, 3), (4, 1, 1), (4, 1, 7), (4, 300, 200)])
def test_images_of_any_size_are_located(name: str, shape: tuple[int, int, int], tmp_path: Path) -> None:
    images = np.resize(IMAGES, shape)
    save(tmp_path / name, images)
    found = locate(tmp_path / name, shape[1:])
    assert found.dtype == np.uint8
    assert np.array_equal(found, images)


@pytest.mark.parametrize("name", ["a.npy", "a.idx", "a.gz"])
@pytest.mark.parametrize("kind", ["u1 ", "u1 6", "u1 5 6", "u1 5 3 2", "u1 1 5 2 3", "i1 5 2 3", "f4 5 2 3"])
def test_other_shape_and_dtype_are_refused(kind: str, name: str, tmp_path: Path) -> None:
    dtype, *shape = kind.split()
    array = np.zeros(tuple(map(int, shape)), dtype)
    save(tmp_path / name, array)
    words = rf"{name} (holds|contains) {array.dtype}.*: expected images of 2 x 3 pixels, uint8 \(n, 2, 3\)"
    with pytest.raises(PipelineError, match=words):
        locate(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"\0", b"\x89PNG\r\n\x1a\n"])
def test_other_formats_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(content)
    with pytest.raises(PipelineError, match="picture.png is neither .* use `handwriting classify`$"):
        locate(tmp_path / "picture.png")


def test_special_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="is a folder"):
        locate(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PipelineError, match="a device or a pipe"):  # without waiting for a writer
        locate(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        locate(tmp_path / "nowhere")
