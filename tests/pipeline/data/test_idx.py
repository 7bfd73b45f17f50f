import contextlib
import gzip
import io
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.engine.arrays import read_rows

TYPES = ["uint8", "int8", "int16", "int32", "float32", "float64"]
HEADER = b"\0\0\x08\3" + b"\0\0\0\2\0\0\0\3\0\0\0\4"

arrays = st.sampled_from(TYPES).flatmap(
    lambda name: st_np.arrays(
        np.dtype(name).newbyteorder("="), st_np.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    )
)
fuzzed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)


def encoded(array: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    idx.write(stream, array)
    return stream.getvalue()


def same(left: NDArray[np.generic], right: NDArray[np.generic]) -> bool:
    """Equal shape, dtype and bits; NaN equals NaN."""
    native = left.dtype.newbyteorder("=")
    return (
        left.shape == right.shape
        and native == right.dtype.newbyteorder("=")
        and left.astype(native).tobytes() == right.astype(native).tobytes()
    )


def loaded(body: bytes, folder: Path) -> NDArray[np.generic]:
    """Load a file; check that gzipped, unpacked and located arrays are equal."""
    (folder / "file").write_bytes(body)
    (folder / "file.gz").write_bytes(gzip.compress(body))
    array = idx.load(folder / "file")
    assert same(idx.load(folder / "file.gz"), array)
    for name in ("file", "file.gz"):
        idx.unpack(folder / name, folder / "unpacked")
        assert (folder / "unpacked").read_bytes() == body
    rows = idx.locate(folder / "file")
    assert (rows.path, rows.dtype, rows.shape) == (folder / "file", array.dtype, array.shape)
    if rows.shape:
        assert same(read_rows(rows, 0, len(rows)), array)
    return array


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\0\0\x08\1\0\0\0\2\x07\xff", np.array([7, 255], "u1")),
        (b"\0\0\x09\1\0\0\0\2\x07\xff", np.array([7, -1], "i1")),
        (b"\0\0\x0b\1\0\0\0\2\x01\x00\xff\xfe", np.array([256, -2], "i2")),
        (b"\0\0\x0c\1\0\0\0\1\x00\x01\x00\x00", np.array([65536], "i4")),
        (b"\0\0\x0d\1\0\0\0\1\x3f\x80\x00\x00", np.array([1], "f4")),
        (b"\0\0\x0e\1\0\0\0\1\x3f\xf0\0\0\0\0\0\0", np.array([1], "f8")),
        (b"\0\0\x08\2\0\0\0\2\0\0\0\3abcdef", np.frombuffer(b"abcdef", "u1").reshape(2, 3)),
        (b"\0\0\x08\0a", np.array(97, "u1")),
        (b"\0\0\x08\2\0\0\0\0\0\0\0\3", np.zeros((0, 3), "u1")),
    ],
)
def test_known_bytes_are_read_and_written(body: bytes, expected: NDArray[np.generic], tmp_path: Path) -> None:
    assert same(loaded(body, tmp_path), expected)
    assert encoded(expected) == body


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "header ends after 0 bytes"),
        (b"\0", "header ends after 1 byte"),
        (b"\0\0\x08", "header ends after 3 bytes"),
        (b"\0\0\x08\2\0\0\0\2\0\0", "header ends after 10 bytes"),
        (b"\1\0\x08\1\0\0\0\1a", "two zero bytes"),
        (b"<!DOCTYPE html><title>Not here</title>", "starts with b'<!DO'"),
        (b"\0\0\x0a\1\0\0\0\1a", "element type 0x0a is unknown"),
        (b"\0\0\x08\x41" + b"\0\0\0\1" * 65 + b"a", "does not support its shape"),
        (b"\0\0\x08\1\0\0\0\2a", "ends after 1 of 2 bytes"),
        (b"\0\0\x0e\1\0\0\0\1\0\0\0", "ends after 3 of 8 bytes"),
        (b"\0\0\x08\1\0\0\0\1ab", "unexpected bytes after its data"),
        (HEADER + bytes(23), r"it ends after 23 of 24 bytes of data of shape \(2, 3, 4\)"),
        (HEADER + bytes(25), r"unexpected bytes after its data of shape \(2, 3, 4\)"),
        (b"\0\0\x08\3" + b"\xff" * 12, "does not support its shape"),
        (b"\0\0\x08\3" + b"\xff" * 8 + b"\0\0\0\0", "does not support its shape"),
        (b"\0\0\x0e\2" + b"\x7f\xff\xff\xff" * 2, "does not support its shape"),
        (b"\0\0\x08\2" + b"\x7f\xff\xff\xff" * 2 + b"abc", "ends after 3 of"),
    ],
)
def test_error_names_the_file_and_the_problem(body: bytes, message: str, tmp_path: Path) -> None:
    for name, content in (("file", body), ("file.gz", gzip.compress(body))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(idx.IdxError, match=f"{name} is not a valid IDX file: .*{message}"):
            idx.load(tmp_path / name)
    with pytest.raises(idx.IdxError, match=f"file is not a valid IDX file: .*{message}"):
        idx.locate(tmp_path / "file")


@pytest.mark.parametrize(("changed", "end"), [(0, 2), (0, 15), (0, -5), (0, -1), (2, None), (30, None), (-8, None)])
def test_truncated_or_changed_gzip_is_damaged(changed: int, end: int | None, tmp_path: Path) -> None:
    path, body = tmp_path / "file", bytearray(gzip.compress(encoded(np.arange(1000, dtype="i4"))))
    if changed:
        body[changed] ^= 0xFF
    path.write_bytes(body[:end])
    for read in (idx.load, lambda path: idx.unpack(path, path.with_name("unpacked"))):
        with pytest.raises(idx.IdxError, match=f"{path} cannot be decompressed: its gzip data is damaged"):
            read(path)


@pytest.mark.parametrize("array", [np.zeros(2, "bool"), np.zeros(2, "i8"), np.zeros(2, "u2"), np.zeros(2, "c8")])
def test_unsupported_dtype_is_refused(array: NDArray[np.generic]) -> None:
    with pytest.raises(idx.IdxError, match="not " + str(array.dtype)):
        encoded(array)


@given(arrays)
@fuzzed
def test_round_trip(tmp_path: Path, array: NDArray[np.generic]) -> None:
    body = encoded(array)
    assert same(loaded(body, tmp_path), array)
    assert encoded(loaded(body, tmp_path)) == body


def test_array_of_many_chunks(tmp_path: Path) -> None:
    array = np.arange(400_000, dtype=">i4").reshape(1000, 400)
    assert same(loaded(encoded(array), tmp_path), array)


def test_strided_view_is_written_in_c_order(tmp_path: Path) -> None:
    array = np.arange(24, dtype="<i2").reshape(4, 6)[::2, ::3].T
    assert same(loaded(encoded(array), tmp_path), array)


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


@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_equal_arrays_give_equal_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.random.default_rng(0).integers(0, 256, (7, 5, 3)).astype("u1")
    idx.save(tmp_path / name, array)
    first = (tmp_path / name).read_bytes()
    assert same(idx.load(tmp_path / name), array)
    assert first.startswith(idx.GZIP_MAGIC) == name.endswith(".gz")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr("time.time", lambda: 1e9)
    idx.save(tmp_path / "elsewhere" / name, array)
    assert (tmp_path / "elsewhere" / name).read_bytes() == first
