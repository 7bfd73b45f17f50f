"""The drawing demo: accessibility, colour schemes and screen sizes."""

from typing import Any

import pytest

from tests.browser import PHONE, SMALL_PHONE, find_box, find_violations, is_wider_than_screen
from tests.pipeline.html.conftest import Demo
from tests.pipeline.html.input import draw_with_finger, draw_with_mouse, prediction
from tests.pipeline.html.strokes import DIGITS, Strokes, place
from tests.pipeline.models import make_model

pytestmark = pytest.mark.slow

DIGIT = place(DIGITS[3], 0.2, 0.2, 0.6)
LANDSCAPE: dict[str, Any] = {**PHONE, "viewport": {"width": 844, "height": 390}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("options", [{}, SMALL_PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("drawn", [[], DIGIT], ids=["empty", "digit"])
def test_axe_finds_no_violation(scheme: Any, options: dict[str, Any], drawn: Strokes, open_demo: Demo) -> None:
    with open_demo(color_scheme=scheme, **options) as page:
        draw_with_mouse(page, drawn)
        prediction(page)
        page.wait_for_timeout(200)
        assert find_violations(page) == []


def test_many_classes_and_non_square_images_fit_on_phone(open_demo: Demo) -> None:
    names = (*"abcdefghijklmnopqrstuvwxy", "a name that is longer than any phone is wide, and goes on and on")
    with open_demo(make_model(shape=(20, 12), class_names=names), **SMALL_PHONE) as page:
        draw_with_finger(page, place(DIGITS[7], 0.2, 0.2, 0.6))
        prediction(page)
        box = find_box(page.locator("#canvas"))
        assert box["height"] / box["width"] == pytest.approx(20 / 12, rel=0.01)
        assert page.locator(".class").count() == 26
        assert not is_wider_than_screen(page)
        assert page.locator("h1").inner_text() == "Draw a picture"
        assert find_violations(page) == []


def test_phone_shows_canvas_and_prediction_without_scrolling(open_demo: Demo) -> None:
    for options in (PHONE, SMALL_PHONE):
        with open_demo(**options) as page:
            draw_with_finger(page, place(DIGITS[3], 0.2, 0.2, 0.6))
            assert prediction(page) == "3"
            for name in ("canvas", "undo", "clear", "prediction", "confidence", "runner-up", "picture"):
                box = find_box(page.locator(f"#{name}"))
                assert box["y"] + box["height"] <= options["viewport"]["height"], name
            assert not is_wider_than_screen(page)
            for button in map(find_box, page.locator(":is(.side, .examples, .scenes) button:visible").all()):
                assert min(button["width"], button["height"]) >= 44


def test_canvas_fits_in_phone_in_landscape_and_page_scrolls_beside_it(open_demo: Demo) -> None:
    with open_demo(**LANDSCAPE) as page:
        draw_with_finger(page, place(DIGITS[3], 0.2, 0.2, 0.6))
        assert prediction(page) == "3"
        for selector in ("#canvas", "#clear", "#prediction", "#confidence", "#picture"):
            box = find_box(page.locator(selector))
            assert box["y"] + box["height"] <= 390, selector
        assert not is_wider_than_screen(page)
        heights = [0.8 - 0.05 * step for step in range(11)]
        for right, scrolled in ((0.5, False), (2.5, True)):  # on the canvas, and beside it
            draw_with_finger(page, [[(right, height) for height in heights]])
            page.wait_for_timeout(200)
            assert (page.evaluate("scrollY") > 0) == scrolled
