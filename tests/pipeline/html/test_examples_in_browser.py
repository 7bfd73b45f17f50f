"""Test images to choose in the drawing demo."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from pipeline.model.model import load_model
from pipeline.model.prediction import predict_with_negative
from tests.pipeline.html.input import draw_with_mouse, pixels, prediction, strokes_of
from tests.pipeline.html.strokes import DIGITS, place

pytestmark = pytest.mark.slow


def test_test_images_are_read_and_named_by_their_true_class(page: Page, built: Path) -> None:
    buttons = page.locator("#examples button")
    names = [button.get_attribute("aria-label") or "" for button in buttons.all()]
    assert [name[-1] for name in names] == list("0123456789")
    model = load_model(built / "train")
    misread = 0
    for number, name in enumerate(names):
        buttons.nth(number).click()
        read = prediction(page)
        image = np.array(page.evaluate(f"Array.from(examples[{number}].image)"), np.uint8).reshape(1, 28, 28)
        assert np.array_equal(pixels(page, "#picture")[..., 0], image[0])
        assert read == str(predict_with_negative(model, image)[0].argmax())
        assert page.locator("#runner-up").inner_text().startswith(f"{name[-1]} in the test set, read as {read}")
        assert page.locator("#announcement").inner_text().startswith(f"{read}, ")
        assert name.startswith("Misread") == (read != name[-1])
        misread += read != name[-1]
    assert misread == 3
    assert "misread" in page.locator("#examples-title").inner_text()


def test_chosen_image_is_shown_until_a_stroke_replaces_it(page: Page) -> None:
    one = place(DIGITS[1], 0.2, 0.2, 0.6)
    draw_with_mouse(page, one)
    drawn = strokes_of(page)
    first = page.locator("#examples button").first
    first.click()
    assert prediction(page) == "0"
    assert strokes_of(page) == []
    assert first.get_attribute("aria-pressed") == "true"
    assert page.locator("#clear").get_attribute("aria-disabled") == "false"
    ink = pixels(page, "#canvas")[..., 3] > 100
    rows, columns = np.nonzero(ink)
    assert rows.mean() == pytest.approx(ink.shape[0] / 2, rel=0.1)
    assert columns.mean() == pytest.approx(ink.shape[1] / 2, rel=0.1)
    page.locator("#undo").click()
    assert strokes_of(page) == drawn
    assert prediction(page) == "1"
    assert page.locator("#examples [aria-pressed=true]").count() == 0
    first.click()
    assert prediction(page) == "0"
    draw_with_mouse(page, one)
    assert prediction(page) == "1"
    page.locator("#undo").click()
    assert prediction(page) == "0"
