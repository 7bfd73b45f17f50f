"""The drawing demo in a browser: predictions, views and texts. See test_input.py for drawing."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pipeline.model.prediction import predict_with_negative
from pipeline.pages.drawing import save_drawing_page
from tests.browser import find_box, open_page
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import TEST_RESULT, Demo
from tests.pipeline.pages.input import draw_with_mouse, on_canvas, prediction, read_images
from tests.pipeline.pages.strokes import DIGITS, DOT, place


def test_page_without_network_opens(browser: Browser, tmp_path: Path) -> None:
    save_drawing_page(tmp_path / "index.html", make_model(), *TEST_RESULT, limits={8: 10})
    with open_page(browser, tmp_path / "index.html") as page:
        assert "contains no network" in page.locator("main").inner_text()


def test_large_logits_give_valid_probabilities(open_demo: Demo) -> None:
    for loss in ("quadratic", "cross-entropy"):
        model = make_model(loss=loss)
        for weights, _ in model.parameters[0].layers:
            weights[...] *= 1000
        images = np.random.default_rng(1).integers(0, 256, (20, 3, 4), dtype=np.uint8)
        with open_demo(model) as page:
            found = read_images(page, images)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        np.testing.assert_allclose(found, predict_with_negative(model, images)[:, :-1], atol=1e-3)


def test_page_with_8_bits_per_weight_predicts_with_the_rounded_weights(browser: Browser, tmp_path: Path) -> None:
    model = make_model("conv24x4,conv48x3/1,conv96x4,160", shape=(28, 28), class_names=tuple("0123456789"))
    images = np.random.default_rng(1).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    unrounded = predict_with_negative(model, images)[:, :-1]
    save_drawing_page(tmp_path / "index.html", model, *TEST_RESULT)
    with open_page(browser, tmp_path / "index.html") as page:
        assert "8 bits per weight" in page.locator("footer").inner_text()
        found = read_images(page, images)
    for weights, _ in model.parameters[0].layers:
        rows = weights.reshape(len(weights), -1)
        steps = np.abs(rows).max(axis=1, keepdims=True) / 127
        rows[...] = steps * np.rint(rows / steps)
    np.testing.assert_allclose(found, predict_with_negative(model, images)[:, :-1], atol=1e-3)
    assert np.abs(found - unrounded).max() > 2e-3


def test_class_names_are_escaped(open_demo: Demo) -> None:
    names = ("<script>alert(1)</script>", "</script><img src=x onerror=alert(2)>", "<!--")
    with open_demo(make_model(class_names=names)) as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a class name was executed: {dialog.message}"))
        draw_with_mouse(page, [[(0.2, 0.2), (0.7, 0.7)]])
        prediction(page)
        assert page.locator(".class .name").all_inner_texts() == list(names)
        assert page.locator("main img").count() == 0


@pytest.mark.parametrize("name", ["export", "report"])
def test_injected_script_is_blocked(name: str, browser: Browser, built: Path, tmp_path: Path) -> None:
    attacks = "<script>window.pwned = 1</script><img src='data:,' onerror='window.pwned = 2'>"
    text = (built / name / "index.html").read_text(encoding="utf-8")
    (tmp_path / "index.html").write_text(text.replace("<body", f"{attacks}<body", 1), encoding="utf-8")
    with browser.new_context() as context:
        opened, errors = context.new_page(), list[str]()
        opened.on("console", lambda message: errors.append(message.text))
        opened.goto((tmp_path / "index.html").as_uri(), wait_until="networkidle")
        assert opened.evaluate("window.pwned") is None
        assert sum("Content Security Policy" in error for error in errors) == 2


def test_result_has_confidence_runner_up_and_bar_for_each_class(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[0], 0.2, 0.2, 0.6))
    assert prediction(page) == "0"
    probabilities = page.evaluate("Array.from(read(model, drawing.strokes).probabilities)")
    second = [*range(10), "none"][np.argsort(probabilities)[-2]]
    shares = [f"{math.floor(1000 * probability) / 10:.1f}%" for probability in probabilities]
    assert page.locator("#confidence").inner_text().endswith(f" 0: {shares[0]}")
    named = f"then {second}, {sorted(probabilities)[-2]:.9f}" if sorted(probabilities)[-2] >= 0.001 else ""
    assert page.locator("#runner-up").inner_text()[: len("then 0, ")] == named[: len("then 0, ")]
    for digit, row in enumerate(page.locator(".class").all()[:10]):
        name, share = (row.locator(part).inner_text() for part in (".name", ".share"))
        assert (name.strip(), share) == (str(digit), shares[digit])
    page.wait_for_timeout(200)  # transition of the bars
    bar, cell = (find_box(page.locator(f".class.best .bar{inner}")) for inner in (" span", ""))
    assert bar["width"] / cell["width"] == pytest.approx(probabilities[0], abs=0.1)


@pytest.mark.parametrize(
    ("strokes", "message"),
    [([], "Nothing is drawn yet. Draw a digit."), (DOT, "This is only a dot. Draw a digit.")],
)
def test_rejected_drawing_has_message_and_empty_bars(strokes: Any, message: str, page: Page) -> None:
    page.locator("#canvas").click(button="right")  # ends the pen that writes while nothing is drawn
    draw_with_mouse(page, strokes)
    assert prediction(page) == ""
    assert page.locator("#confidence").inner_text() == message
    assert set(bars_of(page)) == {"–"}
    page.wait_for_timeout(200)
    assert all(find_box(bar)["width"] <= 1 for bar in page.locator(".class .bar span").all())


def predict_with(page: Page, *probabilities: float) -> None:
    """Let the page read any drawing with these probabilities."""
    page.evaluate(
        """(probabilities) => {
            const original = predict;
            const logits = probabilities.map((each) => Math.log(each + 1e-9));
            predict = (model, image) => ({ ...original(model, image), probabilities, logits });
        }""",
        probabilities,
    )
    draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))


def bars_of(page: Page) -> list[str]:
    return page.locator(".class .share").all_inner_texts()


@pytest.mark.parametrize(("probability", "certain"), [(0.81, True), (0.79, False)])
def test_prediction_below_80_percent_is_shown_as_uncertain(probability: float, certain: bool, page: Page) -> None:
    predict_with(page, *[(1 - probability) / 9] * 3, probability, *[(1 - probability) / 9] * 6)
    assert prediction(page) == "3"
    text = page.locator("#confidence").inner_text()
    assert text.endswith(f" 3: {probability:.1%}")
    assert text.startswith("Perhaps") != certain
    colours = [
        page.locator(selector).first.evaluate("element => getComputedStyle(element).color")
        for selector in ("#prediction", "#runner-up")
    ]
    assert (colours[0] == colours[1]) != certain


def test_rejected_drawing_shows_its_probabilities(open_demo: Demo) -> None:
    with open_demo(make_model(class_names=tuple("0123456789"), negative_class=True)) as page:
        predict_with(page, *[0.02] * 9, 0.06, 0.76)
        assert prediction(page) == ""
        assert page.locator("#confidence").inner_text() == "This doesn't look like a digit."
        assert page.locator("#announcement").inner_text() == "This doesn't look like a digit."
        assert bars_of(page)[:10] == [*["2.0%"] * 9, "6.0%"]


def test_runner_up_without_a_share_is_not_named(page: Page) -> None:
    predict_with(page, *[0] * 3, 0.9996, *[0.0001] * 4, 0, 0)
    assert prediction(page) == "3"
    assert page.locator("#confidence").inner_text() == f"Almost certainly 3: {bars_of(page)[3]}"
    assert page.locator("#runner-up").inner_text() == ""


def test_runner_up_can_be_no_digit(open_demo: Demo) -> None:
    with open_demo(make_model(class_names=tuple("0123456789"), negative_class=True)) as page:
        predict_with(page, 0.87, *[0.001] * 9, 0.121)
        assert prediction(page) == "0"
        assert page.locator("#runner-up").inner_text() == "then none, 12.1%"


def test_unfinished_stroke_is_not_judged(page: Page) -> None:
    page.evaluate("choose = () => null")
    page.mouse.move(*on_canvas(page, [[(0.2, 0.3)]])[0][0])
    page.mouse.down()
    prediction(page)
    assert page.locator("#confidence").inner_text() == "Not a digit yet."
    page.mouse.move(*on_canvas(page, [[(0.7, 0.8)]])[0][0])
    prediction(page)
    assert page.locator("#confidence").inner_text() == "Not a digit yet."
    page.mouse.up()
    prediction(page)
    assert page.locator("#confidence").inner_text() == "This doesn't look like a digit."
