"""The IDX file format, in which MNIST comes: reading and writing.

Two zero bytes, a byte that names the element type, a byte with the number of dimensions, each size as a
big-endian 32-bit unsigned integer, then the elements, big-endian, in C order. Files are often gzipped; that is
recognised by their first bytes, not by their names.  (LeCun, "The MNIST database", section "File formats")
"""

import gzip
import math
import os
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import Rows
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

MOST_DIMENSIONS = 64  # of a NumPy array; the format itself allows 255
GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20  # bytes read at a time, so that memory follows what the file holds, not what it claims


class IdxError(PipelineError):
    """The bytes are not one whole IDX file, or the array has no form in IDX."""


def load(path: Path) -> NDArray[Any]:
    """Read the array, big-endian as in the file, gzipped or not. Raises IdxError, naming the file, or OSError."""
    with _opened(path) as stream:
        dtype, shape = _read_header(stream)
        length, body = math.prod(shape) * dtype.itemsize, bytearray()
        # one byte more than there should be, to see that nothing follows
        while chunk := stream.read(min(CHUNK, length + 1 - len(body))):
            body += chunk
        _check_length(dtype, shape, len(body))
    return np.frombuffer(body, dtype).reshape(shape)


def locate(path: Path) -> Rows:
    """Find the array in the plain file `path`; only the header and the length of the file are read.

    Its dtype is big-endian, as in the file. An array without dimensions has no rows, and no length either. Raises
    IdxError, naming the file, if it is not one whole plain IDX file; OSError if it cannot be read.
    """
    with _opened(path, plain=True) as file:
        dtype, shape = _read_header(file)
        _check_length(dtype, shape, os.fstat(file.fileno()).st_size - file.tell())
        return Rows(path, dtype, shape, file.tell())


def unpack(source: Path, target: Path, most: int = sys.maxsize) -> None:
    """Copy the file `source` to `target`, unpacked if it is gzipped, a chunk in memory at a time.

    Raises IdxError, naming `source`, if its gzip is damaged or it holds more than `most` bytes; OSError if one of the
    files cannot be read or written. `target` then holds what came until then.
    """
    with _opened(source) as stream, open(target, "wb") as plain:
        while chunk := stream.read(CHUNK):
            plain.write(chunk)
            if plain.tell() > most:
                raise IdxError(f"it holds more than {most:,} bytes")


def save(path: Path, array: NDArray[Any]) -> None:
    """Write `array`, gzipped if the name ends in `.gz`. Raises IdxError if IDX has no form for its dtype."""
    with open(path, "wb") as file:
        if path.suffix == ".gz":
            # without a name and a time, so that equal arrays give equal files
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as stream:
                write(stream, array)
        else:
            write(file, array)


def write(stream: IO[bytes] | gzip.GzipFile, array: NDArray[Any]) -> None:
    """Write `array` to `stream` as a plain IDX file; otherwise like `save`."""
    dtype = array.dtype.newbyteorder(">")
    if dtype not in CODES:
        names = ", ".join(known.newbyteorder("=").name for known in CODES)
        raise IdxError(f"IDX holds {names}, not {array.dtype.newbyteorder('=')}: convert the array first")
    stream.write(struct.pack(f">HBB{array.ndim}I", 0, CODES[dtype], array.ndim, *array.shape))
    stream.write(np.ascontiguousarray(array, dtype).data)


@contextmanager
def _opened(path: Path, plain: bool = False) -> Iterator[Any]:
    """The file `path`, unpacked unless `plain` or if it is not gzipped; an IdxError raised meanwhile names it."""
    with open(path, "rb") as file:
        gzipped = not plain and file.peek(2)[:2] == GZIP_MAGIC
        try:
            yield gzip.GzipFile(fileobj=file) if gzipped else file
        except IdxError as error:
            raise IdxError(f"{path} is no IDX file: {error}") from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise IdxError(f"{path} cannot be unpacked: its gzip is damaged ({error})") from None


def _check_length(dtype: np.dtype[Any], shape: tuple[int, ...], found: int) -> None:
    """Raise IdxError unless `found` is the number of bytes of data after the header."""
    length = math.prod(shape) * dtype.itemsize
    if found < length:
        raise IdxError(f"it ends after {found:,} of {length:,} bytes of data of shape {shape}")
    if found > length:
        raise IdxError(f"bytes follow after its data of shape {shape}")


def _read_header(stream: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The dtype, big-endian, and the shape in the header with which `stream` begins; not a byte more is read."""
    start = stream.read(4)
    if start[:2] != b"\0\0"[: len(start)]:
        raise IdxError(f"it begins with {start!r}, not with two zero bytes")
    rank = start[3] if len(start) == 4 else 1
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise IdxError(f"its header ends after {len(start + sizes)} bytes")
    if start[2] not in DTYPES:
        raise IdxError(f"its element type 0x{start[2]:02x} is unknown")
    dtype, shape = DTYPES[start[2]], struct.unpack(f">{rank}I", sizes)
    # NumPy multiplies the sizes without the zeros among them
    if rank > MOST_DIMENSIONS or math.prod(size for size in shape if size) * dtype.itemsize > sys.maxsize:
        raise IdxError(f"NumPy has no array of its shape {shape}")
    return dtype, shape
