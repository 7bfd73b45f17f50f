"""The page to draw on, as a file, and as it answers; how it is drawn on see test_hands.py."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pipeline.network.model import Model
from pipeline.network.prediction import predict
from pipeline.pages.drawing import save_drawing_page
from tests.browser import open_page
from tests.pipeline.pages.conftest import TESTED
from tests.pipeline.pages.hands import answer, draw_with_mouse, pixels, read_images
from tests.pipeline.pages.strokes import DIGITS, DOT, place


def test_a_page_without_a_network_opens(browser: Browser, make_model: Callable[..., Model], tmp_path: Path) -> None:
    save_drawing_page(tmp_path / "index.html", make_model(), *TESTED, room=10)
    with open_page(browser, tmp_path / "index.html") as page:
        assert "holds no network" in page.locator("main").inner_text()


def test_the_page_computes_what_python_computes(page: Page, built: Path) -> None:
    images = np.array(np.load(built / "parse" / "test-images.npy"))
    expected = np.load(built / "evaluate" / "probabilities.npy")
    found = read_images(page, images)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))


@pytest.mark.parametrize("cost", ["quadratic", "cross-entropy"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize(("members", "hidden"), [(1, ()), (1, (6,)), (3, (6, 5))])
def test_every_kind_of_model_is_computed_truly_and_shown(
    activation: Any,
    cost: Any,
    members: int,
    hidden: tuple[int, ...],
    make_model: Callable[..., Model],
    browser: Browser,
    tmp_path: Path,
) -> None:
    model = make_model(hidden, members, activation=activation, cost=cost)
    save_drawing_page(tmp_path / "index.html", model, *TESTED)
    images = np.random.default_rng(1).integers(0, 256, (50, 3, 4), dtype=np.uint8)
    with open_page(browser, tmp_path / "index.html") as page:
        np.testing.assert_allclose(read_images(page, images), predict(model, images), atol=1e-3)
        draw_with_mouse(page, [[(0.2, 0.2), (0.7, 0.7)]])
        answer(page)
        assert page.locator("#seen").evaluate("canvas => [canvas.height, canvas.width]") == [3, 4]
        assert page.locator("#layers canvas").count() == len(hidden)
        assert page.locator("#strongest button").count() == (hidden or (3,))[0]
        assert "add up to" in page.locator("#unit-sum").inner_text()


def test_logits_beyond_all_bounds_are_still_probabilities(
    browser: Browser, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    for cost in ("quadratic", "cross-entropy"):
        model = make_model(cost=cost)
        for layer in model.members[0]:
            layer.weights[...] *= 1000
        save_drawing_page(tmp_path / "index.html", model, *TESTED)
        images = np.random.default_rng(1).integers(0, 256, (20, 3, 4), dtype=np.uint8)
        with open_page(browser, tmp_path / "index.html") as page:
            found = read_images(page, images)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        np.testing.assert_allclose(found, predict(model, images), atol=1e-3)


def test_names_of_classes_are_text_whatever_is_in_them(
    browser: Browser, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    names = ("<script>alert(1)</script>", "</script><img src=x onerror=alert(2)>", "<!--")
    model = make_model(class_names=names)
    save_drawing_page(tmp_path / "index.html", replace(model, dataset="<b>&amp;"), *TESTED)
    with open_page(browser, tmp_path / "index.html") as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a class name was executed: {dialog.message}"))
        draw_with_mouse(page, [[(0.2, 0.2), (0.7, 0.7)]])
        answer(page)
        assert page.locator("#bars th").all_inner_texts() == list(names)
        assert page.locator("main img").count() == 0
        assert "<b>&amp;" in page.locator("footer").inner_text()


def test_an_answer_has_its_confidence_its_runner_up_and_a_bar_for_every_class(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[0], 0.2, 0.2, 0.6))
    assert answer(page) == "0"
    beliefs = page.evaluate("read(drawing.strokes).probabilities")
    second = sorted(range(10), key=lambda digit: -beliefs[digit])[1]
    assert re.fullmatch(r"(over )?\d+\.\d\s% sure", page.locator("#sureness").inner_text())
    assert page.locator("#runner-up").inner_text().startswith(f"then {second}, ")
    for digit, row in enumerate(page.locator("#bars tr").all()):
        name, share = row.inner_text().split("\t")[0], row.locator(".share").inner_text()
        assert (name.strip(), share) == (str(digit), f"{math.floor(1000 * beliefs[digit]) / 10:.1f}\u00a0%")
    page.wait_for_timeout(200)  # bars grow softly
    bar = page.locator("#bars tr.best .bar div").bounding_box()
    room = page.locator("#bars tr.best .bar").bounding_box()
    assert bar and room
    assert bar["width"] / room["width"] == pytest.approx(beliefs[0], abs=0.1)


@pytest.mark.parametrize(
    ("strokes", "said"),
    [
        ([], "Nothing is drawn yet. Draw a digit."),
        (DOT, "This is only a dot. Draw a digit."),
    ],
)
def test_where_no_digit_is_the_page_says_so_and_no_bar_is_full(strokes: Any, said: str, page: Page) -> None:
    draw_with_mouse(page, strokes)
    assert answer(page) == ""
    assert page.locator("#sureness").inner_text() == said
    assert set(page.locator("#bars .share").all_inner_texts()) == {"–"}
    page.wait_for_timeout(200)
    assert all(box["width"] <= 1 for bar in page.locator("#bars .bar div").all() if (box := bar.bounding_box()))


def test_what_the_network_sees_is_the_drawing_centred(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[1], 0.6, 0.05, 0.3))
    answer(page)
    image = np.array(page.evaluate("Array.from(read(drawing.strokes).image)")).reshape(28, 28)
    rows, columns = np.nonzero(image > 127)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(13.5, abs=1)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(13.5, abs=1)
    assert 18 <= np.ptp(rows) + 1 <= 20
    assert np.array_equal(pixels(page, "#seen")[..., 0], image)


def test_the_unit_that_one_looks_at_adds_up_as_it_says(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))
    answer(page)
    strongest = page.locator("#strongest button").first.get_attribute("aria-label")
    number = page.locator("#unit-number").inner_text()
    text = page.locator("#unit-sum").inner_text()
    activation = re.search(r"makes ([\d.]+) of it", text)
    assert activation
    assert strongest == f"Unit {number}, activation {activation[1]}"
    page.locator("#unit").fill("3")
    answer(page)
    assert page.locator("#unit-number").inner_text() == "3"
    values = page.evaluate("Array.from(read(drawing.strokes).activations[1])")
    assert f"makes {values[2]:.2f} of it" in page.locator("#unit-sum").inner_text()
    page.locator("#layers canvas").first.hover(position={"x": 1, "y": 1})
    answer(page)
    assert page.locator("#unit-number").inner_text() == "1"
