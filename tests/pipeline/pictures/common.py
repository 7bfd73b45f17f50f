"""Picture files for tests."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from pipeline.pictures.decoding import load_picture
from tests.drawings import Grey, Images, enlarge, place, sample_digits


def page() -> Images:
    """A black digit on white; neither square nor symmetric."""
    return 255 - place(enlarge(sample_digits()[0][0], 2), (60, 90), 2, 5)


def encode(image: Image.Image, kind: str, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def load(file: io.BytesIO) -> Grey:
    grey = load_picture(file, "file")[0]
    assert grey.dtype == np.float32
    assert grey.min() >= 0
    assert grey.max() <= 255
    return grey


def join_row(images: Sequence[Images], overlap: int = 0) -> Images:
    """Paste images into a row whose ink touches, or overlaps by some columns, with a margin."""
    row = np.zeros((len(images[0]), 0), np.uint8)
    for image in images:
        inked = image[:, image.any(axis=0)]
        left = max(row.shape[1] - overlap, 0)
        added = np.pad(inked, ((0, 0), (left, max(row.shape[1] - left - inked.shape[1], 0))))
        row = np.maximum(np.pad(row, ((0, 0), (0, added.shape[1] - row.shape[1]))), added)
    return np.pad(row, 4)
