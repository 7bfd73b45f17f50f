import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.data.image_files import locate_images
from pipeline.engine.arrays import read_entries
from pipeline.engine.errors import PipelineError

IMAGES = np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3)


def save(path: Path, array: np.ndarray) -> None:
    if path.suffix == ".npy":
        np.save(path, array)
    else:
        idx.save(path, array)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(path.read_bytes()))


def locate(path: Path) -> np.ndarray:
    array = locate_images(path, (2, 3), path.parent / "unpacked.idx")
    return read_entries(array, 0, len(array))


@pytest.mark.parametrize("name", ["a.npy", "a.idx", "a.gz", "no-suffix"])
@pytest.mark.parametrize("count", [0, 5])
def test_images_are_located(name: str, count: int, tmp_path: Path) -> None:
    save(tmp_path / name, IMAGES[:count])
    found = locate(tmp_path / name)
    assert found.dtype == np.uint8
    assert np.array_equal(found, IMAGES[:count])


@pytest.mark.parametrize("name", ["a.npy", "a.idx", "a.gz"])
@pytest.mark.parametrize("shape", [(6,), (5, 6), (5, 3, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...], name: str, tmp_path: Path) -> None:
    save(tmp_path / name, np.zeros(shape, np.uint8))
    with pytest.raises(PipelineError, match=rf"{name} holds uint8 .*: give images of 2 x 3 pixels"):
        locate(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"\0", b"\x89PNG\r\n\x1a\n"])
def test_other_formats_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(content)
    with pytest.raises(PipelineError, match="picture.png is neither .* use `handwriting classify`$"):
        locate(tmp_path / "picture.png")


def test_special_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):  # without waiting for a writer
        with pytest.raises(PipelineError, match="a device or a pipe"):
            locate(path)
