"""The drawing demo in a browser; the slow tests have more."""

from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from pipeline.model.model import load_model
from pipeline.model.prediction import predict_with_negative
from tests.pipeline.html.input import draw_with_mouse, prediction, read_images
from tests.pipeline.html.strokes import DIGITS, DOT, place


def test_page_predicts_same_probabilities_as_python(page: Page, built: Path) -> None:
    images = np.array(np.load(built / "parse" / "test-images.npy")[:100])
    found = read_images(page, images)
    expected = predict_with_negative(load_model(built / "train"), images)[:, : found.shape[1]]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))


def test_page_reads_digit_and_rejects_dot(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[0], 0.2, 0.2, 0.6))
    assert prediction(page) == "0"
    page.keyboard.press("Escape")
    draw_with_mouse(page, DOT)
    assert not prediction(page).isdigit()


def test_cleared_drawing_comes_back_by_undo_and_by_its_link(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[0], 0.2, 0.2, 0.6))
    assert prediction(page) == "0"
    link = page.evaluate("encodeLink(drawing)")
    for restore in ("#undo", "link"):
        page.locator("#clear").click()
        assert prediction(page) == ""
        if restore == "#undo":
            page.locator("#undo").click()
        else:
            page.evaluate("(link) => { location.hash = link; }", link)
        assert prediction(page) == "0"
