"""The page to draw on in a real browser: it shows what Python computes; tests/thorough has more."""

from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from tests.pipeline.pages.hands import answer, draw_with_mouse, read_images
from tests.pipeline.pages.strokes import DIGITS, DOT, place


def test_the_page_computes_what_python_computes(page: Page, built: Path) -> None:
    images = np.array(np.load(built / "parse" / "test-images.npy")[:100])
    expected = np.load(built / "evaluate" / "probabilities.npy")[:100]
    np.testing.assert_allclose(read_images(page, images), expected, atol=1e-3)


def test_a_digit_is_read_as_it_is_drawn_and_a_dot_is_none(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[0], 0.2, 0.2, 0.6))
    assert answer(page) == "0"
    page.keyboard.press("Escape")
    draw_with_mouse(page, DOT)
    assert not answer(page).isdigit()
