"""The page prepares and judges drawings as Python does."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser

from pipeline.data.ink import is_like
from pipeline.model.files import load_model
from pipeline.pictures.fit import find_ink, fit
from pipeline.pictures.reading import UNSURE
from tests.browser import open_page

PREPARE = """([grey, width, height, shape, ink_statistics]) => {
    const image = prepare(Uint8Array.from(grey), width, height, shape, ink_statistics);
    return image && [Array.from(image), isLike({height: shape[0], width: shape[1], values: image}, ink_statistics)];
}"""


def drawings(images: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Digits of many sizes, thin and thick, dark on light and light on dark, at the border and off it; and blots."""
    generator = np.random.default_rng(0)
    made = []
    for number, image in enumerate(images):
        size = tuple(generator.integers(20, 180, 2).tolist())
        large = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
        if number % 3 == 1:  # thinner than any stroke of MNIST, or as thick as a blot
            large = np.where(large > generator.integers(20, 250), 255, 0).astype(np.uint8)
        placed = np.pad(large, generator.integers(0, 60, (2, 2)).tolist())
        made.append(255 - placed // 2 if number % 2 else placed)
    ramp = np.linspace(0, 90, 40 * 50).reshape(40, 50).astype(np.uint8)
    disc = np.hypot(*np.mgrid[-30:30, -30:30]) < 20
    return [*made, ramp, 255 * disc.astype(np.uint8), np.full((9, 9), 77, np.uint8), np.full((1, 1), 77, np.uint8)]


def test_the_page_prepares_and_judges_drawings_as_python_does(browser: Browser, built: Path) -> None:
    model = load_model(built / "train")
    images = np.load(built / "parse" / "test-images.npy")[:50]
    differences, judged = [], set()
    with open_page(browser, built / "export" / "index.html") as page:
        for shape in ((28, 28), (17, 20)):
            for drawing in drawings(images):
                ink = find_ink(drawing)
                expected = None if ink is None else fit(ink, shape, model.ink_statistics)
                height, width = drawing.shape
                given: list[Any] = [drawing.reshape(-1).tolist(), width, height, shape, asdict(model.ink_statistics)]
                found = page.evaluate(PREPARE, given)
                if expected is None:
                    assert found is None
                    continue
                image, likes = found
                differences.append(np.abs(np.array(image) - expected.reshape(-1).astype(int)).max())
                assert likes == is_like(expected / np.float32(255), model.ink_statistics)
                judged.add(likes)
    assert len(differences) == 2 * 52
    assert max(differences) <= 2
    assert judged == {True, False}


def test_the_page_is_unsure_where_python_is(browser: Browser, built: Path) -> None:
    model = load_model(built / "train")
    image = np.load(built / "parse" / "test-images.npy")[0].reshape(-1).tolist()
    with open_page(browser, built / "export" / "index.html") as page:
        for belief in (UNSURE - 0.01, UNSURE + 0.01):
            given: list[Any] = [[belief, 0.1], image, model.image_shape, asdict(model.ink_statistics)]
            assert page.evaluate("(given) => isLikely(...given)", given) == (belief > UNSURE)
