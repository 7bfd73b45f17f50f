"""The header of an IDX file: of which kind the elements are, and how many; so how long the file has to be.

Two zero bytes, a byte that names the element type, a byte with the number of dimensions, each size as a
big-endian 32-bit unsigned integer.  (LeCun, "The MNIST database", section "File formats")
"""

import math
import struct
import sys
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

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


@dataclass(frozen=True)
class Header:
    """dtype: big-endian, as in the file."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def length(self) -> int:
        """The bytes of data that have to follow."""
        return math.prod(self.shape) * self.dtype.itemsize

    def check(self, length: int) -> None:
        """Raise IdxError unless exactly `length` bytes of data have to follow."""
        if length < self.length:
            raise IdxError(f"it ends after {length:,} of {self.length:,} bytes of data of shape {self.shape}")
        if length > self.length:
            raise IdxError(f"bytes follow after its data of shape {self.shape}")


def read_header(source: Source) -> Header:
    """The header with which `source` begins, and not a byte more. Raises IdxError."""
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
    return Header(dtype, shape)


def write_header(stream: Sink, header: Header) -> None:
    """Write `header` to `stream`. Raises IdxError if IDX has no form for its dtype or its shape."""
    if header.dtype not in CODES:
        names = ", ".join(known.newbyteorder("=").name for known in CODES)
        raise IdxError(f"IDX holds {names}, not {header.dtype.newbyteorder('=')}: convert the array first")
    if any(size >= 1 << 32 for size in header.shape):
        raise IdxError(f"IDX holds sizes below 2**32, not {max(header.shape)}")
    rank = len(header.shape)
    stream.write(struct.pack(f">HBB{rank}I", 0, CODES[header.dtype], rank, *header.shape))
