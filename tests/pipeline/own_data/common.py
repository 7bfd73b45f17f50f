"""Pictures of three glyphs, and the data sets that are made of them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.data import idx
from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, Description
from pipeline.own_data import conversion
from pipeline.own_data.listing import list_items

CLASSES = ("2", "10", "bar")  # in natural order
SHAPE = (28, 28)


def draw(label: str, seed: int = 0, shape: tuple[int, int] = (40, 32)) -> NDArray[np.uint8]:
    """Return a glyph, light on black: a slash, a horizontal line or a vertical bar, of random size and levels."""
    generator = np.random.default_rng((CLASSES.index(label), seed))
    y, x = np.mgrid[: shape[0], : shape[1]]
    top, left = generator.integers(3, 8, 2)
    bottom, right = shape[0] - generator.integers(3, 8), shape[1] - generator.integers(3, 8)
    inside = (y >= top) & (y < bottom) & (x >= left) & (x < right)
    slope = (bottom - top) / (right - left)
    across, along = abs(y - bottom + slope * (x - left)) < 4, abs(y - shape[0] // 2) < 3
    ink = {"2": across, "10": along, "bar": abs(x - shape[1] // 2) < 3}[label] & inside
    return np.where(ink, generator.integers(200, 231, shape), 0).astype(np.uint8)


def save(path: Path, pixels: NDArray[Any], **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def write_folder(path: Path, count: int = 14, dark: bool = True) -> Path:
    """Write a folder with a sub-folder for each class, dark on light or light on dark."""
    for label in CLASSES:
        for seed in range(count):
            pixels = draw(label, seed)
            save(path / label / f"{seed}.png", 240 - pixels if dark else pixels)
    return path


def convert(source: Path, output: Path, shape: tuple[int, int] = SHAPE) -> Description:
    output.mkdir()
    return conversion.convert_items(list_items(source, shape), output, shape)


def load(folder: Path) -> dict[str, NDArray[np.uint8]]:
    names = {"train": TRAIN_IMAGES, "train_labels": TRAIN_LABELS, "test": TEST_IMAGES, "test_labels": TEST_LABELS}
    return {name: idx.load(folder / file) for name, file in names.items()}
