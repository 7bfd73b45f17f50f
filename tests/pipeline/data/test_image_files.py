import gzip
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
    if path.name == "a.npy":
        np.save(path, array)
    else:
        idx.save(path, array)


def locate(path: Path, shape: tuple[int, int] = (2, 3)) -> np.ndarray:
    rows = locate_images(path, shape, path.parent / "unpacked.idx")
    return read_rows(rows, 0, len(rows))


@pytest.mark.parametrize("name", ["a.npy", "a.idx", "a.gz", "no-suffix"])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_images_are_located_in_every_format(name: str, count: int, tmp_path: Path) -> None:
    path = tmp_path / name
    save(path, IMAGES[:count])
    found = locate(path)
    assert found.dtype == np.uint8
    assert np.array_equal(found, IMAGES[:count])
    assert (tmp_path / "unpacked.idx").exists() == name.endswith(".gz")


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (300, 200)])
def test_images_may_have_any_size(shape: tuple[int, int], tmp_path: Path) -> None:
    images = np.resize(IMAGES, (4, *shape))
    for name in ("a.npy", "a.gz"):
        save(tmp_path / name, images)
        assert np.array_equal(locate(tmp_path / name, shape), images)


def test_existing_unpacked_file_is_used(tmp_path: Path) -> None:
    idx.save(tmp_path / "a.gz", IMAGES)
    idx.save(tmp_path / "unpacked.idx", IMAGES[::-1].copy())
    assert np.array_equal(locate(tmp_path / "a.gz"), IMAGES[::-1])


def test_partly_unpacked_file_is_not_used(tmp_path: Path) -> None:
    idx.save(tmp_path / "a.gz", np.resize(IMAGES, (100_000, 2, 3)))
    (tmp_path / "a.gz").write_bytes((tmp_path / "a.gz").read_bytes()[:-100])
    for _ in range(2):
        with pytest.raises(PipelineError, match=r"a\.gz cannot be decompressed: its gzip data is damaged"):
            locate(tmp_path / "a.gz")
    assert not (tmp_path / "unpacked.idx").exists()


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("name", ["a.npy", "a.idx", "a.gz"])
def test_other_dtype_is_refused(kind: type, name: str, tmp_path: Path) -> None:
    save(tmp_path / name, IMAGES.astype(kind))
    message = rf"{name} .* {np.dtype(kind)} \(5, 2, 3\).*: expected images of 2 x 3 pixels, uint8 \(n, 2, 3\)"
    with pytest.raises(PipelineError, match=message):
        locate(tmp_path / name)


@pytest.mark.parametrize("shape", [(), (6,), (5, 6), (5, 3, 2), (1, 5, 2, 3)])
@pytest.mark.parametrize("name", ["a.npy", "a.idx", "a.gz"])
def test_other_shape_is_refused(shape: tuple[int, ...], name: str, tmp_path: Path) -> None:
    save(tmp_path / name, np.zeros(shape, np.uint8))
    with pytest.raises(PipelineError, match=f"{name} (holds|contains) uint8 .*: expected images of 2 x 3 pixels"):
        locate(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"\0", b"\x89PNG\r\n\x1a\n"])
def test_other_formats_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(PipelineError, match="a is neither .* use `handwriting classify`$"):
        locate(tmp_path / "a")
    (tmp_path / "a").write_bytes(gzip.compress(content))
    with pytest.raises(PipelineError, match="a is not a valid IDX file"):
        locate(tmp_path / "a")


def test_gzip_file_is_unpacked_only_as_far_as_its_header_declares(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(b"\0\0\x08\3" + b"\0\0\0\2" * 3 + bytes(50_000_000)))
    with pytest.raises(PipelineError, match="a is not a valid IDX file: unexpected bytes after its data"):
        locate(tmp_path / "a")
    assert (tmp_path / "unpacked.partial").stat().st_size < 100


def test_special_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="is a folder"):
        locate(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PipelineError, match="a device or a pipe"):  # without waiting for a writer
        locate(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        locate(tmp_path / "nowhere")
