"""Drawings of digits, from the embedded sample."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import pipeline.data
from pipeline.data import idx

Grey = NDArray[np.float32]
Images = NDArray[np.uint8]

SAMPLE = Path(pipeline.data.__file__).parent / "sample"


@functools.cache
def sample_digits() -> tuple[Images, Images]:
    """Return the test images of the sample, uint8 (500, 28, 28), light on dark, and their labels, (500,)."""
    images, labels = idx.load(SAMPLE / "t10k-images-idx3-ubyte.gz"), idx.load(SAMPLE / "t10k-labels-idx1-ubyte.gz")
    return images, labels


def enlarge(image: Images, times: float) -> Images:
    """Resize an image by a factor, bicubically."""
    height, width = (round(times * side) for side in image.shape)
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def on_paper(ink: Images, paper: float = 235, pen: float = 30) -> Grey:
    """Map ink 0..255 linearly to grey levels between `paper` and `pen`."""
    return np.asarray(paper + (pen - paper) * (ink / 255.0), np.float32)


def place(ink: Images, shape: tuple[int, int], top: int, left: int) -> Images:
    """Paste an image onto a larger empty sheet."""
    sheet = np.zeros(shape, np.uint8)
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def write_row(images: Sequence[Images], gap: int = 6, up_and_down: int = 0) -> Images:
    """Paste images into a row with `gap` empty columns between them, every second one `up_and_down` pixels lower."""
    inked = [image[:, image.any(axis=0)] for image in images]
    width = sum(image.shape[1] for image in inked) + gap * (len(inked) + 1)
    sheet = np.zeros((inked[0].shape[0] + up_and_down + 8, width), np.uint8)
    left = gap
    for i, image in enumerate(inked):
        top = 4 + up_and_down * (i % 2)
        sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
        left += image.shape[1] + gap
    return sheet
