"""Drawings of digits, made of the images that come with the project."""

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
    """The sample's test images, (500, 28, 28), ink light on dark, and their labels."""
    images, labels = idx.load(SAMPLE / "t10k-images-idx3-ubyte.gz"), idx.load(SAMPLE / "t10k-labels-idx1-ubyte.gz")
    return images, labels


def enlarge(image: Images, times: float) -> Images:
    """The image as many times as large, smoothly."""
    height, width = (round(times * side) for side in image.shape)
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def on_paper(ink: Images, paper: float = 235, pen: float = 30) -> Grey:
    """Ink of 255, and none of 0, as the levels of a pen and of paper."""
    return np.asarray(paper + (pen - paper) * (ink / 255.0), np.float32)


def place(ink: Images, shape: tuple[int, int], top: int, left: int) -> Images:
    """Some ink on a larger sheet without any."""
    sheet = np.zeros(shape, np.uint8)
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def write_row(images: Sequence[Images], gap: int = 6, up_and_down: int = 0) -> Images:
    """Images beside each other, `gap` columns without ink between them, every other one lower."""
    inked = [image[:, image.any(axis=0)] for image in images]
    width = sum(image.shape[1] for image in inked) + gap * (len(inked) + 1)
    sheet = np.zeros((inked[0].shape[0] + up_and_down + 8, width), np.uint8)
    left = gap
    for number, image in enumerate(inked):
        top = 4 + up_and_down * (number % 2)
        sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
        left += image.shape[1] + gap
    return sheet
