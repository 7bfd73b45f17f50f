"""The IDX file format, in which MNIST comes: reading and writing.

Two zero bytes, a byte that names the element type, a byte with the number of dimensions, each size as a
big-endian 32-bit unsigned integer, then the elements, big-endian, in C order. Files are often gzipped; that is
recognised by their first bytes, not by their names.  (LeCun, "The MNIST database", section "File formats")
"""

import gzip
import io
import math
import mmap
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from pipeline.data.gunzip import Gunzip
from pipeline.engine.errors import PipelineError

DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
CODES = {dtype: code for code, dtype in DTYPES.items()}

GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20  # bytes read at a time, so that memory follows what the stream holds, not what it claims
MOST_DIMENSIONS = 64  # of a NumPy array; the format itself allows 255
LONGEST_HEADER = 4 + 4 * MOST_DIMENSIONS


class Source(Protocol):
    """What bytes can be read from: a file, a pipe, a gzip member."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class Sink(Protocol):
    """What bytes can be written to."""

    def write(self, data: bytes, /) -> object:
        """Take all of `data`."""


class IdxError(PipelineError):
    """The bytes are not one whole IDX file, or the array has no form in IDX."""


def load(path: Path) -> NDArray[Any]:
    """The array in the file `path`, read-only; its dtype is big-endian, as in the file.

    A plain file is memory-mapped, without a copy; a gzipped one is unpacked into memory. Raises IdxError,
    naming the file, if it is not one whole IDX file; OSError if it cannot be opened.
    """
    if path.is_dir():
        raise IdxError(f"{path} is a folder, not an IDX file")
    try:
        with open(path, "rb") as file:
            if file.peek(2)[:2] == GZIP_MAGIC:
                return read(file)
            if not file.peek(1):
                raise IdxError("it is empty")  # and an empty file cannot be mapped
            return decode(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except IdxError as error:
        raise IdxError(f"{path} is no IDX file: {error}") from None


def decode(buffer: bytes | bytearray | memoryview | mmap.mmap) -> NDArray[Any]:
    """The array whose plain IDX file `buffer` is: a view of it, not a copy. Raises IdxError."""
    view = memoryview(buffer)
    header = io.BytesIO(view[:LONGEST_HEADER])
    dtype, shape = _read_header(header)
    return _array(view[header.tell() :], dtype, shape)


def read(stream: BinaryIO) -> NDArray[Any]:
    """The array in a stream of a plain or gzipped IDX file, which is read to its end.

    Memory follows the bytes that really come, whatever the header claims. Raises IdxError.
    """
    with unpacked(stream) as source:
        dtype, shape = _read_header(source)
        wanted = math.prod(shape) * dtype.itemsize + 1  # one more, to see that nothing follows
        body = bytearray()
        while chunk := source.read(min(CHUNK, wanted - len(body))):
            body += chunk
    return _array(memoryview(body).toreadonly(), dtype, shape)


def write(stream: Sink, array: NDArray[Any]) -> None:
    """Write `array` to `stream` as a plain IDX file, a few entries of its first axis at a time.

    Raises IdxError if IDX has no form for its dtype (whatever the byte order) or its shape.
    """
    dtype = array.dtype.newbyteorder(">")
    if dtype not in CODES:
        names = ", ".join(known.newbyteorder("=").name for known in CODES)
        raise IdxError(f"IDX holds {names}, not {array.dtype}: convert the array first")
    if any(size >= 1 << 32 for size in array.shape):
        raise IdxError(f"IDX holds sizes below 2**32, not {max(array.shape)}")
    stream.write(struct.pack(f">HBB{array.ndim}I", 0, CODES[dtype], array.ndim, *array.shape))
    rows = np.atleast_1d(array)
    step = max(1, CHUNK * len(rows) // max(1, rows.nbytes))
    for start in range(0, len(rows), step):
        stream.write(rows[start : start + step].astype(dtype, copy=False).tobytes())


def save(path: Path, array: NDArray[Any]) -> None:
    """Write `array` to the file `path`: gzipped if its name ends in `.gz`, plain otherwise."""
    with open(path, "wb") as file:
        if path.suffix == ".gz":
            # without a name and a time, so that equal arrays give equal files
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as stream:
                write(stream, array)
        else:
            write(file, array)


@contextmanager
def unpacked(stream: BinaryIO) -> Iterator[Source]:
    """A stream of what `stream` holds, unpacked if it is gzipped; needs no seeking, so a pipe will do.

    Damaged gzip, met while the caller reads, becomes an IdxError.
    """
    buffered = io.BufferedReader(cast(io.RawIOBase, stream))
    try:
        if buffered.peek(2)[:2] != GZIP_MAGIC:
            yield buffered
        else:
            yield io.BufferedReader(Gunzip(buffered))
    except (EOFError, zlib.error) as error:
        raise IdxError(f"its gzip is damaged ({error})") from None
    finally:
        buffered.detach()  # `stream` is the caller's to close


def _read_header(source: Source) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = source.read(4)
    if not magic:
        raise IdxError("it is empty")
    if len(magic) < 4:
        raise IdxError(f"its header ends after {len(magic)} bytes")
    zeros, code, rank = struct.unpack(">HBB", magic)
    if zeros:
        hint = ", a web page perhaps" if magic.lstrip()[:1] == b"<" else ""
        raise IdxError(f"it begins with {magic!r}{hint}, not with two zero bytes")
    if code not in DTYPES:
        raise IdxError(f"its element type 0x{code:02x} is unknown")
    if rank > MOST_DIMENSIONS:
        raise IdxError(f"it has {rank} dimensions, and NumPy at most {MOST_DIMENSIONS}")
    sizes = source.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise IdxError(f"its header ends after {4 + len(sizes)} bytes, {rank} sizes were announced")
    dtype, shape = DTYPES[code], struct.unpack(f">{rank}I", sizes)
    # NumPy multiplies the sizes without the zeros among them, so that is what may not overflow
    if math.prod(size for size in shape if size) * dtype.itemsize > sys.maxsize:
        raise IdxError(f"its sizes {shape} are beyond what a machine can address")
    return dtype, shape


def _array(body: memoryview, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A view of `body`, which must have exactly the length that `dtype` and `shape` need."""
    expected = math.prod(shape) * dtype.itemsize
    if len(body) < expected:
        raise IdxError(f"it ends after {len(body):,} of {expected:,} bytes of data of shape {shape}")
    if len(body) > expected:
        raise IdxError(f"bytes follow after its data of shape {shape}")
    return np.frombuffer(body, dtype).reshape(shape)
