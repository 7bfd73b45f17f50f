"""Undo, redo and clear in the drawing demo, and the keys for them."""

import pytest
from playwright.sync_api import Page

from tests.pipeline.pages.input import draw_with_mouse, prediction, strokes_of
from tests.pipeline.pages.strokes import DIGITS, place

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
    names = ("undo", "redo", "clear")
    return [name for name in names if page.locator(f"#{name}").get_attribute("aria-disabled") == "false"]


@pytest.mark.parametrize("way", ["undo", "Control+z", "u"])
def test_undo_removes_last_stroke(way: str, page: Page) -> None:
    draw_with_mouse(page, [*place(DIGITS[1], 0.2, 0.2, 0.6), [(0.05, 0.5), (0.95, 0.5)]])
    for left in (1, 0, 0):
        act(page, way)
        assert len(strokes_of(page)) == left
        assert prediction(page) == ("1" if left else "")


@pytest.mark.parametrize("way", ["redo", "Control+Shift+z", "Control+y"])
def test_redo_restores_what_was_undone(way: str, page: Page) -> None:
    draw_with_mouse(page, FOUR)
    drawn = strokes_of(page)
    for _ in drawn:
        act(page, "Control+z")
    for count in (1, 2, 2):
        act(page, way)
        assert strokes_of(page) == drawn[:count]
    assert prediction(page) == "4"


@pytest.mark.parametrize("way", ["clear", "Delete", "Escape", "c"])
def test_clear_removes_all_strokes_and_can_be_undone(way: str, page: Page) -> None:
    draw_with_mouse(page, FOUR)
    drawn = strokes_of(page)
    act(page, way)
    assert prediction(page) == ""
    assert strokes_of(page) == []
    assert page.locator("#announcement").inner_text() == "Nothing is drawn yet. Draw a digit."
    act(page, "Control+z")
    assert strokes_of(page) == drawn
    assert prediction(page) == "4"
    act(page, "Control+y")
    assert strokes_of(page) == []


def test_new_stroke_after_undo_cannot_be_redone(page: Page) -> None:
    draw_with_mouse(page, FOUR)
    act(page, "undo")
    draw_with_mouse(page, [[(0.1, 0.1), (0.2, 0.2)]])
    drawn = strokes_of(page)
    assert enabled(page) == ["undo", "clear"]
    act(page, "Control+y")
    assert strokes_of(page) == drawn


def test_buttons_without_effect_are_disabled_but_keep_the_focus(page: Page) -> None:
    assert enabled(page) == []
    draw_with_mouse(page, FOUR[:1])
    assert enabled(page) == ["undo", "clear"]
    page.locator("#undo").focus()
    page.keyboard.press("Enter")
    assert enabled(page) == ["redo"]
    assert page.evaluate("document.activeElement.id") == "undo"
    page.keyboard.press("Enter")
    assert enabled(page) == ["redo"]
    act(page, "redo")
    assert enabled(page) == ["undo", "clear"]


def test_keys_work_on_canvas_only(page: Page) -> None:
    """Control+Z also works on the buttons below the canvas, and where nothing has the focus."""
    draw_with_mouse(page, FOUR)
    for place_of_focus in ("#share-drawing", "#clear", ".class", "#examples button"):
        undone = place_of_focus in ("#share-drawing", "#clear")
        page.locator(place_of_focus).first.focus()
        for key in ("u", "c", "ArrowUp", "Escape", "Delete"):
            page.keyboard.press(key)
        assert len(strokes_of(page)) == 2, place_of_focus
        page.keyboard.press("Control+z")
        assert len(strokes_of(page)) == (1 if undone else 2), place_of_focus
        page.evaluate("move(1)")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    assert len(strokes_of(page)) == 2
    page.keyboard.press("Control+z")
    assert len(strokes_of(page)) == 1


def test_keyboard_stroke_is_one_step(page: Page) -> None:
    page.locator("#canvas").focus()
    for key in (" ", "ArrowDown", "ArrowDown", " ", "ArrowRight", " ", "ArrowUp"):
        page.keyboard.press(key)
    page.keyboard.press("u")  # while the pen is down
    assert [len(stroke) for stroke in strokes_of(page)] == [3]
    page.keyboard.press("u")
    assert strokes_of(page) == []
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+y")
    assert [len(stroke) for stroke in strokes_of(page)] == [3, 2]
