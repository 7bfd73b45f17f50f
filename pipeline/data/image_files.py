"""Files of many raw images: `.npy` as NumPy writes it, or IDX, gzipped or not. Told apart by their first bytes."""

import contextlib
import gzip
import zlib
from pathlib import Path

import numpy as np

from pipeline.data import idx
from pipeline.data.dataset import DatasetError
from pipeline.engine.rows import Rows, open_rows

NPY_MAGIC = b"\x93NUMPY"


def locate_images(path: Path, image_shape: tuple[int, int], unpacked: Path) -> Rows:
    """Where the images in a file lie, uint8 (n, h, w) with the given h and w.

    A gzipped file is unpacked into the file `unpacked`, in whose rows they then lie; what is there already was unpacked
    before. Raises PipelineError, naming the file, if it holds anything else; OSError if it cannot be opened.
    """
    if path.is_dir():
        raise DatasetError(f"{path} is a folder: name the files in it")
    if path.exists() and not path.is_file():
        raise DatasetError(f"{path} is a device or a pipe, which cannot be read twice: write it to a file first")
    with open(path, "rb") as file:
        start = file.read(len(NPY_MAGIC))
    height, width = image_shape
    needed = f"needed are images of {height} x {width} pixels, uint8 (n, {height}, {width})"
    if start == NPY_MAGIC:
        return open_rows(path, np.uint8, (None, *image_shape), needed)
    if start[:2] == idx.GZIP_MAGIC:
        if not unpacked.exists():
            if _is_packed_npy(path):
                raise DatasetError(f"{path} is a gzipped .npy file: unpack it first")
            fresh = unpacked.with_suffix(".fresh")
            idx.unpack(path, fresh)
            fresh.rename(unpacked)
        rows = idx.locate(unpacked)
    else:
        rows = idx.locate(path)
    if rows.dtype != np.uint8 or rows.shape[1:] != image_shape:
        shape = ", ".join(map(str, rows.shape))
        raise DatasetError(f"{path} holds {rows.dtype.newbyteorder('=')} ({shape}): {needed}")
    return rows


def _is_packed_npy(path: Path) -> bool:
    with contextlib.suppress(EOFError, zlib.error, gzip.BadGzipFile), gzip.open(path) as stream:
        return stream.read(len(NPY_MAGIC)) == NPY_MAGIC
    return False
