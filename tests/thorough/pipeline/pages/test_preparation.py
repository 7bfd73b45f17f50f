"""Preprocessing in JavaScript gives the same results as in Python, and improbable digits are rejected."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from pipeline.model.model import load_model
from pipeline.pictures.preparation import find_ink, prepare
from tests.pipeline.pages.conftest import Demo

PREPARE = """([grey, width, height, shape, inkStatistics]) => {
    const image = prepare(Uint8Array.from(grey), width, height, shape, inkStatistics);
    return image && Array.from(image);
}"""


def drawings(images: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return digits of varying size, stroke width, polarity and position, and some non-digits."""
    generator = np.random.default_rng(0)
    found = []
    for number, image in enumerate(images):
        size = tuple(generator.integers(20, 180, 2).tolist())
        large = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
        if number % 3 == 1:  # very thin or very thick strokes
            large = np.where(large > generator.integers(20, 250), 255, 0).astype(np.uint8)
        placed = np.pad(large, generator.integers(0, 60, (2, 2)).tolist())
        found.append(255 - placed // 2 if number % 2 else placed)
    ramp = np.linspace(0, 90, 40 * 50).reshape(40, 50).astype(np.uint8)
    disc = np.hypot(*np.mgrid[-30:30, -30:30]) < 20
    return [*found, ramp, 255 * disc.astype(np.uint8), np.full((9, 9), 77, np.uint8), np.full((1, 1), 77, np.uint8)]


def test_page_prepares_drawings_like_python(open_demo: Demo, built: Path) -> None:
    model = load_model(built / "train")
    images = np.load(built / "parse" / "test-images.npy")[:50]
    differences = []
    with open_demo() as page:
        for shape in ((28, 28), (17, 20)):
            for drawing in drawings(images):
                ink = find_ink(drawing)
                expected = None if ink is None else prepare(ink, shape, model.ink_statistics)
                height, width = drawing.shape
                given: list[Any] = [drawing.reshape(-1).tolist(), width, height, shape, asdict(model.ink_statistics)]
                found = page.evaluate(PREPARE, given)
                if expected is None:
                    assert found is None
                    continue
                differences.append(np.abs(np.array(found) - expected.reshape(-1).astype(int)).max())
    assert len(differences) == 2 * 52
    assert max(differences) <= 2


def test_page_rejects_low_probabilities(page: Page) -> None:
    least = page.evaluate("MIN_PROBABILITY")
    for probability in (least - 0.01, least + 0.01):
        found = page.evaluate("(probabilities) => choose(probabilities, 2)", [0.1, probability])
        assert found == (1 if probability > least else None)
