"""Arrays in `.npy` files: read whole or in rows, written whole or in blocks.

Rows are read and written by plain system calls, not by a memory map: memory use does not grow with the file, and a file
that is truncated during the run, or a full disk, is an exception instead of a killed process.
"""

import errno
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipeline.engine.documents import require_regular
from pipeline.engine.errors import PipelineError, naming

ROOM = 1 << 20  # bytes of a block where nothing else decides: it stays in cache, and calls do not count
UNSUPPORTED = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)  # by a file system that does not reserve space


class ArrayError(PipelineError):
    """A `.npy` file is missing, damaged, or holds another kind of array than its reader needs."""


def load_array(
    path: Path, dtype: DTypeLike, shape: tuple[int | None, ...], advice: str = "remove it and run its stage again"
) -> NDArray[Any]:
    """The array in `path`, memory-mapped and read-only; nothing in the file is ever executed.

    dtype: exactly the one that the file must have. shape: one entry an axis, None where any length will do. advice:
    what to do with another. Raises ArrayError if the file is missing or holds anything else.
    """
    try:
        require_regular(path)
        with np.errstate(all="ignore"):  # sizes in a damaged header may overflow
            array = np.lib.format.open_memmap(path, mode="r")
        if path.stat().st_size > array.offset + array.nbytes:
            raise ValueError("bytes follow after its data")
    except FileNotFoundError:
        raise ArrayError(f"{path} is missing: run its stage again") from None
    except OSError:
        raise
    except Exception as error:  # NumPy's header parser raises half a dozen kinds for damaged bytes
        raise ArrayError(f"{path} is no whole .npy array ({error}): {advice}") from error
    fits = len(shape) == array.ndim and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    if array.dtype != np.dtype(dtype) or not fits:
        wanted = f"{np.dtype(dtype)} ({', '.join('any' if n is None else str(n) for n in shape)})"
        found = f"{array.dtype} ({', '.join(map(str, array.shape))})"
        raise ArrayError(f"{path} holds {found}, not {wanted}: {advice}")
    return array


def save_blocks(path: Path, dtype: DTypeLike, shape: tuple[int, ...], blocks: Iterable[NDArray[Any]]) -> None:
    """Write one array of `dtype` and `shape`, given as consecutive blocks of its first axis, to `path`.

    Only one block is in memory at a time. Plain writes, not a memory map: a full disk is then an OSError
    (ENOSPC), which names the file, instead of a killed process.
    """
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
        "fortran_order": False,
        "shape": shape,
    }
    with naming(path), open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype=dtype).data)


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write `array` to `path`."""
    save_blocks(path, array.dtype, array.shape, [array])


@dataclass(frozen=True)
class Rows:
    """Where an array of `dtype` and `shape`, in C order, begins in the file `path`: `offset` bytes after its start."""

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    def __len__(self) -> int:
        """How many rows there are: entries of the first axis."""
        return self.shape[0]

    @property
    def row_bytes(self) -> int:
        """The bytes of one row."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize


def open_rows(path: Path, dtype: DTypeLike, shape: tuple[int | None, ...], *advice: str) -> Rows:
    """The rows of a `.npy` file, which must be as `load_array` has it. Raises ArrayError if it is not."""
    array = load_array(path, dtype, shape, *advice)
    if array.ndim > 1 and not array.flags.c_contiguous:
        raise ArrayError(f"{path} is in Fortran's order: save it with numpy.ascontiguousarray")
    assert isinstance(array, np.memmap)
    return Rows(path, array.dtype, array.shape, array.offset)


def create_rows(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> Rows:
    """A new `.npy` file of zeros; its space on the disk is reserved now, where the file system can do that."""
    kind = np.dtype(dtype)
    with open(path, "wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.flush()
        rows = Rows(path, kind, shape, file.tell())
        end = rows.offset + math.prod(shape) * kind.itemsize
        file.truncate(end)
        if hasattr(os, "posix_fallocate") and end > rows.offset:
            try:
                os.posix_fallocate(file.fileno(), rows.offset, end - rows.offset)
            except OSError as error:
                if error.errno not in UNSUPPORTED:
                    raise
    return rows


def read_rows(rows: Rows, start: int, stop: int) -> NDArray[Any]:
    """The rows start to stop, in memory of their own. Raises ArrayError if the file ends before them."""
    block = np.empty((stop - start, *rows.shape[1:]), rows.dtype)
    with open(rows.path, "rb", buffering=0) as file:
        file.seek(rows.offset + start * rows.row_bytes)
        room = block.reshape(-1).view(np.uint8).data
        while room:
            count = file.readinto(room)
            if not count:
                raise ArrayError(f"{rows.path} was cut short while it was read: make it again")
            room = room[count:]
    return block


def write_rows(rows: Rows, start: int, block: NDArray[Any]) -> None:
    """Put `block` where the rows from `start` on are."""
    with open(rows.path, "r+b", buffering=0) as file:
        file.seek(rows.offset + start * rows.row_bytes)
        room = np.ascontiguousarray(block, rows.dtype).reshape(-1).view(np.uint8).data
        while room:
            room = room[file.write(room) :]


def read_array(path: Path, dtype: DTypeLike, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """All rows of a `.npy` file, in memory, where nothing can happen to them any more. Raises ArrayError."""
    rows = open_rows(path, dtype, shape)
    return read_rows(rows, 0, len(rows))


def rows_within(rows: Rows, room: int = ROOM) -> int:
    """How many of the rows have at most `room` bytes; at least one."""
    return max(1, room // max(1, rows.row_bytes))


def read_blocks(rows: Rows, size: int, start: int = 0, stop: int | None = None) -> Iterator[NDArray[Any]]:
    """The rows start to stop, by default all, at most `size` of them at a time."""
    stop = len(rows) if stop is None else stop
    for first in range(start, stop, size):
        yield read_rows(rows, first, min(first + size, stop))
