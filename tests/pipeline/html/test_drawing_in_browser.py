"""The drawing demo in a browser: predictions, views and texts. See test_input.py for drawing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pipeline.html.demo.drawing_page import save_drawing_page
from tests.browser import find_box, open_page
from tests.pipeline.html.conftest import TEST_RESULT, Demo
from tests.pipeline.html.input import draw_with_mouse, on_canvas, prediction
from tests.pipeline.html.strokes import DIGITS, DOT, place
from tests.pipeline.models import make_model

pytestmark = pytest.mark.slow


def test_page_without_network_opens(browser: Browser, tmp_path: Path) -> None:
    save_drawing_page(tmp_path / "index.html", make_model("2000,2000", shape=(28, 28)), *TEST_RESULT)
    with open_page(browser, tmp_path / "index.html") as page:
        assert "contains no network" in page.locator("main").inner_text()


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
    shares = [percent(probability) for probability in probabilities]
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
    draw_with_mouse(page, strokes)
    assert prediction(page) == ""
    assert page.locator("#confidence").inner_text() == message
    assert set(bars_of(page)) == {"–"}
    page.wait_for_timeout(200)
    assert all(find_box(bar)["width"] <= 1 for bar in page.locator(".class .bar span").all())


def percent(probability: float) -> str:
    digits = 2 if probability > 0.999 else 1
    return f"{min(100 * probability, 100 - 10**-digits):.{digits}f}%"


def bars_of(page: Page) -> list[str]:
    return page.locator(".class .share").all_inner_texts()


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
