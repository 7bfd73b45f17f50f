"""What may happen to a pointer while it draws: a palm, a menu, keys, a system that takes it away."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipeline.pages.drawing import save_drawing_page
from tests.browser import open_page
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import TESTED
from tests.pipeline.pages.hands import answer, draw_with_mouse, on_canvas
from tests.pipeline.pages.strokes import DIGITS, NO_DIGITS, Strokes, place


def send(page: Page, kind: str, x: float, y: float, pointer: int = 7, by: str = "touch", buttons: int = 1) -> bool:
    """Let a pointer event reach the canvas, at a place in shares of its sides; whether its default is still wanted."""
    ((point,),) = on_canvas(page, [[(x, y)]])
    page.evaluate("canvas.setPointerCapture = () => {}")  # which wants a pointer that the browser knows
    settings: dict[str, Any] = {"pointerId": pointer, "pointerType": by, "buttons": buttons, "button": 0}
    settings |= {"clientX": point[0], "clientY": point[1], "bubbles": True, "cancelable": True}
    wanted: bool = page.evaluate("([kind, it]) => canvas.dispatchEvent(new PointerEvent(kind, it))", [kind, settings])
    return wanted


def ends(page: Page) -> list[list[float]]:
    """Where each stroke begins and ends: x, y, x, y."""
    found: list[list[float]] = page.evaluate(
        "drawing.strokes.map((all) => [all[0], all.at(-1)].flatMap(({x, y}) => [x, y]).map((v) => +v.toFixed(2)))"
    )
    return found


def test_a_pen_draws_although_the_palm_came_first_which_leaves_nothing(page: Page) -> None:
    send(page, "pointerdown", 0.9, 0.9, pointer=1, by="touch")
    send(page, "pointerdown", 0.3, 0.2, pointer=2, by="pen")
    send(page, "pointermove", 0.8, 0.9, pointer=1, by="touch")
    send(page, "pointermove", 0.3, 0.8, pointer=2, by="pen")
    send(page, "pointerup", 0.8, 0.9, pointer=1, by="touch", buttons=0)
    send(page, "pointermove", 0.4, 0.8, pointer=2, by="pen")
    send(page, "pointerup", 0.4, 0.8, pointer=2, by="pen", buttons=0)
    assert ends(page) == [[0.3, 0.2, 0.4, 0.8]]


def test_a_pen_that_draws_is_not_disturbed_by_a_palm_or_another_pen(page: Page) -> None:
    send(page, "pointerdown", 0.3, 0.2, pointer=1, by="pen")
    for pointer, by in ((2, "touch"), (3, "pen"), (4, "mouse")):
        send(page, "pointerdown", 0.9, 0.9, pointer=pointer, by=by)
    send(page, "pointermove", 0.3, 0.8, pointer=1, by="pen")
    assert ends(page) == [[0.3, 0.2, 0.3, 0.8]]


@pytest.mark.parametrize(("by", "left"), [("touch", 0), ("pen", 1)])
def test_a_touch_that_the_system_takes_back_is_forgotten_and_the_next_draws(by: str, left: int, page: Page) -> None:
    send(page, "pointerdown", 0.3, 0.2, pointer=1, by=by)
    send(page, "pointercancel", 0.3, 0.2, pointer=1, by=by, buttons=0)
    send(page, "lostpointercapture", 0.3, 0.2, pointer=1, by=by, buttons=0)
    assert len(ends(page)) == left
    send(page, "pointerdown", 0.5, 0.5, pointer=2, by=by)
    assert ends(page)[left:] == [[0.5, 0.5, 0.5, 0.5]]


def test_a_pointer_that_went_up_unseen_draws_no_more(page: Page) -> None:
    send(page, "pointerdown", 0.3, 0.2, by="mouse")
    assert page.evaluate("drawing.isDrawing()")
    send(page, "pointermove", 0.9, 0.9, by="mouse", buttons=0)
    assert not page.evaluate("drawing.isDrawing()")
    assert ends(page) == [[0.3, 0.2, 0.3, 0.2]]


def test_while_one_draws_no_menu_opens_and_otherwise_it_does(page: Page) -> None:
    assert send(page, "contextmenu", 0.5, 0.5)
    send(page, "pointerdown", 0.3, 0.2)
    assert not send(page, "contextmenu", 0.5, 0.5)


@pytest.mark.parametrize("key", [" ", "ArrowLeft", "u", "Escape", "Control+z"])
def test_keys_do_nothing_to_a_stroke_that_is_being_drawn(key: str, page: Page) -> None:
    ((start, middle, end),) = on_canvas(page, [[(0.2, 0.2), (0.2, 0.6), (0.2, 0.8)]])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*middle)
    page.keyboard.press(key)
    page.mouse.move(*end)
    page.mouse.up()
    assert ends(page) == [[0.2, 0.2, 0.2, 0.8]]
    assert page.evaluate("scrollY") == 0


def test_a_canvas_that_gets_another_size_keeps_what_is_drawn_in_its_place(page: Page) -> None:
    page.mouse.move(*on_canvas(page, [[(0.2, 0.3)]])[0][0])
    page.mouse.down()
    page.set_viewport_size({"width": 500, "height": 700})
    page.mouse.move(*on_canvas(page, [[(0.6, 0.7)]])[0][0])
    page.mouse.up()
    assert ends(page) == [[0.2, 0.3, 0.6, 0.7]]


def test_a_unit_is_chosen_by_a_tap(page: Page) -> None:
    units = page.locator("#layers canvas").first
    box = units.bounding_box()
    assert box is not None
    units.dispatch_event("pointerdown", {"clientX": box["x"] + 5, "clientY": box["y"] + 5})
    answer(page)
    assert page.evaluate("chosen") == 0


def test_a_pen_that_goes_a_longer_way_than_any_digit_scribbles(page: Page) -> None:
    def is_tangle(strokes: Strokes, size: float) -> bool:
        points = [[{"x": x, "y": y} for x, y in stroke] for stroke in place(strokes, 0.1, 0.1, size)]
        found: bool = page.evaluate("(strokes) => isTangle(strokes, model.ink_statistics)", points)
        return found

    for size in (0.2, 0.8):
        assert not any(is_tangle(strokes, size) for strokes in DIGITS.values())
        assert all(is_tangle(NO_DIGITS[name], size) for name in ("hatching", "filled"))


def test_a_class_that_is_called_by_a_question_mark_is_said(browser: Browser, tmp_path: Path) -> None:
    save_drawing_page(tmp_path / "index.html", make_model(class_names=("?", "why?")), *TESTED)
    with open_page(browser, tmp_path / "index.html") as page:
        page.evaluate("isLikely = () => true")
        draw_with_mouse(page, place(DIGITS[7], 0.2, 0.2, 0.6))
        answer(page)
        large = page.locator("#answer").inner_text()
        assert page.locator("#said").inner_text().startswith(f"{large}, ")


@pytest.mark.parametrize("shape", [(40, 3), (3, 40)])
def test_pictures_that_are_no_squares_at_all_fill_no_more_than_a_screen(
    shape: tuple[int, int], browser: Browser, tmp_path: Path
) -> None:
    save_drawing_page(tmp_path / "index.html", make_model(shape=shape), *TESTED)
    with open_page(browser, tmp_path / "index.html") as page:
        draw_with_mouse(page, [[(0.2, 0.2), (0.8, 0.8)]])
        answer(page)
        for canvas in page.locator("canvas").all():
            box = canvas.bounding_box()
            assert box is not None
            assert max(box["width"], box["height"]) <= 640
        assert page.evaluate("document.documentElement.scrollWidth") == 1280
