"""IDX files that are too large to be loaded: located by their header, unpacked and written in parts."""

import gzip
import io
import os
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.engine.rows import read_rows

HEADER = b"\0\0\x08\3" + b"\0\0\0\2\0\0\0\3\0\0\0\4"

BROKEN = [
    (b"", "it is empty"),
    (b"\0\0\x08", "header ends after 3 bytes"),
    (HEADER[:-1], "header ends after 15 bytes, 3 sizes were announced"),
    (b"<html>not here</html>", "a web page perhaps"),
    (b"\0\0\x0a\1\0\0\0\1a", "element type 0x0a is unknown"),
    (b"\0\0\x08\3" + b"\xff" * 12, "beyond what a machine can address"),
    (HEADER + bytes(23), "it ends after 23 of 24 bytes of data of shape (2, 3, 4)"),
    (HEADER + bytes(25), "bytes follow after its data of shape (2, 3, 4)"),
]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype="u1").reshape(4, 3, 2),
        np.arange(-3, 3, dtype="i2"),
        np.linspace(0, 1, 6, dtype="f8").reshape(2, 3),
        np.zeros((0, 3), "f4"),
        np.zeros((3, 0), "u1"),
    ],
)
def test_what_is_located_is_what_is_loaded(array: NDArray[np.generic], tmp_path: Path) -> None:
    path = tmp_path / "file"
    idx.save(path, array)
    rows = idx.locate(path)
    assert (rows.path, rows.dtype, rows.shape) == (path, idx.load(path).dtype, array.shape)
    assert np.array_equal(read_rows(rows, 0, len(rows)), array)


def test_an_array_without_dimensions_has_a_place_as_well(tmp_path: Path) -> None:
    idx.save(tmp_path / "file", np.array(97, "u1"))
    assert (idx.locate(tmp_path / "file").shape, idx.locate(tmp_path / "file").offset) == ((), 4)


@pytest.mark.parametrize(("body", "complaint"), BROKEN)
def test_a_file_is_checked_whole_before_it_is_read(body: bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(body)
    with pytest.raises(idx.IdxError) as located:
        idx.locate(path)
    assert complaint in str(located.value)
    with pytest.raises(idx.IdxError) as loaded:
        idx.load(path)
    assert str(located.value) == str(loaded.value)


def test_no_more_than_the_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"\0\0\x08\1\x7f\0\0\0")
    os.truncate(path, 8 + 0x7F000000)  # two gigabytes of nothing, which take no room
    tracemalloc.start()
    assert len(idx.locate(path)) == 0x7F000000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e6


def test_what_has_no_place_for_rows_is_named(tmp_path: Path) -> None:
    idx.save(tmp_path / "file.gz", np.zeros(3, "u1"))
    with pytest.raises(idx.IdxError, match=r"file\.gz is no IDX file: it is gzipped, and has to be unpacked first"):
        idx.locate(tmp_path / "file.gz")
    with pytest.raises(idx.IdxError, match="is a folder"):
        idx.locate(tmp_path)
    with pytest.raises(FileNotFoundError):
        idx.locate(tmp_path / "missing")
    os.mkfifo(tmp_path / "pipe")
    thread = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(HEADER + bytes(24)))
    thread.start()
    with pytest.raises(idx.IdxError, match="pipe is no IDX file: it is a stream"):
        idx.locate(tmp_path / "pipe")
    thread.join()


@pytest.mark.parametrize(("name", "gzipped"), [("file", False), ("file.gz", True)])
def test_whether_it_is_gzipped_is_seen_by_its_content(name: str, gzipped: bool, tmp_path: Path) -> None:
    idx.save(tmp_path / name, np.zeros(3, "u1"))
    (tmp_path / name).rename(tmp_path / "other")
    assert idx.is_gzipped(tmp_path / "other") is gzipped


@pytest.mark.parametrize("name", ["file", "file.gz"])
@pytest.mark.parametrize("array", [np.arange(400_000, dtype=">i4").reshape(1000, 400), np.zeros(0, "u1")])
def test_unpacked_is_the_plain_file_of_the_same_array(name: str, array: NDArray[np.generic], tmp_path: Path) -> None:
    idx.save(tmp_path / name, array)
    idx.save(tmp_path / "plain", array)
    idx.unpack(tmp_path / name, tmp_path / "unpacked")
    assert (tmp_path / "unpacked").read_bytes() == (tmp_path / "plain").read_bytes()


@pytest.mark.parametrize(("body", "complaint"), BROKEN)
def test_what_is_wrong_within_a_gzipped_file_is_named(body: bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(body))
    with pytest.raises(idx.IdxError) as raised:
        idx.unpack(path, tmp_path / "unpacked")
    assert f"{path} is no IDX file: " in str(raised.value)
    assert complaint in str(raised.value)


@pytest.mark.parametrize("cut", [3, 15, 25, -5, -1])
def test_damaged_gzip_is_not_unpacked(cut: int, tmp_path: Path) -> None:
    whole = gzip.compress(HEADER + bytes(range(24)))
    (tmp_path / "file.gz").write_bytes(whole[:cut])
    with pytest.raises(idx.IdxError, match=r"file\.gz is no IDX file: its gzip is damaged"):
        idx.unpack(tmp_path / "file.gz", tmp_path / "unpacked")
    (tmp_path / "file.gz").write_bytes(whole[:-8] + bytes(4) + whole[-4:])  # another check sum
    with pytest.raises(idx.IdxError, match="its gzip is damaged"):
        idx.unpack(tmp_path / "file.gz", tmp_path / "unpacked")


def test_a_bomb_fills_neither_memory_nor_more_of_the_disk_than_it_announces(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(gzip.compress(b"\0\0\x08\1\0\x30\0\0" + bytes(100_000_000)))
    tracemalloc.start()
    with pytest.raises(idx.IdxError, match="bytes follow after its data"):
        idx.unpack(tmp_path / "bomb", tmp_path / "unpacked")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6
    assert (tmp_path / "unpacked").stat().st_size <= 8 + 0x300000


def test_blocks_make_the_same_file_as_the_whole() -> None:
    array = np.arange(60, dtype="i2").reshape(10, 3, 2)
    whole, parts = io.BytesIO(), io.BytesIO()
    idx.write(whole, array)
    idx.write_blocks(parts, array.dtype, array.shape, [array[:1], array[1:7], array[7:]])
    assert parts.getvalue() == whole.getvalue()
