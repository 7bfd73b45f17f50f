"""Arrays in files, read and written whole or in blocks of entries along the first axis.

Blocks are read and written without a memory map: memory use is independent of the file size, and a truncated file or a
full disk raises an exception instead of killing the process.
"""

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipeline.engine.documents import advise_anew, require_regular
from pipeline.engine.errors import PipelineError

COPY_BYTES = 1 << 20  # default size of a block: it fits into the cache, and the overhead of a call is negligible


class ArrayError(PipelineError):
    """A `.npy` file is missing or damaged, or contains an array of another dtype, shape or order."""


def load_array(path: Path, dtype: DTypeLike, shape: tuple[int | None, ...], advice: str = "") -> NDArray[Any]:
    """Return the array in `path`, memory-mapped and read-only; nothing is unpickled.

    shape: the required length of each axis, None for any length. advice: the end of the error message, by default that
    of `advise_anew`. Raises ArrayError if the file is missing or contains something else.
    """
    advice = advice or advise_anew(path)
    try:
        require_regular(path)
        with np.errstate(all="ignore"):  # sizes in a damaged header may overflow
            array = np.lib.format.open_memmap(path, mode="r")
        if path.stat().st_size > array.offset + array.nbytes:
            raise ValueError("bytes follow after its data")
    except FileNotFoundError:
        raise ArrayError(f"{path} is missing: {advise_anew(path)}") from None
    except OSError:
        raise
    except Exception as error:  # NumPy's header parser raises half a dozen types for damaged bytes
        raise ArrayError(f"{path} is not a complete .npy array ({error}): {advice}") from error
    fits = len(shape) == array.ndim and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    if array.dtype != np.dtype(dtype) or not fits:
        lengths = ", ".join("n" if n is None else str(n) for n in shape) + "," * (len(shape) == 1)
        raise ArrayError(f"{path} holds {array.dtype} {array.shape}, not {np.dtype(dtype)} ({lengths}): {advice}")
    return array


def save_blocks(path: Path, dtype: DTypeLike, shape: tuple[int, ...], blocks: Iterable[NDArray[Any]]) -> None:
    """Write an array given as consecutive blocks of its first axis."""
    with open(path, "wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype=dtype).data)


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write `array` to `path`."""
    save_blocks(path, array.dtype, array.shape, [array])


@dataclass(frozen=True)
class ArrayFile:
    """An array in C order in the file `path`; its data begin at byte `offset`. An entry is one of its first axis."""

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def entry_bytes(self) -> int:
        """Size of one entry in bytes."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize


def open_array_file(path: Path, dtype: DTypeLike, shape: tuple[int | None, ...], *advice: str) -> ArrayFile:
    """Return where the array of a `.npy` file in C order is. The arguments are those of `load_array`.

    Raises ArrayError as `load_array` does, also if the array is in Fortran order, and OSError if it cannot be opened.
    """
    array = load_array(path, dtype, shape, *advice)
    if array.ndim > 1 and not array.flags.c_contiguous:
        raise ArrayError(f"{path} is in Fortran order: save it with numpy.ascontiguousarray")
    assert isinstance(array, np.memmap)
    return ArrayFile(path, array.dtype, array.shape, array.offset)


def create_array_file(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> ArrayFile:
    """Create a `.npy` file of zeros."""
    array = np.lib.format.open_memmap(path, "w+", dtype, shape)
    return ArrayFile(path, array.dtype, array.shape, array.offset)


def read_entries(array: ArrayFile, start: int, stop: int) -> NDArray[Any]:
    """Return a copy of the entries from `start` to `stop`. Raises ArrayError if the file ends before them."""
    block = np.empty((stop - start, *array.shape[1:]), array.dtype)
    with open(array.path, "rb") as file:
        file.seek(array.offset + start * array.entry_bytes)
        if file.readinto(block.reshape(-1).view(np.uint8).data) < block.nbytes:
            raise ArrayError(f"{array.path} was truncated while it was read: {advise_anew(array.path)}")
    return block


def write_entries(array: ArrayFile, start: int, block: NDArray[Any]) -> None:
    """Overwrite the entries from `start` on with `block`; they are on the disk when the function returns."""
    with open(array.path, "r+b") as file:
        file.seek(array.offset + start * array.entry_bytes)
        file.write(np.ascontiguousarray(block, array.dtype).data)
        file.flush()
        os.fsync(file.fileno())


def read_array(path: Path, dtype: DTypeLike, shape: tuple[int | None, ...], below: float | None = None) -> NDArray[Any]:
    """Return a copy in memory of the array in a `.npy` file.

    below: limit that all values must be below, such as the number of classes for labels; none may be negative then.
    Raises ArrayError, as `open_array_file` does, also if a value is out of these bounds or NaN.
    """
    array = open_array_file(path, dtype, shape)
    found = read_entries(array, 0, len(array))
    if below is not None and found.size and not 0 <= found.min() <= found.max() < below:
        wrong = found.max() if found.min() >= 0 else found.min()
        raise ArrayError(
            f"{path} contains {wrong}, but all values must be at least 0 and below {below}: {advise_anew(path)}"
        )
    return found


def read_blocks(
    array: ArrayFile, size: int | None = None, start: int = 0, stop: int | None = None
) -> Iterator[NDArray[Any]]:
    """Yield the entries from `start` to `stop` (default: all) in blocks of at most `size` (default: about 1 MB)."""
    size = size or max(1, COPY_BYTES // max(1, array.entry_bytes))
    stop = len(array) if stop is None else stop
    for first in range(start, stop, size):
        yield read_entries(array, first, min(first + size, stop))
