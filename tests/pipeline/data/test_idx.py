import contextlib
import gzip
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.engine.arrays import read_entries

BODY = b"\0\0\x08\3" + b"\0\0\0\2\0\0\0\3\0\0\0\4" + bytes(range(24))


def loaded(body: bytes, folder: Path) -> NDArray[np.uint8]:
    """Load a file; check that gzipped, unpacked, located and saved arrays are equal."""
    (folder / "file").write_bytes(body)
    (folder / "file.gz").write_bytes(gzip.compress(body))
    array = idx.load(folder / "file")
    assert np.array_equal(idx.load(folder / "file.gz"), array)
    for name in ("file", "file.gz"):
        idx.unpack(folder / name, folder / "unpacked")
        assert (folder / "unpacked").read_bytes() == body
    located = idx.locate(folder / "file")
    assert (located.path, located.shape) == (folder / "file", array.shape)
    assert np.array_equal(read_entries(located, 0, len(located)), array)
    idx.save(folder / "saved", array)
    assert (folder / "saved").read_bytes() == body
    return array


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\0\0\x08\1\0\0\0\2\x07\xff", np.array([7, 255])),
        (b"\0\0\x08\2\0\0\0\2\0\0\0\3abcdef", np.frombuffer(b"abcdef", "u1").reshape(2, 3)),
        (BODY, np.arange(24).reshape(2, 3, 4)),
        (b"\0\0\x08\2\0\0\0\0\0\0\0\3", np.zeros((0, 3))),
        (b"\0\0\x08\1\0\x30\0\0" + bytes(0x300000), np.zeros(0x300000)),  # of several chunks
    ],
)
def test_known_bytes_are_read_and_written(body: bytes, expected: NDArray[np.generic], tmp_path: Path) -> None:
    array = loaded(body, tmp_path)
    assert array.dtype == np.uint8
    assert np.array_equal(array, expected)


def test_damaged_gzip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(BODY)[:-5])
    for read in (idx.load, lambda path: idx.unpack(path, path.with_name("unpacked"))):
        with pytest.raises(idx.IdxError, match=f"{path} cannot be decompressed: damaged gzip data"):
            read(path)


def test_strided_view_is_written_in_c_order(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(4, 6)[::2, ::3].T
    idx.save(tmp_path / "file", array)
    assert np.array_equal(idx.load(tmp_path / "file"), array)


def test_locate_reads_only_the_header(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"\0\0\x08\1\x7f\0\0\0")
    os.truncate(path, 8 + 0x7F000000)  # a sparse file of 2 GB
    with peak_below(1_000_000):
        assert len(idx.locate(path)) == 0x7F000000


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\0\0\x08\3" + b"\0\1\0\0" * 3 + bytes(1000), "ends after 1,000 of"),  # of 2**48 bytes
        (b"\0\0\x08\1\0\0\0\1" + bytes(50_000_000), "unexpected bytes"),
    ],
)
def test_memory_depends_neither_on_the_header_nor_on_what_follows(
    body: bytes, message: str, zipped: bool, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(gzip.compress(body, 1) if zipped else body)
    for read in (idx.load, lambda path: idx.unpack(path, path.with_name("unpacked"))):
        with peak_below(10_000_000), pytest.raises(idx.IdxError, match=message):
            read(tmp_path / "file")
    assert (tmp_path / "unpacked").stat().st_size < 1100


@contextlib.contextmanager
def peak_below(limit: int) -> Iterator[None]:
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < limit
