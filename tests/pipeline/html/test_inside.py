"""Inside the network, in a browser: layers, votes and "Why", by mouse and keys, and with every kind of model."""

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pipeline.model.prediction import predict_logits
from tests.browser import PHONE, find_violations
from tests.pipeline.html.conftest import DIGIT, Demo
from tests.pipeline.html.input import (
    draw_with_mouse,
    hover,
    numbers,
    pin,
    pixels,
    prediction,
    tile,
    title,
    wait_for_update,
)
from tests.pipeline.models import make_model

pytestmark = pytest.mark.slow

SEEN = "read(model, drawing.strokes).values", "forward(model.networks[0], new Float32Array(784))"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_view(scheme: Any, open_drawn: Demo) -> None:
    with open_drawn(color_scheme=scheme) as page:
        for layer in range(3):
            page.locator(".tiles:visible").nth(layer).locator(".tile:visible").nth(3).hover()
            check(page)
    with open_drawn(color_scheme=scheme, **PHONE) as page:
        check(page)
        page.locator(".tile:visible").first.tap()
        check(page)


def check(page: Page) -> None:
    page.wait_for_timeout(400)
    assert find_violations(page) == []


def test_keyboard_leads_from_the_canvas_to_why_and_back(drawn: Page) -> None:
    page = drawn
    page.locator("#canvas").focus()
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if reached[-1] == "class":
            break
    assert [name.split()[0] for name in reached if name].count("tile") == 3
    page.keyboard.press("Enter")
    wait_for_update(page)
    assert page.locator(".class").first.get_attribute("aria-pressed") == "true"
    for _ in reached:
        page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.id") == "canvas"


