"""Arrays cross from one stage to the next as `.npy` files: written in a stream, read as a memory map."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipeline.engine.documents import require_regular
from pipeline.engine.errors import PipelineError, naming


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
