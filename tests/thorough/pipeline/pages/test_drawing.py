"""The drawing demo in a browser: predictions and views. See test_input.py for drawing."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pipeline.model.prediction import predict_with_negative
from pipeline.pages.drawing import save_drawing_page
from tests.browser import find_box, open_page
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import TEST_RESULT
from tests.pipeline.pages.input import draw_with_mouse, pixels, prediction, read_images
from tests.pipeline.pages.strokes import DIGITS, DOT, place


def test_page_without_network_opens(browser: Browser, tmp_path: Path) -> None:
    save_drawing_page(tmp_path / "index.html", make_model(), *TEST_RESULT, max_characters=10)
    with open_page(browser, tmp_path / "index.html") as page:
        assert "contains no network" in page.locator("main").inner_text()


def test_large_logits_give_valid_probabilities(browser: Browser, tmp_path: Path) -> None:
    for loss in ("quadratic", "cross-entropy"):
        model = make_model(loss=loss)
        for weights in model.parameters[0].weights:
            weights[...] *= 1000
        save_drawing_page(tmp_path / "index.html", model, *TEST_RESULT)
        images = np.random.default_rng(1).integers(0, 256, (20, 3, 4), dtype=np.uint8)
        with open_page(browser, tmp_path / "index.html") as page:
            found = read_images(page, images)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        np.testing.assert_allclose(found, predict_with_negative(model, images)[:, :-1], atol=1e-3)


def test_class_names_are_escaped(browser: Browser, tmp_path: Path) -> None:
    names = ("<script>alert(1)</script>", "</script><img src=x onerror=alert(2)>", "<!--")
    model = make_model(class_names=names)
    save_drawing_page(tmp_path / "index.html", replace(model, dataset="<b>&amp;"), *TEST_RESULT)
    with open_page(browser, tmp_path / "index.html") as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a class name was executed: {dialog.message}"))
        draw_with_mouse(page, [[(0.2, 0.2), (0.7, 0.7)]])
        prediction(page)
        assert page.locator("#bars th").all_inner_texts() == list(names)
        assert page.locator("main img").count() == 0
        assert "<b>&amp;" in page.locator("footer").inner_text()


def test_result_has_confidence_runner_up_and_bar_for_each_class(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[0], 0.2, 0.2, 0.6))
    assert prediction(page) == "0"
    probabilities = page.evaluate("read(model, drawing.strokes).probabilities")
    second = sorted(range(10), key=lambda digit: -probabilities[digit])[1]
    share = page.locator("#confidence").inner_text().removeprefix("Closest to 0 of the ten digits: ")
    assert re.fullmatch(r"(over\s)?\d+\.\d%", share)
    assert page.locator("#runner-up").inner_text().startswith(f"then {second}, ")
    for digit, row in enumerate(page.locator("#bars tr").all()):
        name, share = row.inner_text().split("\t")[0], row.locator(".share").inner_text()
        assert (name.strip(), share) == (str(digit), f"{math.floor(1000 * probabilities[digit]) / 10:.1f}%")
    page.wait_for_timeout(200)  # transition of the bars
    bar, cell = (find_box(page.locator(f"#bars tr.best .bar{inner}")) for inner in (" div", ""))
    assert bar["width"] / cell["width"] == pytest.approx(probabilities[0], abs=0.1)


@pytest.mark.parametrize(
    ("strokes", "message"),
    [([], "Nothing is drawn yet. Draw a digit."), (DOT, "This is only a dot. Draw a digit.")],
)
def test_rejected_drawing_has_message_and_empty_bars(strokes: Any, message: str, page: Page) -> None:
    draw_with_mouse(page, strokes)
    assert prediction(page) == ""
    assert page.locator("#confidence").inner_text() == message
    assert set(page.locator("#bars .share").all_inner_texts()) == {"–"}
    page.wait_for_timeout(200)
    assert all(find_box(bar)["width"] <= 1 for bar in page.locator("#bars .bar div").all())


def test_input_of_network_is_the_centred_drawing(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[1], 0.6, 0.05, 0.3))
    prediction(page)
    image = np.array(page.evaluate("Array.from(read(model, drawing.strokes).image)")).reshape(28, 28)
    rows, columns = np.nonzero(image > 127)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(13.5, abs=1)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(13.5, abs=1)
    assert 18 <= np.ptp(rows) + 1 <= 20
    assert np.array_equal(pixels(page, "#input")[..., 0], image)
