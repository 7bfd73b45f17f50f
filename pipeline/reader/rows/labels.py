"""Line images and their labels: the arrays that `lines` writes, and from which both networks of the reader learn.

A line image is the local contrast of a line of writing, in 8 bits. Its labels are an array (MAX_LABELS, 3): symbol,
left and right edge in pixels of each sign, in the order of reading; unused rows have the symbol NO_LABEL. The symbols
of the labels are the text. They are the classes of the data set, then SPACE, OTHER_WRITING and the SEPARATORS,
counted from the number of classes.

Its digits, including those of the lines above and below, are an array (MAX_DIGITS, 5) with the columns DIGIT_COLUMNS;
unused rows have the label NO_LABEL. From them, the detector learns.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import load_array, read_array
from pipeline.model import header

LINE_IMAGE_HEIGHT, LINE_IMAGE_WIDTH = 40, 256  # pixels of a line image as the recogniser sees it
LINE_MARGIN = 2  # pixels above and below it by which training and reading move it
OUTER = 22  # pixels above and below, with parts of other lines, that only the detector sees
SIDE = 20  # pixels by which a synthetic line image is longer on the left and on the right, so that it can be stretched
SHEET = LINE_IMAGE_HEIGHT + 2 * (LINE_MARGIN + OUTER), LINE_IMAGE_WIDTH + 2 * SIDE  # pixels of a synthetic line image
MAX_LABELS = 64
MAX_DIGITS = 64
DIGIT_COLUMNS = ("label", "y", "x", "size", "visible")  # centre, longer side in pixels; part within the picture, [0, 1]
NO_LABEL = -1
SPACE, OTHER_WRITING = 0, 1  # between two numbers with only paper between them; a word, a letter, a sign
SEPARATORS = {character: OTHER_WRITING + number for number, character in enumerate(header.SEPARATOR_CHARACTERS, 1)}
# What a text has for these symbols; other writing parts numbers, as a space does.
WRITTEN_SIGNS = (" ", " ", *SEPARATORS)
ARRAYS: dict[str, tuple[type, tuple[int, ...]]] = {  # dtype and shape of what a line image has, by the names of files
    "lines": (np.uint8, SHEET),
    "labels": (np.float32, (MAX_LABELS, 3)),
    "digits": (np.float32, (MAX_DIGITS, len(DIGIT_COLUMNS))),
}
ZERO, CONTRAST_STEPS = 128, 24  # code of a contrast of 0, and of a contrast of 1 above it


def encode_contrast(contrast: NDArray[Any]) -> NDArray[np.uint8]:
    """Return local contrast, of any shape, as codes of 8 bits; `decode_contrast` is the inverse, up to rounding."""
    return np.asarray(np.clip(np.rint(ZERO + CONTRAST_STEPS * contrast), 0, 255), np.uint8)


def decode_contrast(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the local contrast of codes from `encode_contrast`, in their shape."""
    return (codes.astype(np.float32) - ZERO) / np.float32(CONTRAST_STEPS)


def load_line_part(folder: Path, part: str, name: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return the line images of a part, as a memory map, and what ARRAYS calls `name`, both from the stage `lines`.

    Raises PipelineError if a file is missing or damaged.
    """
    images = np.asarray(load_array(folder / f"{part}-lines.npy", np.uint8, (None, *SHEET)))
    dtype, shape = ARRAYS[name]
    return images, read_array(folder / f"{part}-{name}.npy", dtype, (len(images), *shape))
