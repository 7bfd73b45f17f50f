"""Write MNIST's digits, about four times as large, one by one or in rows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

PARSE = Path("artifacts/parse")
PARTS = {"validation": ("train", 10_000), "test": ("test", 10_000)}  # the files, and how many images from their end
SCALES = (3.4, 4.6)  # pixels per pixel of MNIST
BOX = 20  # pixels of MNIST: height of most digits
APART = (2.0, 14.0)  # pixels of MNIST between the digits of a row

Generator = np.random.Generator
Layer = NDArray[np.float64]  # (h, w) in [0, 1]: how much of each pixel is inked or printed


@dataclass(frozen=True)
class Digits:
    """images: uint8 (n, 28, 28), light on dark. labels: uint8 (n,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def load_digits(part: str, parse: Path = PARSE) -> Digits:
    name, count = PARTS[part]
    images, labels = (np.load(parse / f"{name}-{kind}.npy", mmap_mode="r") for kind in ("images", "labels"))
    return Digits(images[-count:], labels[-count:])


def write_digit(generator: Generator, digits: Digits, scale: float) -> tuple[Layer, str]:
    """Return the ink of a random digit, cropped to its bounding box, and its name."""
    index = int(generator.integers(len(digits.images)))
    image = digits.images[index]
    image = image[np.ix_(image.any(axis=1), image.any(axis=0))]
    size = [max(3, round(scale * side)) for side in image.shape]
    enlarged = Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return np.asarray(enlarged, float) / 255, str(digits.labels[index])


def write_row(
    generator: Generator,
    digits: Digits,
    count: int,
    gap: tuple[float, float] = APART,
    by_ink: bool = False,
    scale: float | None = None,
    heights: tuple[float, float] = (0.9, 1.1),
) -> tuple[Layer, str]:
    """Write `count` digits of slightly different heights from left to right.

    heights: least and greatest, relative to `scale`. gap: least and greatest, in pixels of MNIST, negative if the
    digits overlap; between the bounding boxes, or, by_ink, between the ink of neighbours, which touches if it is 0.
    """
    scale = scale or generator.uniform(*SCALES)
    height = round(32 * scale)
    row, text = np.zeros((height, 0)), ""
    for _ in range(count):
        ink, name = write_digit(generator, digits, scale * generator.uniform(*heights))
        top = round((height - len(ink)) / 2 + generator.uniform(-1.5, 1.5) * scale)
        ink = np.pad(ink, ((top, height - top - len(ink)), (0, 0)))
        left = 0
        if text:
            touching = _find_contact(row, ink) if by_ink else row.shape[1]
            left = max(0, touching + round(scale * generator.uniform(*gap)))
        width = max(row.shape[1], left + ink.shape[1])
        row = np.maximum(_widen(row, 0, width), _widen(ink, left, width))
        text += name
    return row[row.any(axis=1)], text


def _find_contact(row: Layer, ink: Layer) -> int:
    """Return the column at which `ink` starts if it is moved left until it touches the row."""
    last = np.where(row >= 0.5, np.arange(row.shape[1]), -np.inf).max(axis=1)
    first = np.where(ink >= 0.5, np.arange(ink.shape[1]), np.inf).min(axis=1)
    return int((ndimage.maximum_filter1d(last, 3) - first).max()) + 1  # 3: pixels also touch diagonally


def _widen(ink: Layer, left: int, width: int) -> Layer:
    return np.pad(ink, ((0, 0), (left, width - left - ink.shape[1])))


def write_number(generator: Generator, digits: Digits) -> tuple[Layer, str]:
    """Write a single digit or, less often, a row of three or five."""
    return write_row(generator, digits, int(generator.choice([1, 1, 1, 3, 5])))


def add_margin(generator: Generator, layer: Layer, least: int = 10, most: int = 60) -> Layer:
    top, bottom, left, right = generator.integers(least, most + 1, 4)
    return np.pad(layer, ((top, bottom), (left, right)))


def write_with_margin(generator: Generator, digits: Digits, *margin: int) -> tuple[Layer, str]:
    """Write a number on an empty sheet. margin: least and most pixels on each side."""
    ink, text = write_number(generator, digits)
    return add_margin(generator, ink, *margin), text
