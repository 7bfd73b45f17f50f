"""Locate raw images in `.npy` or IDX files, gzipped or not. The first bytes tell the format."""

from pathlib import Path

import numpy as np

from pipeline.data import idx
from pipeline.data.dataset import DatasetError
from pipeline.engine.arrays import ArrayFile, open_array_file

NPY_MAGIC = b"\x93NUMPY"


def locate_images(path: Path, image_shape: tuple[int, int], unpacked: Path) -> ArrayFile:
    """Locate the images in a file, uint8 (n, h, w) with the given h and w.

    A gzipped file is decompressed into the file `unpacked`, in which the images are then located. Raises PipelineError
    if the file contains anything else, OSError if it cannot be opened.
    """
    if path.exists() and not path.is_file():
        raise DatasetError(f"{path} is a folder, a device or a pipe: give a regular file")
    height, width = image_shape
    with open(path, "rb") as file:
        start = file.read(len(NPY_MAGIC))
    if start == NPY_MAGIC:
        advice = f"give images of {height} x {width} pixels; scale other values to 0..255, then save them with "
        advice += ".astype(np.uint8)"
        return open_array_file(path, np.uint8, (None, *image_shape), advice)
    gzipped = start.startswith(idx.GZIP_MAGIC)
    if gzipped:
        idx.unpack(path, unpacked)
    elif not start.startswith(b"\0\0"):
        raise DatasetError(f"{path} is neither an IDX nor a .npy file: to read pictures, use `handwriting classify`")
    array = idx.locate(unpacked if gzipped else path)
    if array.shape[1:] != image_shape:
        raise DatasetError(
            f"{path} holds {array.dtype} {array.shape}, not uint8 (n, {height}, {width}): give images of {height} x "
            f"{width} pixels"
        )
    return array
