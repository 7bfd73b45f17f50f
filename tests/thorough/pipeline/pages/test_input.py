"""Input to the drawing demo by mouse, finger, pen and keyboard."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.browser import PHONE, open_page
from tests.pipeline.pages.input import (
    Draw,
    clear,
    draw_with_finger,
    draw_with_mouse,
    draw_with_pen,
    on_canvas,
    prediction,
    strokes_of,
)
from tests.pipeline.pages.strokes import DIGITS, place


@pytest.mark.parametrize(
    ("kind", "draw", "options"),
    [
        ("mouse", draw_with_mouse, {}),
        ("mouse", draw_with_mouse, PHONE),
        ("touch", draw_with_finger, PHONE),
        ("pen", draw_with_pen, {}),
    ],
)
def test_digit_is_read_from_every_pointer_type(
    kind: str, draw: Draw, options: dict[str, Any], browser: Browser, built: Path
) -> None:
    with open_page(browser, built / "export" / "index.html", **options) as page:
        page.evaluate("canvas.addEventListener('pointerdown', (event) => (window.kind = event.pointerType))")
        for digit in (3, 4):
            clear(page)
            drawn = place(DIGITS[digit], 0.2, 0.2, 0.6)
            draw(page, drawn)
            assert prediction(page) == str(digit)
            assert page.evaluate("kind") == kind
            found = strokes_of(page)
            assert len(found) == len(drawn)
            for stroke, expected in zip(found, drawn, strict=True):
                np.testing.assert_allclose([stroke[0], stroke[-1]], [expected[0], expected[-1]], atol=0.01)
                assert len(stroke) > len(expected) / 2
        assert page.evaluate("[scrollX, scrollY]") == [0, 0]


def test_digits_are_read_in_every_size_and_corner(page: Page) -> None:
    """Draws a subset of tests/benchmarks/page.py: every digit in every size, in varying corners."""
    wrong = []
    for number, size in enumerate((0.3, 0.5, 0.8)):
        for digit, strokes in DIGITS.items():
            right, low = (digit + number) % 2, (digit + number) // 2 % 2
            left, top = (0.96 - size if far else 0.04 for far in (right, low))
            clear(page)
            draw_with_mouse(page, [stroke[::2] + stroke[-1:] for stroke in place(strokes, left, top, size)])
            if (predicted := prediction(page)) != str(digit):
                wrong.append((digit, size, predicted))
    assert len(wrong) <= 1, wrong  # the network was trained on a small part of MNIST


def test_input_of_network_is_independent_of_size_position_and_screen(browser: Browser, built: Path) -> None:
    images = []
    for options in ({}, PHONE):
        with open_page(browser, built / "export" / "index.html", **options) as page:
            for left, top, size in ((0.1, 0.1, 0.8), (0.6, 0.05, 0.35)):
                clear(page)
                draw_with_mouse(page, place(DIGITS[5], left, top, size))
                images.append(np.array(page.evaluate("Array.from(read(model, drawing.strokes).image)"), float))
    for image in images[1:]:
        assert np.abs(image - images[0]).mean() < 4  # of 255 levels


def test_second_finger_is_ignored(browser: Browser, built: Path) -> None:
    with open_page(browser, built / "export" / "index.html", **PHONE) as page:
        ((start, end, elsewhere, far),) = on_canvas(page, [[(0.2, 0.2), (0.2, 0.8), (0.8, 0.2), (0.8, 0.8)]])
        session = page.context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

        touch("touchStart", start)
        touch("touchStart", start, elsewhere)
        touch("touchMove", start, far)
        touch("touchMove", end, far)
        touch("touchEnd")
        (stroke,) = strokes_of(page)
        assert all(x == pytest.approx(0.2, abs=0.01) for x, _ in stroke)
        assert stroke[-1][1] == pytest.approx(0.8, abs=0.01)


def test_other_mouse_buttons_are_ignored(page: Page) -> None:
    page.locator("#canvas").click(button="right")
    assert strokes_of(page) == []


def test_stroke_outside_canvas_is_clipped_to_its_edge(page: Page) -> None:
    draw_with_mouse(page, [[(0.5, 0.5), (0.5, 1.5), (-0.5, 1.5)]])
    last = page.evaluate("drawing.strokes[0].at(-1)")
    assert last["x"] == 0
    assert last["y"] == pytest.approx(0.75, abs=0.001)


def test_digit_can_be_drawn_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "canvas"
    described = page.locator(f"#{page.locator('#canvas').get_attribute('aria-describedby')}")
    assert "Space puts it down" in (described.text_content() or "")

    def press(key: str, times: int = 1) -> None:
        for _ in range(times):
            page.keyboard.press(key)

    press("ArrowUp", 8)
    press("ArrowLeft", 5)
    assert strokes_of(page) == []  # the pen is not down yet
    press(" ")
    assert page.locator("#announcement").inner_text() == "The pen is down."
    press("ArrowRight", 10)
    press("ArrowDown", 5)
    press("End", 5)
    press("ArrowDown", 6)
    press(" ")
    assert prediction(page) == "7"
    assert page.locator("#announcement").inner_text().startswith("7, ")
    assert page.locator("#announcement").get_attribute("aria-live") == "polite"
    press("ArrowDown", 3)
    assert len(strokes_of(page)) == 1
    assert page.evaluate("scrollY") == 0


def test_two_arrows_move_diagonally_and_shift_moves_slowly(page: Page) -> None:
    page.locator("#canvas").focus()
    page.keyboard.press(" ")
    page.keyboard.down("ArrowLeft")
    page.keyboard.down("ArrowUp")
    page.keyboard.up("ArrowUp")
    page.keyboard.up("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    found = page.evaluate("drawing.strokes[0].map(({x, y}) => [x, y].map((value) => +value.toFixed(3)))")
    assert found == [[0.5, 0.375], [0.46, 0.375], [0.42, 0.335], [0.42, 0.345]]


def test_leaving_canvas_lifts_pen(page: Page) -> None:
    page.locator("#canvas").focus()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.locator("#canvas").focus()
    page.keyboard.press("ArrowDown")
    assert [len(stroke) for stroke in strokes_of(page)] == [2]


def test_tab_key_reaches_all_controls(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))
    prediction(page)
    page.locator("h1").click()
    reached = []
    for _ in range(17):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert reached == ["canvas", "undo", "redo", "clear", "SUMMARY", "link", *["BUTTON"] * 10, "look-inside"]
