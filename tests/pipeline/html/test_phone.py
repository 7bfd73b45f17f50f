"""The drawing demo on a phone: each interaction works by touch, and what is needed is in view."""

import pytest
from playwright.sync_api import Page

from tests.browser import find_box, is_wider_than_screen
from tests.pipeline.html.input import draw_with_finger, numbers, tile, title, wait_for_update
from tests.pipeline.html.strokes import DIGITS, place

pytestmark = pytest.mark.slow


def test_drawing_stays_in_sight_while_the_layers_scroll(phone: Page) -> None:
    for selector in (".with-kernels", ".cells", "#why"):
        phone.locator(selector).scroll_into_view_if_needed()
        box = find_box(phone.locator("#canvas"))
        assert box["y"] >= 0
        assert box["y"] + box["height"] < 844 / 3
    before = numbers(phone.locator(".class .share"))
    draw_with_finger(phone, place(DIGITS[7], 0.2, 0.2, 0.6))
    wait_for_update(phone)
    assert numbers(phone.locator(".class .share")) != before
    assert not is_wider_than_screen(phone)


def test_tap_pins_a_map_and_its_numbers_are_in_view(phone: Page) -> None:
    tile(phone, 0, 2).tap(position={"x": 60, "y": 20})
    assert title(phone).startswith("Pixel of map 3, layer 1")
    assert tile(phone, 0, 2).get_attribute("aria-pressed") == "true"
    sheet = find_box(phone.locator("#detail"))
    assert sheet["y"] + sheet["height"] <= 845
    phone.locator("#follow").tap()
    wait_for_update(phone)
    assert phone.locator("#stage").evaluate("(stage) => getComputedStyle(stage).paddingBottom") == "0px"


def test_numbers_fit_in_their_cells_on_phones(phone: Page) -> None:
    for width in (390, 360):
        phone.set_viewport_size({"width": width, "height": 844})
        wait_for_update(phone)
        phone.locator(".numbers span").first.evaluate("(span) => (span.textContent = '−.8')")
        box, cell = phone.locator(".numbers span").first.evaluate(
            """(span) => {
                const range = document.createRange();
                range.selectNodeContents(span);
                return [range.getBoundingClientRect().width, span.getBoundingClientRect().width];
            }"""
        )
        assert box <= cell
        last = find_box(phone.locator("#products"))
        assert last["x"] + last["width"] <= width
