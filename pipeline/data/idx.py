"""Read and write IDX, the file format of MNIST (LeCun, "The MNIST database", section "File formats").

A file has two zero bytes, one byte for the element type, one byte for the number of dimensions, each size as a
big-endian 32-bit unsigned integer, then the elements, in C order. Only files of bytes are supported, in one to three
dimensions, as images and labels are. Gzipped files are detected by their first bytes.
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

from pipeline.engine.arrays import ArrayFile
from pipeline.engine.errors import PipelineError

BYTES = 0x08  # the element type
GZIP_MAGIC = b"\x1f\x8b"
IDX_CHUNK = 1 << 20  # bytes per read: memory use depends on the data, not on the header


class IdxError(PipelineError):
    """Bytes are not one complete IDX file of images or labels."""


def load(path: Path) -> NDArray[np.uint8]:
    """Read the array, gzipped or not. Raises IdxError or OSError."""
    with _open(path) as stream:
        shape = _read_header(stream)
        return np.frombuffer(bytearray().join(_read_data(stream, shape)), np.uint8).reshape(shape)


def locate(path: Path) -> ArrayFile:
    """Locate the array in an uncompressed file by its header. Raises IdxError or OSError."""
    with _open(path, plain=True) as file:
        shape = _read_header(file)
        _check_length(shape, os.fstat(file.fileno()).st_size - file.tell())
        return ArrayFile(path, np.dtype(np.uint8), shape, file.tell())


def unpack(source: Path, target: Path, limit: int | None = None) -> None:
    """Copy `source` to `target`, uncompressed, in chunks.

    limit: most bytes of data, because a little gzip data can hold many. Raises IdxError if it is not one complete IDX
    file, or OSError; `target` is then incomplete.
    """
    with _open(source) as stream, open(target, "wb") as plain:
        shape = _read_header(stream)
        if limit is not None and math.prod(shape) > limit:
            raise IdxError(f"its shape {shape} is above {limit:,} bytes")
        plain.write(_format_header(shape))
        plain.writelines(_read_data(stream, shape))


def save(path: Path, array: NDArray[np.uint8]) -> None:
    """Write `array`, uncompressed."""
    with open(path, "wb") as file:
        file.write(_format_header(array.shape))
        file.write(np.ascontiguousarray(array).data)


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
            raise IdxError(f"{path} cannot be decompressed: damaged gzip data ({error}). Copy it again") from None


def _read_data(stream: IO[bytes], shape: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the data in chunks. Raises IdxError at the end if there is less, or after one byte if there is more."""
    done = 0
    while chunk := stream.read(min(IDX_CHUNK, math.prod(shape) + 1 - done)):
        done += len(chunk)
        yield chunk
    _check_length(shape, done)


def _check_length(shape: tuple[int, ...], found: int) -> None:
    length = math.prod(shape)
    if found < length:
        raise IdxError(f"it ends after {found:,} of {length:,} bytes of data of shape {shape}")
    if found > length:
        raise IdxError(f"unexpected bytes after its data of shape {shape}")


def _format_header(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, BYTES, len(shape), *shape)


def _read_header(stream: IO[bytes]) -> tuple[int, ...]:
    """Read exactly the header; return the shape."""
    start = stream.read(4)
    if start[:2] != b"\0\0"[: len(start)]:
        raise IdxError(f"it starts with {start!r}, not with two zero bytes")
    rank = start[3] if len(start) == 4 else 1
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise IdxError(f"its header ends after {len(start + sizes)} bytes")
    if start[2] != BYTES or not 1 <= rank <= 3:
        raise IdxError(f"its element type is 0x{start[2]:02x} in {rank} dimensions, not 0x08, uint8, in 1 to 3")
    shape = struct.unpack(f">{rank}I", sizes)
    if math.prod(size for size in shape if size) > sys.maxsize:  # NumPy computes this product without the zeros
        raise IdxError(f"NumPy does not support its shape {shape}")
    return shape
