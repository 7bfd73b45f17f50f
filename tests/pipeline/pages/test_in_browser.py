"""The drawing demo in a browser; tests/thorough has more."""

from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from tests.pipeline.pages.input import draw_with_mouse, prediction, read_images
from tests.pipeline.pages.strokes import DIGITS, DOT, place


def test_page_predicts_same_probabilities_as_python(page: Page, built: Path) -> None:
    images = np.array(np.load(built / "parse" / "test-images.npy")[:100])
    expected = np.load(built / "evaluate" / "probabilities.npy")[:100]
    np.testing.assert_allclose(read_images(page, images), expected, atol=1e-3)


def test_page_reads_digit_and_rejects_dot(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[0], 0.2, 0.2, 0.6))
    assert prediction(page) == "0"
    page.keyboard.press("Escape")
    draw_with_mouse(page, DOT)
    assert not prediction(page).isdigit()
