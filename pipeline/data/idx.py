"""The IDX file format, in which MNIST comes: reading and writing.

Two zero bytes, a byte that names the element type, a byte with the number of dimensions, each size as a
big-endian 32-bit unsigned integer, then the elements, big-endian, in C order. Files are often gzipped; that is
recognised by their first bytes, not by their names.  (LeCun, "The MNIST database", section "File formats")
"""

import gzip
import io
import mmap
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipeline.data.idx_header import LONGEST_HEADER, Header, Sink, Source, read_header, write_header
from pipeline.data.idx_header import IdxError as IdxError  # which is raised here as well
from pipeline.engine.rows import Rows

GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20  # bytes read at a time, so that memory follows what the stream holds, not what it claims


def load(path: Path) -> NDArray[Any]:
    """The array in the file `path`, read-only; its dtype is big-endian, as in the file.

    A plain file is memory-mapped, without a copy; a gzipped one is unpacked into memory. Raises IdxError,
    naming the file, if it is not one whole IDX file; OSError if it cannot be opened.
    """
    with _opened(path) as file:
        if file.peek(2)[:2] == GZIP_MAGIC:
            return read(file)
        if not file.peek(1):
            raise IdxError("it is empty")  # and an empty file cannot be mapped
        return decode(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def locate(path: Path) -> Rows:
    """Where the array in the plain file `path` lies, which is checked whole without reading more than its header.

    Its dtype is big-endian, as in the file. An array without dimensions has no rows, and no length either. Raises
    IdxError, naming the file, if it is gzipped (`unpack` it) or not one whole IDX file; OSError if it cannot be opened.
    """
    with _opened(path) as file:
        if file.peek(2)[:2] == GZIP_MAGIC:
            raise IdxError("it is gzipped, and has to be unpacked first")
        header = read_header(file)
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise IdxError("it is a stream, of which nobody knows where it ends: write it to a file first")
        header.check(status.st_size - file.tell())
        return Rows(path, header.dtype, header.shape, file.tell())


def is_gzipped(path: Path) -> bool:
    """Whether the file `path` has to be unpacked before it can be located."""
    with _opened(path) as file:
        return file.peek(2)[:2] == GZIP_MAGIC


def unpack(source: Path, target: Path) -> None:
    """Write the IDX file `source`, gzipped or not, to `target` as a plain one, a chunk in memory at a time.

    However much is packed into `source`, no more is written than its header announces. Raises IdxError, naming
    `source`, if it is not one whole IDX file; OSError if one of them cannot be opened or written. `target` then holds
    what came until then, and is the caller's to remove.
    """
    with _opened(source) as packed, unpacked(packed) as stream:
        header = read_header(stream)
        with open(target, "wb") as plain:
            write_header(plain, header)
            for chunk in _chunks(stream, header):
                plain.write(chunk)


def decode(buffer: bytes | bytearray | memoryview | mmap.mmap) -> NDArray[Any]:
    """The array whose plain IDX file `buffer` is: a view of it, not a copy. Raises IdxError."""
    view = memoryview(buffer)
    start = io.BytesIO(view[:LONGEST_HEADER])
    header = read_header(start)
    return _array(view[start.tell() :], header)


def read(stream: BinaryIO) -> NDArray[Any]:
    """The array in a stream of a plain or gzipped IDX file, which is read to its end.

    Memory follows the bytes that really come, whatever the header claims. Raises IdxError.
    """
    with unpacked(stream) as source:
        header = read_header(source)
        body = bytearray()
        for chunk in _chunks(source, header):
            body += chunk
    return _array(memoryview(body).toreadonly(), header)


def write(stream: Sink, array: NDArray[Any]) -> None:
    """Write `array` to `stream` as a plain IDX file, a few entries of its first axis at a time.

    Raises IdxError if IDX has no form for its dtype (whatever the byte order) or its shape.
    """
    rows = np.atleast_1d(array)
    step = max(1, CHUNK * len(rows) // max(1, rows.nbytes))
    write_blocks(stream, array.dtype, array.shape, (rows[i : i + step] for i in range(0, len(rows), step)))


def write_blocks(stream: Sink, dtype: DTypeLike, shape: tuple[int, ...], blocks: Iterable[NDArray[Any]]) -> None:
    """Write one array of `dtype` and `shape`, given as consecutive blocks of its first axis; otherwise like `write`."""
    header = Header(np.dtype(dtype).newbyteorder(">"), shape)
    write_header(stream, header)
    for block in blocks:
        stream.write(block.astype(header.dtype, copy=False).tobytes())


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
            with gzip.GzipFile(fileobj=buffered, mode="rb") as source:
                yield source
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise IdxError(f"its gzip is damaged ({error})") from None
    finally:
        buffered.detach()  # `stream` is the caller's to close


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    """The file `path`, open to be read; an IdxError meanwhile will name it."""
    if path.is_dir():
        raise IdxError(f"{path} is a folder, not an IDX file")
    with open(path, "rb") as file:
        try:
            yield file
        except IdxError as error:
            raise IdxError(f"{path} is no IDX file: {error}") from None


def _chunks(source: Source, header: Header) -> Iterator[bytes]:
    """The data that follow after the header, in parts; raises IdxError when they prove to be too few or too many."""
    length = 0
    # one byte more than there should be, to see that nothing follows
    while chunk := source.read(min(CHUNK, header.length + 1 - length)):
        length += len(chunk)
        if length > header.length:
            break
        yield chunk
    header.check(length)


def _array(body: memoryview, header: Header) -> NDArray[Any]:
    """A view of `body`, which must have exactly the length that the header announces."""
    header.check(len(body))
    return np.frombuffer(body, header.dtype).reshape(header.shape)
