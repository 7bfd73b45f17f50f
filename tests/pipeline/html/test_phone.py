"""The drawing demo on a phone: each interaction works by touch, and what is needed is in view."""

import pytest
from playwright.sync_api import Page

from tests.browser import find_box, is_wider_than_screen
from tests.pipeline.html.input import tab, tile, title, wait_for_update

pytestmark = pytest.mark.slow


def test_phone_shows_one_tab_at_a_time_and_taps_pin(phone: Page) -> None:
    assert find_box(phone.locator("#canvas"))["width"] <= 221
    tabs = phone.locator("[role=tab]")
    assert tabs.all_inner_texts() == ["Why", "Picture", "Layer 1", "Layer 2", "Dense"]
    for each in tabs.all():
        each.tap()
        wait_for_update(phone)
        assert phone.locator(":is(.column, .picture-column, .answer-column):visible").count() == 1
        assert not is_wider_than_screen(phone)
    tab(phone, "Layer 1").tap()
    tile(phone, 0, 2).tap(position={"x": 60, "y": 20})
    assert title(phone).startswith("Pixel of map 3, layer 1")
    assert tile(phone, 0, 2).get_attribute("aria-pressed") == "true"
    assert phone.locator("#detail").is_visible()
    sheet = find_box(phone.locator("#detail"))
    assert sheet["y"] + sheet["height"] <= 845
    phone.locator("#look-inside").tap()
    wait_for_update(phone)
    assert phone.locator("#stage").evaluate("(stage) => getComputedStyle(stage).paddingBottom") == "0px"


def test_tabs_keep_their_place_on_a_phone_without_empty_space_below(phone: Page) -> None:
    tab(phone, "Picture").tap()  # the shortest
    height = "Math.round(document.querySelector('footer').getBoundingClientRect().bottom + scrollY)"
    assert phone.evaluate("document.documentElement.scrollHeight") <= max(phone.evaluate(height), 844)
    tab(phone, "Layer 2").tap()  # the longest
    wait_for_update(phone)
    phone.evaluate("document.getElementById('tabs').scrollIntoView()")
    top = find_box(phone.locator("#tabs"))["y"]
    for name in ("Picture", "Why", "Dense", "Layer 1"):
        tab(phone, name).tap()
        wait_for_update(phone)
        assert find_box(phone.locator("#tabs"))["y"] == pytest.approx(top, abs=1)


def test_numbers_fit_in_their_cells_on_phones(phone: Page) -> None:
    tab(phone, "Layer 1").tap()
    for width in (390, 360):
        phone.set_viewport_size({"width": width, "height": 844})
        wait_for_update(phone)
        phone.locator(".numbers span").first.evaluate("(span) => (span.textContent = '−1.8')")
        box, cell = phone.locator(".numbers span").first.evaluate(
            """(span) => {
                const range = document.createRange();
                range.selectNodeContents(span);
                return [range.getBoundingClientRect().width, span.getBoundingClientRect().width];
            }"""
        )
        assert box <= cell
        last = find_box(phone.locator(".products").last)
        assert last["x"] + last["width"] <= width


def test_tabs_are_reached_by_keys(phone: Page) -> None:
    phone.locator("[role=tab]").first.focus()
    phone.keyboard.press("ArrowRight")
    assert phone.evaluate("document.activeElement.textContent") == "Picture"
    phone.keyboard.press("End")
    assert phone.evaluate("document.activeElement.textContent") == "Dense"
    assert phone.locator("#why").is_hidden()
    phone.keyboard.press("ArrowRight")
    assert phone.evaluate("document.activeElement.textContent") == "Why"
    assert phone.locator("#why").is_visible()