@pytest.mark.parametrize(
    ("layers", "networks", "activation", "loss", "negative_class"),
    [
        ("", 1, "relu", "cross-entropy", True),
        ("6,5", 3, "sigmoid", "mean-squared-error", True),
        ("conv4", 1, "relu", "cross-entropy", False),
        ("conv4x2/1,conv3x3/2", 2, "sigmoid", "mean-squared-error", False),
        ("conv4x3/1,conv3x3/2,6", 3, "relu", "cross-entropy", True),
        ("conv4x3/2x1p1,conv4x1x3/1p0x2d2+,6", 1, "relu", "cross-entropy", True),
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
            assert page.locator("#products > *").count() >= 1
        assert page.locator(".class").count() == 3 + negative_class
        assert page.locator("#why-title").inner_text().startswith("Why ")
        page.locator(".class").last.hover()
        page.mouse.move(5, 5)
        wait_for_update(page)
        assert page.locator(".overlay *").count() > 0
        page.locator("summary", has_text="How it works").click()
        wait_for_update(page)
        assert page.locator("#how-steps canvas:visible").count() == 4


def test_pointing_shows_the_patch_and_leaving_ends_it(drawn: Page) -> None:
    before = title(drawn)
    hover(drawn, 0, 5, 7, 3)
    assert title(drawn) == "Pixel of map 6, layer 1: row 7, column 3"
    drawn.locator(".all-maps").click()
    hover(drawn, 1, 20, 2, 4, size=4)
    assert title(drawn) == "Pixel of map 21, layer 2: row 2, column 4"
    assert drawn.locator(".overlay rect:not(.halo)").count() == 2 + 5
    assert drawn.locator(".overlay line:not(.vote)").count() == 5
    drawn.mouse.move(5, 5)
    assert title(drawn) == before


def test_shown_sum_is_that_of_the_shown_numbers(drawn: Page) -> None:
    hover(drawn, 0, 5, 7, 3)
    wait_for_update(drawn)
    numbers = {
        name: np.array([float(text.replace("−", "-")) for text in drawn.locator(f"#{name} span").all_inner_texts()])
        for name in ("patch", "weights", "products")
    }
    assert {len(values) for values in numbers.values()} == {25}
    np.testing.assert_allclose(numbers["patch"] * numbers["weights"], numbers["products"], atol=0.02)
    text = drawn.locator("#detail-sum").inner_text().replace("−", "-").replace("- bias ", "-")
    products, bias, total, *activation = [float(number) for number in re.findall(r"-?\d+\.\d+", text)]
    assert products == pytest.approx(numbers["products"].sum(), abs=0.15)
    assert round(products + bias, 2) == total  # the numbers that are shown add up
    assert activation == ([total] if total > 0 else [])


def test_click_pins_and_follow_releases(drawn: Page) -> None:
    pin(drawn)
    drawn.mouse.move(5, 5)
    assert title(drawn) == "Pixel of map 6, layer 1: row 7, column 3"
    assert tile(drawn, 0, 5).get_attribute("aria-pressed") == "true"
    drawn.locator("#canvas").scroll_into_view_if_needed()
    draw_with_mouse(drawn, [[(0.3, 0.9), (0.7, 0.9)]])
    assert title(drawn) == "Pixel of map 6, layer 1: row 7, column 3"
    drawn.locator("#follow").click()
    wait_for_update(drawn)
    assert drawn.locator(".tile[aria-pressed=true]").count() == 0
    expect(drawn.locator("#follow")).to_be_hidden()  # it would have no effect
    pin(drawn)
    drawn.mouse.click(5, 5)
    hover(drawn, 0, 5, 7, 3)
    drawn.mouse.down()  # on what is selected: this releases, too
    drawn.mouse.up()
    wait_for_update(drawn)
    assert tile(drawn, 0, 5).get_attribute("aria-pressed") == "false"


def test_keys_move_between_tiles_and_select_one(drawn: Page) -> None:
    tile(drawn, 0, 0).focus()
    drawn.keyboard.press("ArrowRight")
    assert title(drawn).startswith("Pixel of map 2, layer 1")
    drawn.keyboard.press("ArrowDown")
    assert title(drawn).startswith("Pixel of map 6, layer 1")
    drawn.keyboard.press("Enter")
    expect(tile(drawn, 0, 5)).to_have_attribute("aria-pressed", "true")
    wait_for_update(drawn)
    assert drawn.locator("#announcement").inner_text().startswith(f"{title(drawn)}: products ")
    drawn.keyboard.press("Escape")
    assert len(drawn.evaluate("drawing.strokes")) == 1  # Escape did not clear the drawing
    expect(tile(drawn, 0, 5)).to_have_attribute("aria-pressed", "false")


def test_kernel_slides_over_all_positions(drawn: Page) -> None:
    pin(drawn)
    drawn.locator("#slide").click()
    seen: list[int] = []
    for wait in (1000, 400, 400):
        drawn.wait_for_timeout(wait)
        if not seen:
            reached = pixels(drawn, "#result-map")[-1]
            assert (reached == reached[0]).all()  # after one second the last row is still empty
        row, column = map(int, re.findall(r"\d+", title(drawn))[2:])
        seen.append(12 * row + column)
    assert seen == sorted(set(seen))
    expect(drawn.locator("#slide")).to_have_text("Slide the kernel")
    values, blank = (np.array(drawn.evaluate(f"[...{each}[1]].slice(5 * 144, 6 * 144)")) for each in SEEN)
    strongest = int(np.argmax(values - blank))
    assert title(drawn) == f"Pixel of map 6, layer 1: row {strongest // 12 + 1}, column {strongest % 12 + 1}"


def test_bar_asks_why_not_that_class(drawn: Page) -> None:
    logits = drawn.evaluate("Array.from(read(model, drawing.strokes).logits)")
    best = int(np.argmax(logits))
    one, other = (best + 1) % 10, (best + 2) % 10
    drawn.locator(".class").nth(one).click()
    wait_for_update(drawn)
    assert drawn.locator("#why-title").inner_text() == f"Why {best}, not {one}?"
    assert drawn.locator(".class").nth(one).get_attribute("aria-pressed") == "true"
    *terms, lead = numbers(drawn.locator(":is(#raises, #lowers, #biases, #leads)"))
    assert lead == pytest.approx(logits[best] - logits[one], abs=0.051)
    assert lead == round(sum(terms), 1)  # the numbers that are shown add up
    assert numbers(drawn.locator("#detail-sum"))[-1] == pytest.approx(logits[one], abs=0.06)
    announced = drawn.locator("#announcement").inner_text()
    assert announced.startswith(f"Why {best}, not {one}?: ")
    assert "temperature" not in announced
    drawn.locator(".class").nth(one).click()
    drawn.mouse.move(5, 5)
    assert title(drawn).startswith("Pixel of map ")
    assert drawn.locator(".class[aria-pressed=true]").count() == 0
    drawn.locator(".class").nth(other).focus()
    drawn.keyboard.press("Enter")
    wait_for_update(drawn)
    assert drawn.locator("#why-title").inner_text() == f"Why {best}, not {other}?"


def test_why_is_hidden_while_it_explains_another_answer(drawn: Page) -> None:
    """At the moment of a change, before the delay of "Why" is over."""
    seen = drawn.evaluate(
        """() => [3, 6, 0].map((best) => {
            probabilitiesOf = () => softmax(Array.from({ length: 10 }, (_, k) => (k === best ? 5 : k / 10)));
            drawing.strokes = [[{ x: 0.3, y: 0.1 + best / 20 }, { x: 0.5, y: 0.6 }]];
            show();
            const title = document.getElementById("why-title");
            return [getComputedStyle(title).visibility, title.textContent.startsWith(`Why ${best},`)];
        })"""
    )
    assert all(visibility == "hidden" or is_current for visibility, is_current in seen)
    expect(drawn.locator("#why-title")).to_have_text("Why 0, not 9?")
    expect(drawn.locator("#why-title")).to_be_visible()


def test_a_class_has_one_sum_of_votes_everywhere_from_which_its_share_follows(open_demo: Demo) -> None:
    model = make_model("6", temperature=0.5)
    with open_demo(model) as page:
        draw_with_mouse(page, DIGIT)
        prediction(page)
        image = np.array(page.evaluate("Array.from(read(model, drawing.strokes).image)"), np.float32).reshape(1, 3, 4)
        standardised = ((image / 255 - model.scaling.mean) / model.scaling.std).astype(np.float32)
        logits = predict_logits(model, standardised)[0] / 0.5
        shown = numbers(page.locator(".class .votes"))
        assert shown == pytest.approx(logits, abs=0.051)
        best = int(np.argmax(logits))
        page.locator(".class").nth(best).hover()
        assert title(page).startswith(f"Score of {model.class_names[best]},")
        assert numbers(page.locator("#detail-sum"))[-1] == pytest.approx(logits[best], abs=0.011)
        page.locator("summary", has_text="How it works").click()
        text = page.locator("#share-of").inner_text().replace("−", "-")
        first, again, second = (float(number) for number in re.findall(r"e\^(-?\d+\.\d)", text))
        assert [first, again, second] == [shown[best], shown[best], sorted(shown)[-2]]
        share = page.locator(".class.best .share").inner_text()
        assert text.endswith(f" {share}")
        assert float(share[:-1]) == pytest.approx(100 / np.exp(logits - logits[best]).sum(), abs=0.1)
