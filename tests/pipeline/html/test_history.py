"""Undo and clear in the drawing demo, and the keys for them."""

import pytest
from playwright.sync_api import Page

from tests.pipeline.html.input import draw_with_mouse, prediction, strokes_of
from tests.pipeline.html.strokes import DIGITS, place

pytestmark = pytest.mark.slow

FOUR = place(DIGITS[4], 0.2, 0.2, 0.6)  # of two strokes


def act(page: Page, way: str) -> None:
    """Click the button of this name, or else press the key."""
    button = page.locator(f"#{way}")
    if way.isalpha() and way.islower() and len(way) > 1:
        button.click(force=True)
    else:
        page.keyboard.press(way)


def enabled(page: Page) -> list[str]:
    """Return which buttons have an effect."""
    prediction(page)
    names = ("undo", "clear")
    return [name for name in names if page.locator(f"#{name}").get_attribute("aria-disabled") == "false"]


@pytest.mark.parametrize(("undo", "clear"), [("undo", "clear"), ("Control+z", "Delete"), ("Control+z", "Escape")])
def test_strokes_are_undone_and_cleared(undo: str, clear: str, page: Page) -> None:
    draw_with_mouse(page, FOUR)
    drawn = strokes_of(page)
    for way, count in ((clear, 0), (undo, 2), (undo, 1), (undo, 0), (undo, 0)):
        act(page, way)
        assert strokes_of(page) == drawn[:count]


def test_buttons_without_effect_are_disabled_but_keep_the_focus(page: Page) -> None:
    assert enabled(page) == []
    draw_with_mouse(page, FOUR[:1])
    assert enabled(page) == ["undo", "clear"]
    page.locator("#undo").focus()
    for _ in range(2):
        page.keyboard.press("Enter")
        assert enabled(page) == []
        assert page.evaluate("document.activeElement.id") == "undo"


def test_keys_work_on_canvas_only(page: Page) -> None:
    """Control+Z also works on the buttons below the canvas, and where nothing has the focus."""
    draw_with_mouse(page, FOUR)
    for place_of_focus in ("#share-drawing", "#clear", ".class", "#examples button"):
        undone = place_of_focus in ("#share-drawing", "#clear")
        page.locator(place_of_focus).first.focus()
        for key in ("ArrowUp", "Escape", "Delete"):
            page.keyboard.press(key)
        assert len(strokes_of(page)) == 2, place_of_focus
        page.keyboard.press("Control+z")
        assert len(strokes_of(page)) == (1 if undone else 2), place_of_focus
        if undone:
            draw_with_mouse(page, FOUR[1:])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    assert len(strokes_of(page)) == 2
    page.keyboard.press("Control+z")
    assert len(strokes_of(page)) == 1


def test_keyboard_stroke_is_one_step(page: Page) -> None:
    page.locator("#canvas").focus()
    for key in (" ", "ArrowDown", "ArrowDown", " ", "ArrowRight", " ", "ArrowUp"):
        page.keyboard.press(key)
    page.keyboard.press("Control+z")  # while the pen is down
    assert [len(stroke) for stroke in strokes_of(page)] == [3]
    page.keyboard.press("Control+z")
    assert strokes_of(page) == []
