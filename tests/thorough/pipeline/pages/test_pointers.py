"""Interference with a pointer that draws: palm, menu, keys, cancelled and lost events."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipeline.pages.drawing import save_drawing_page
from tests.browser import find_box, is_wider_than_screen, open_page
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import TEST_RESULT
from tests.pipeline.pages.input import draw_with_mouse, on_canvas, prediction, strokes_of
from tests.pipeline.pages.strokes import DIGITS, place


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


def test_pen_ignores_other_pointers(page: Page) -> None:
    send(page, "pointerdown", 0.3, 0.2, pointer=1, by="pen")
    for pointer, by in ((2, "touch"), (3, "pen"), (4, "mouse")):
        send(page, "pointerdown", 0.9, 0.9, pointer=pointer, by=by)
    send(page, "pointermove", 0.3, 0.8, pointer=1, by="pen")
    assert ends(page) == [[0.3, 0.2, 0.3, 0.8]]


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


def test_context_menu_is_prevented_only_while_drawing(page: Page) -> None:
    assert send(page, "contextmenu", 0.5, 0.5)
    send(page, "pointerdown", 0.3, 0.2)
    assert not send(page, "contextmenu", 0.5, 0.5)


@pytest.mark.parametrize("key", [" ", "ArrowLeft", "u", "Escape", "Control+z"])
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
    page.mouse.move(*on_canvas(page, [[(0.6, 0.7)]])[0][0])
    page.mouse.up()
    assert ends(page) == [[0.2, 0.3, 0.6, 0.7]]


def test_class_named_by_question_mark_is_announced(browser: Browser, tmp_path: Path) -> None:
    save_drawing_page(tmp_path / "index.html", make_model(class_names=("?", "why?")), *TEST_RESULT)
    with open_page(browser, tmp_path / "index.html") as page:
        page.evaluate("choose = () => 0")
        draw_with_mouse(page, place(DIGITS[7], 0.2, 0.2, 0.6))
        prediction(page)
        large = page.locator("#prediction").inner_text()
        assert page.locator("#announcement").inner_text().startswith(f"{large}, ")


@pytest.mark.parametrize("shape", [(40, 3), (3, 40)])
def test_extreme_aspect_ratios_fit_on_the_screen(shape: tuple[int, int], browser: Browser, tmp_path: Path) -> None:
    save_drawing_page(tmp_path / "index.html", make_model(shape=shape), *TEST_RESULT)
    with open_page(browser, tmp_path / "index.html") as page:
        draw_with_mouse(page, [[(0.2, 0.2), (0.8, 0.8)]])
        prediction(page)
        for box in map(find_box, page.locator("canvas:visible").all()):
            assert max(box["width"], box["height"]) <= 640
        assert not is_wider_than_screen(page)
