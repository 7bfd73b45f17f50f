import contextlib
import gzip
import io
import os
import threading
import tracemalloc
from pathlib import Path

import idx2numpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np
from numpy.typing import NDArray

from pipeline.data import idx

TYPES = ["uint8", "int8", "int16", "int32", "float32", "float64"]

arrays = st.sampled_from(TYPES).flatmap(
    lambda name: st_np.arrays(
        np.dtype(name).newbyteorder("="), st_np.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    )
)


def encoded(array: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    idx.write(stream, array)
    return stream.getvalue()


def same(left: NDArray[np.generic], right: NDArray[np.generic]) -> bool:
    """Equal in shape, kind of element, and bits (so that NaN equals NaN)."""
    native = left.dtype.newbyteorder("=")
    return (
        left.shape == right.shape
        and native == right.dtype.newbyteorder("=")
        and left.astype(native).tobytes() == right.astype(native).tobytes()
    )


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
def test_reads_and_writes_these_very_bytes(body: bytes, expected: NDArray[np.generic]) -> None:
    assert same(idx.decode(body), expected)
    assert same(idx.read(io.BytesIO(body)), expected)
    assert same(idx.read(io.BytesIO(gzip.compress(body))), expected)
    assert encoded(expected) == body


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "empty"),
        (b"\0\0\x08", "header ends after 3 bytes"),
        (b"\0\0\x08\2\0\0\0\2\0\0", "header ends after 10 bytes"),
        (b"\1\0\x08\1\0\0\0\1a", "two zero bytes"),
        (b"<!DOCTYPE html><title>Not here</title>", "a web page perhaps"),
        (b"\n<html>", "a web page perhaps"),
        (b"\0\0\x0a\1\0\0\0\1a", "element type 0x0a is unknown"),
        (b"\0\0\x08\x41" + b"\0\0\0\1" * 65 + b"a", "65 dimensions"),
        (b"\0\0\x08\1\0\0\0\2a", "ends after 1 of 2 bytes"),
        (b"\0\0\x0e\1\0\0\0\1\0\0\0", "ends after 3 of 8 bytes"),
        (b"\0\0\x08\1\0\0\0\1ab", "bytes follow"),
        (b"\0\0\x08\3" + b"\xff" * 12, "beyond what a machine can address"),
        (b"\0\0\x08\3" + b"\xff" * 8 + b"\0\0\0\0", "beyond what a machine can address"),
        (b"\0\0\x0e\2" + b"\x7f\xff\xff\xff" * 2, "beyond what a machine can address"),
        (b"\0\0\x08\2" + b"\x7f\xff\xff\xff" * 2 + b"abc", "ends after 3 of"),
    ],
)
def test_names_what_is_wrong_with_the_bytes(body: bytes, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(body)
    (tmp_path / "file.gz").write_bytes(gzip.compress(body))
    for attempt in (
        lambda: idx.decode(body),
        lambda: idx.read(io.BytesIO(body)),
        lambda: idx.load(tmp_path / "file"),
        lambda: idx.load(tmp_path / "file.gz"),
    ):
        with pytest.raises(idx.IdxError, match=complaint):
            attempt()


@pytest.mark.parametrize("cut", [2, 5, 11, 20, -5, -1])
def test_damaged_gzip_is_an_idx_error(cut: int, tmp_path: Path) -> None:
    whole = gzip.compress(encoded(np.arange(1000, dtype="i4")))
    path = tmp_path / "file"
    path.write_bytes(whole[:cut])
    with pytest.raises(idx.IdxError, match=f"{path} is no IDX file: its gzip is damaged"):
        idx.load(path)
    path.write_bytes(whole[:30] + bytes([whole[30] ^ 0xFF]) + whole[31:])
    with pytest.raises(idx.IdxError):
        idx.load(path)


def test_a_folder_is_an_idx_error(tmp_path: Path) -> None:
    with pytest.raises(idx.IdxError, match="is a folder"):
        idx.load(tmp_path)


@pytest.mark.parametrize("array", [np.zeros(2, "bool"), np.zeros(2, "i8"), np.zeros(2, "u2"), np.zeros(2, "c8")])
def test_refuses_to_write_what_idx_cannot_hold(array: NDArray[np.generic]) -> None:
    with pytest.raises(idx.IdxError, match="not " + str(array.dtype)):
        encoded(array)


@given(arrays)
def test_what_was_written_is_read_back(array: NDArray[np.generic]) -> None:
    body = encoded(array)
    assert same(idx.decode(body), array)
    assert same(idx.read(io.BytesIO(body)), array)
    assert same(idx.read(io.BytesIO(gzip.compress(body))), array)
    assert encoded(idx.decode(body)) == body


@given(arrays, st.data(), st.booleans())
@settings(max_examples=300)
def test_random_damage_gives_an_array_or_an_idx_error(
    array: NDArray[np.generic], data: st.DataObject, zipped: bool
) -> None:
    body = bytearray(gzip.compress(encoded(array)) if zipped else encoded(array))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body)))
        match data.draw(st.sampled_from(["change", "insert", "cut"])):
            case "change":
                body[place : place + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "insert":
                body[place:place] = data.draw(st.binary(min_size=1, max_size=8))
            case "cut":
                del body[place:]
    for attempt in (lambda: idx.read(io.BytesIO(body)), lambda: idx.decode(body)):
        with contextlib.suppress(idx.IdxError):
            assert isinstance(attempt(), np.ndarray)


@given(st.binary(max_size=64))
def test_random_bytes_give_an_array_or_an_idx_error(body: bytes) -> None:
    for attempt in (lambda: idx.read(io.BytesIO(body)), lambda: idx.decode(body)):
        with contextlib.suppress(idx.IdxError):
            assert isinstance(attempt(), np.ndarray)


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_agrees_with_idx2numpy_in_both_directions(name: str, rank: int) -> None:
    generator = np.random.default_rng(rank)
    shape = tuple(generator.integers(1, 6, rank))
    array = generator.integers(-100, 100, shape).astype(name)
    assert same(idx.decode(idx2numpy.convert_to_string(array)), array)
    assert same(np.asarray(idx2numpy.convert_from_string(encoded(array))), array)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_byte_order_in_memory_does_not_matter(order: str) -> None:
    array = np.arange(10, dtype=f"{order}i4")
    assert encoded(array) == encoded(array.astype("=i4"))


def test_a_view_that_skips_is_written_in_c_order() -> None:
    array = np.arange(24, dtype="i2").reshape(4, 6)[::2, ::3].T
    assert same(idx.decode(encoded(array)), array)


def test_decoding_copies_nothing(tmp_path: Path) -> None:
    body = encoded(np.arange(100, dtype="i4"))
    assert np.shares_memory(idx.decode(body), np.frombuffer(body, "u1"))
    path = tmp_path / "large"
    idx.save(path, np.zeros((1000, 100, 100), "u1"))
    tracemalloc.start()
    array = idx.load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e6 < array.nbytes
    assert not array.flags.writeable


@pytest.mark.parametrize("zipped", [False, True])
def test_memory_follows_the_bytes_and_not_the_header(zipped: bool) -> None:
    body = b"\0\0\x08\3" + b"\0\1\0\0" * 3 + bytes(1000)  # claims 2**48 bytes
    stream = io.BytesIO(gzip.compress(body) if zipped else body)
    tracemalloc.start()
    with pytest.raises(idx.IdxError, match="ends after 1,000 of"):
        idx.read(stream)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6


def test_bytes_that_never_end_are_not_all_read() -> None:
    bomb = gzip.compress(b"\0\0\x08\1\0\0\0\1" + bytes(100_000_000))
    tracemalloc.start()
    with pytest.raises(idx.IdxError, match="bytes follow"):
        idx.read(io.BytesIO(bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6


@pytest.mark.parametrize("zipped", [False, True])
def test_reads_from_a_pipe_and_leaves_it_open(zipped: bool) -> None:
    array = np.arange(100_000, dtype="i4")
    body = gzip.compress(encoded(array)) if zipped else encoded(array)
    receiving, sending = os.pipe()

    def send() -> None:
        with open(sending, "wb") as stream:
            stream.write(body)

    thread = threading.Thread(target=send)
    thread.start()
    with open(receiving, "rb", buffering=0) as stream:
        assert same(idx.read(stream), array)
        assert not stream.closed
    thread.join()


@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_saved_files_are_loaded_and_equal_arrays_give_equal_files(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = np.random.default_rng(0).integers(0, 256, (7, 5, 3)).astype("u1")
    idx.save(tmp_path / name, array)
    first = (tmp_path / name).read_bytes()
    assert same(idx.load(tmp_path / name), array)
    assert first.startswith(idx.GZIP_MAGIC) == name.endswith(".gz")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr("time.time", lambda: 1e9)
    idx.save(tmp_path / "elsewhere" / name, array)
    assert (tmp_path / "elsewhere" / name).read_bytes() == first
