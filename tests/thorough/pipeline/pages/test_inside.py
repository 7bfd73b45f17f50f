"""Inside the network, in a browser: the page as a whole, with every kind of model, by keys and for screen readers."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import PHONE, find_violations, open_page
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import Demo
from tests.pipeline.pages.input import draw_with_mouse, prediction
from tests.thorough.pipeline.pages.conftest import DIGIT
from tests.thorough.pipeline.pages.inside import tile, title, wait_for_update


def test_nothing_is_marked_after_clear(drawn: Page) -> None:
    assert drawn.locator(".overlay rect").count() > 0
    drawn.locator("#clear").click()
    wait_for_update(drawn)
    assert drawn.locator(".overlay *").count() == 0
    assert drawn.locator(".tile:is(.target, .source)").count() == 0
    drawn.locator("[aria-label=Left]").click(force=True)
    wait_for_update(drawn)
    assert "moved" not in drawn.locator("main").inner_text()


@pytest.mark.parametrize("name", ["How it works", "Keys"])
def test_explanations_are_closed_by_escape_and_by_a_click_elsewhere(name: str, drawn: Page) -> None:
    summary = drawn.locator("summary", has_text=name)
    for leave in (lambda: drawn.keyboard.press("Escape"), lambda: drawn.mouse.click(5, 5)):
        summary.click()
        assert drawn.locator("details[open]").count() == 1
        leave()
        assert drawn.locator("details[open]").count() == 0
    assert len(drawn.evaluate("drawing.strokes")) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_view(scheme: Any, browser: Browser, file: Path) -> None:
    with open_page(browser, file, color_scheme=scheme) as page:
        draw_with_mouse(page, DIGIT)
        prediction(page)
        for layer in range(3):
            tile(page, layer, 3).hover()
            check(page)
        page.locator("[name=network]").nth(1).check()
        check(page)
    with open_page(browser, file, color_scheme=scheme, **PHONE) as page:
        draw_with_mouse(page, DIGIT)
        prediction(page)
        page.locator("#look-inside").tap()
        for each in page.locator("[role=tab]").all():
            each.tap()
            check(page)


def check(page: Page) -> None:
    page.wait_for_timeout(400)
    assert find_violations(page) == []


def test_keyboard_leads_from_the_canvas_to_why_and_back(drawn: Page) -> None:
    page = drawn
    page.locator("h1").click()
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if reached[-1] == "class":
            break
    assert reached[0] == "canvas"
    assert [name.split()[0] for name in reached if name].count("tile") == 3
    page.keyboard.press("Enter")
    wait_for_update(page)
    assert page.locator(".class").first.get_attribute("aria-pressed") == "true"
    for _ in reached[1:]:
        page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.id") == "canvas"


@pytest.mark.parametrize(
    ("layers", "networks", "activation", "loss", "negative_class"),
    [
        ("", 1, "relu", "cross-entropy", True),
        ("6,5", 3, "sigmoid", "quadratic", True),
        ("conv4", 1, "relu", "cross-entropy", False),
        ("conv4x2/1,conv3x3/2", 2, "sigmoid", "quadratic", False),
        ("conv4x3/1,conv3x3/2,6", 3, "relu", "cross-entropy", True),
    ],
)
def test_every_kind_of_model_is_shown(
    layers: str, networks: int, activation: Any, loss: Any, negative_class: bool, open_demo: Demo
) -> None:
    model = make_model(layers, networks, (9, 7), activation=activation, loss=loss, negative_class=negative_class)
    hidden = model.networks[0].layers[:-1]
    with open_demo(model) as page:
        draw_with_mouse(page, [[(0.2, 0.2), (0.7, 0.7)]])
        prediction(page)
        assert page.locator("#picture").evaluate("canvas => [canvas.height, canvas.width]") == [9, 7]
        wait_for_update(page)
        assert page.locator(".tiles").count() == len(hidden)
        for number, layer in enumerate(hidden):
            assert page.locator(".tiles").nth(number).locator(".tile").count() == layer.output_shape[0]
            tile(page, number, 0).hover()
            assert title(page).startswith(("Pixel of map 1, ", "Unit 1 of"))
            assert page.locator("#slices li").count() >= 1
        assert page.locator(".class").count() == 3 + negative_class
        assert page.locator("#why-title").inner_text().startswith("Why ")
        page.locator(".class").last.hover()
        page.mouse.move(5, 5)
        wait_for_update(page)
        assert page.locator(".overlay *").count() > 0
        assert ("no hidden layer" in (page.locator("#lead").text_content() or "")) == (hidden == ())
