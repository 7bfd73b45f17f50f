"""Input to the drawing demo by mouse, finger, pen and keyboard, and what interferes with it."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser import PHONE
from tests.pipeline.html.conftest import Demo
from tests.pipeline.html.input import (
    Draw,
    clear,
    draw_with_finger,
    draw_with_mouse,
    draw_with_pen,
    on_canvas,
    prediction,
    strokes_of,
)
from tests.pipeline.html.strokes import DIGITS, place

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("kind", "draw", "options"),
    [
        ("mouse", draw_with_mouse, {}),
        ("mouse", draw_with_mouse, PHONE),
        ("touch", draw_with_finger, PHONE),
        ("pen", draw_with_pen, {}),
    ],
)
def test_digit_is_read_from_every_pointer_type(kind: str, draw: Draw, options: dict[str, Any], open_demo: Demo) -> None:
    with open_demo(**options) as page:
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


def test_second_finger_is_ignored(open_demo: Demo) -> None:
    with open_demo(**PHONE) as page:
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
    assert last["y"] == pytest.approx(1, abs=0.001)


def test_digit_can_be_drawn_by_keyboard(page: Page) -> None:
    page.locator("#canvas").focus()
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
    for _ in range(5):  # two at once move diagonally
        page.keyboard.down("ArrowDown")
        page.keyboard.press("ArrowLeft")
        page.keyboard.up("ArrowDown")
    press("ArrowDown", 6)
    press(" ")
    assert prediction(page) == "7"
    assert page.locator("#announcement").inner_text().startswith("7, ")
    assert page.locator("#announcement").get_attribute("aria-live") == "polite"
    press("ArrowDown", 3)
    assert len(strokes_of(page)) == 1
    assert page.evaluate("scrollY") == 0


def test_tab_key_reaches_all_controls(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))
    prediction(page)
    page.locator("h1").click()
    reached = []
    for _ in range(23):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    scenes, examples = ["BUTTON"] * 6, ["BUTTON"] * 10
    assert reached == ["teach", *scenes, "present", "canvas", "undo", "clear", "share-drawing", "SUMMARY", *examples]


def send(page: Page, kind: str, x: float, y: float, pointer: int = 7, by: str = "touch", buttons: int = 1) -> bool:
    """Dispatch a pointer event at (x, y) in the unit square; return whether its default is not prevented."""
    ((point,),) = on_canvas(page, [[(x, y)]])
    page.evaluate("canvas.setPointerCapture = () => {}")  # requires a real pointer
    settings: dict[str, Any] = {"pointerId": pointer, "pointerType": by, "buttons": buttons, "button": 0}
    settings |= {"clientX": point[0], "clientY": point[1], "bubbles": True, "cancelable": True}
    not_prevented: bool = page.evaluate(
        "([kind, it]) => canvas.dispatchEvent(new PointerEvent(kind, it))", [kind, settings]
    )
    return not_prevented


def ends(page: Page) -> list[list[float]]:
    """Return the ends of each stroke: x, y, x, y."""
    return [[round(value, 2) for value in (*stroke[0], *stroke[-1])] for stroke in strokes_of(page)]


def test_pen_replaces_touch_of_palm(page: Page) -> None:
    send(page, "pointerdown", 0.9, 0.9, pointer=1, by="touch")
    send(page, "pointerdown", 0.3, 0.2, pointer=2, by="pen")
    send(page, "pointermove", 0.8, 0.9, pointer=1, by="touch")
    send(page, "pointermove", 0.3, 0.8, pointer=2, by="pen")
    send(page, "pointerup", 0.8, 0.9, pointer=1, by="touch", buttons=0)
    send(page, "pointermove", 0.4, 0.8, pointer=2, by="pen")
    send(page, "pointerup", 0.4, 0.8, pointer=2, by="pen", buttons=0)
    assert ends(page) == [[0.3, 0.2, 0.4, 0.8]]


@pytest.mark.parametrize(("by", "left"), [("touch", 0), ("pen", 1)])
def test_cancelled_touch_is_removed_and_next_pointer_draws(by: str, left: int, page: Page) -> None:
    send(page, "pointerdown", 0.3, 0.2, pointer=1, by=by)
    send(page, "pointercancel", 0.3, 0.2, pointer=1, by=by, buttons=0)
    send(page, "lostpointercapture", 0.3, 0.2, pointer=1, by=by, buttons=0)
    assert len(ends(page)) == left
    send(page, "pointerdown", 0.5, 0.5, pointer=2, by=by)
    assert ends(page)[left:] == [[0.5, 0.5, 0.5, 0.5]]


def test_lost_pointerup_ends_stroke(page: Page) -> None:
    send(page, "pointerdown", 0.3, 0.2, by="mouse")
    assert page.evaluate("drawing.isDrawing()")
    send(page, "pointermove", 0.9, 0.9, by="mouse", buttons=0)
    assert not page.evaluate("drawing.isDrawing()")
    assert ends(page) == [[0.3, 0.2, 0.3, 0.2]]


@pytest.mark.parametrize("key", [" ", "ArrowLeft", "Escape", "Control+z"])
def test_keys_are_ignored_while_drawing(key: str, page: Page) -> None:
    ((start, middle, end),) = on_canvas(page, [[(0.2, 0.2), (0.2, 0.6), (0.2, 0.8)]])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*middle)
    page.keyboard.press(key)
    page.mouse.move(*end)
    page.mouse.up()
    assert ends(page) == [[0.2, 0.2, 0.2, 0.8]]
    assert page.evaluate("scrollY") == 0


def test_resized_canvas_keeps_the_drawing(page: Page) -> None:
    page.mouse.move(*on_canvas(page, [[(0.2, 0.3)]])[0][0])
    page.mouse.down()
    page.set_viewport_size({"width": 500, "height": 700})
    prediction(page)  # when the page has its new size
    page.mouse.move(*on_canvas(page, [[(0.6, 0.7)]])[0][0])
    page.mouse.up()
    assert ends(page) == [[0.2, 0.3, 0.6, 0.7]]
