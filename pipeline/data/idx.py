"""Read and write IDX, the file format of MNIST (LeCun, "The MNIST database", section "File formats").

Two zero bytes, one byte for the element type, one byte for the number of dimensions, each size as a big-endian 32-bit
unsigned integer, then the elements, big-endian, in C order. Gzipped files are detected by their first bytes.
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

MAX_DIMENSIONS = 64  # of a NumPy array; the format itself allows 255
GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20  # bytes per read: memory use depends on the data, not on the header


class IdxError(PipelineError):
    """Bytes are not one complete IDX file, or IDX does not support the dtype of an array."""


def load(path: Path) -> NDArray[Any]:
    """Read the array, big-endian as in the file, gzipped or not. Raises IdxError or OSError."""
    with _open(path) as stream:
        dtype, shape = _read_header(stream)
        return np.frombuffer(bytearray().join(_read_data(stream, dtype, shape)), dtype).reshape(shape)


def locate(path: Path) -> Rows:
    """Locate the array in an uncompressed file by its header, with a big-endian dtype.

    An array without dimensions has no rows and no length. Raises IdxError or OSError.
    """
    with _open(path, plain=True) as file:
        dtype, shape = _read_header(file)
        _check_length(dtype, shape, os.fstat(file.fileno()).st_size - file.tell())
        return Rows(path, dtype, shape, file.tell())


def unpack(source: Path, target: Path) -> None:
    """Copy `source` to `target`, uncompressed, in chunks.

    Raises IdxError if it is not one complete IDX file, or OSError; `target` is then incomplete.
    """
    with _open(source) as stream, open(target, "wb") as plain:
        dtype, shape = _read_header(stream)
        plain.write(_format_header(dtype, shape))
        plain.writelines(_read_data(stream, dtype, shape))


def save(path: Path, array: NDArray[Any]) -> None:
    """Write `array`, gzipped if the name ends in `.gz`. Raises IdxError for an unsupported dtype."""
    with open(path, "wb") as file:
        if path.suffix == ".gz":
            # Without name and time in the header, equal arrays give equal files
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as stream:
                write(stream, array)
        else:
            write(file, array)


def write(stream: IO[bytes] | gzip.GzipFile, array: NDArray[Any]) -> None:
    """Write `array` to `stream`, uncompressed. Raises IdxError for an unsupported dtype."""
    dtype = array.dtype.newbyteorder(">")
    if dtype not in CODES:
        names = ", ".join(known.newbyteorder("=").name for known in CODES)
        raise IdxError(f"IDX supports {names}, not {array.dtype.newbyteorder('=')}: convert the array first")
    stream.write(_format_header(dtype, array.shape))
    stream.write(np.ascontiguousarray(array, dtype).data)


@contextmanager
def _open(path: Path, plain: bool = False) -> Iterator[Any]:
    """Open a file, decompressed if it is gzipped and not `plain`; add its name to each IdxError."""
    with open(path, "rb") as file:
        gzipped = not plain and file.peek(2)[:2] == GZIP_MAGIC
        try:
            yield gzip.GzipFile(fileobj=file) if gzipped else file
        except IdxError as error:
            raise IdxError(f"{path} is not a valid IDX file: {error}") from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise IdxError(f"{path} cannot be decompressed: its gzip data is damaged ({error})") from None


def _read_data(stream: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the data in chunks. Raises IdxError at the end if there is less, or after one byte if there is more."""
    length, done = math.prod(shape) * dtype.itemsize, 0
    while chunk := stream.read(min(CHUNK, length + 1 - done)):
        done += len(chunk)
        yield chunk
    _check_length(dtype, shape, done)


def _check_length(dtype: np.dtype[Any], shape: tuple[int, ...], found: int) -> None:
    length = math.prod(shape) * dtype.itemsize
    if found < length:
        raise IdxError(f"it ends after {found:,} of {length:,} bytes of data of shape {shape}")
    if found > length:
        raise IdxError(f"unexpected bytes after its data of shape {shape}")


def _format_header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, CODES[dtype], len(shape), *shape)


def _read_header(stream: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Read exactly the header; return the big-endian dtype and the shape."""
    start = stream.read(4)
    if start[:2] != b"\0\0"[: len(start)]:
        raise IdxError(f"it starts with {start!r}, not with two zero bytes")
    rank = start[3] if len(start) == 4 else 1
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise IdxError(f"its header ends after {len(start + sizes)} bytes")
    if start[2] not in DTYPES:
        raise IdxError(f"its element type 0x{start[2]:02x} is unknown")
    dtype, shape = DTYPES[start[2]], struct.unpack(f">{rank}I", sizes)
    # NumPy computes this product without the zeros
    if rank > MAX_DIMENSIONS or math.prod(size for size in shape if size) * dtype.itemsize > sys.maxsize:
        raise IdxError(f"NumPy does not support its shape {shape}")
    return dtype, shape
