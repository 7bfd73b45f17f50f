"""Files of many raw images: `.npy` as NumPy writes it, or IDX, gzipped or not. Told apart by their first bytes."""

from pathlib import Path

import numpy as np

from pipeline.data import idx
from pipeline.data.dataset import DatasetError
from pipeline.engine.arrays import Rows, open_rows
from pipeline.engine.errors import PipelineError

NPY_MAGIC = b"\x93NUMPY"


def locate_images(path: Path, image_shape: tuple[int, int], unpacked: Path) -> Rows:
    """Where the images in a file lie, uint8 (n, h, w) with the given h and w.

    A gzipped file is unpacked into the file `unpacked`, in whose rows they then lie; what is there already was unpacked
    before. Raises PipelineError, naming the file, if it holds anything else; OSError if it cannot be opened.
    """
    if path.exists() and not path.is_file():
        raise DatasetError(f"{path} is a folder, a device or a pipe: name regular files")
    if not _begins(path, idx.GZIP_MAGIC):
        return _locate(path, image_shape)
    if not unpacked.exists():
        fresh = unpacked.with_suffix(".fresh")
        idx.unpack(path, fresh)
        fresh.rename(unpacked)
    try:
        return _locate(unpacked, image_shape)
    except PipelineError as error:
        raise DatasetError(str(error).replace(str(unpacked), str(path))) from None


def _begins(path: Path, magic: bytes) -> bool:
    with open(path, "rb") as file:
        return file.read(len(magic)) == magic


def _locate(path: Path, image_shape: tuple[int, int]) -> Rows:
    height, width = image_shape
    needed = f"needed are images of {height} x {width} pixels, uint8 (n, {height}, {width})"
    if _begins(path, NPY_MAGIC):
        return open_rows(path, np.uint8, (None, *image_shape), needed)
    rows = idx.locate(path)
    if rows.dtype != np.uint8 or rows.shape[1:] != image_shape:
        shape = ", ".join(map(str, rows.shape))
        raise DatasetError(f"{path} holds {rows.dtype.newbyteorder('=')} ({shape}): {needed}")
    return rows
