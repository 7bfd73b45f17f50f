"""The stage of the drawing demo: what is in view at once, and sharing."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from tests.browser import PHONE, find_box, find_violations, open_page
from tests.pipeline.html.conftest import DIGIT, Demo
from tests.pipeline.html.input import draw_with_mouse, pixels, prediction, strokes_of, wait_for_update

pytestmark = pytest.mark.slow

BOXES = """([selector, end]) => new Promise((resolve, reject, boxes = []) => {
    const next = (time) => {
        boxes.push([...document.querySelectorAll(selector)].map((each) => each.getBoundingClientRect())
            .map(({ x, y, width, height }) => [x, y, width, height]));
        time < end ? requestAnimationFrame(next) : resolve(boxes);
    };
    requestAnimationFrame(next);
})"""


def boxes_of(page: Page, selector: str, end: float = 0) -> NDArray[np.float64]:
    """Return the boxes of elements in each frame until a time of the page in milliseconds: float64 (frames, n, 4)."""
    return np.array(page.evaluate(BOXES, [selector, end]))


def sides_of(page: Page, selector: str) -> NDArray[np.float64]:
    """Return left, right, top and bottom of each visible element: float64 (n, 4)."""
    sides = page.locator(selector).evaluate_all(
        """(elements) => elements.filter((element) => element.checkVisibility())
            .map((element) => element.getBoundingClientRect())
            .map(({ left, right, top, bottom }) => [left, right, top, bottom])"""
    )
    return np.array(sides, float)


@pytest.mark.parametrize("size", [(1280, 800), (1440, 900), (1920, 1080), (2560, 1440)])
def test_canvas_maps_and_answer_are_in_the_first_screen(size: tuple[int, int], open_drawn: Demo) -> None:
    width, height = size
    with open_drawn(viewport={"width": width, "height": height}) as page:
        for selector in ("#canvas", "#picture", ".tile", "#prediction", ".class", "#detail-sum", ".numbers"):
            sides = sides_of(page, selector)
            assert sides[:, 1].max() <= width, selector
            assert sides[:, 3].max() <= height, selector
        tops = sides_of(page, ".tiles")[:, 2]
        assert np.ptp(tops) < 1  # the columns are aligned
        assert sides_of(page, ".column .caption")[:, 3].max() <= tops.min()  # no line crosses a text
        assert find_box(page.locator(".cells .tile"))["width"] >= 12


@pytest.mark.parametrize("size", [(390, 844), (844, 390), (640, 360)])
def test_on_a_phone_what_is_explained_is_in_view(size: tuple[int, int], open_drawn: Demo) -> None:
    width, height = size
    with open_drawn(**{**PHONE, "viewport": {"width": width, "height": height}}) as page:
        for layer in range(2):
            page.locator(".tiles").nth(layer).locator(".tile:visible").first.tap()
            wait_for_update(page)
            for selector in ("#products", "#running", "#detail-sum"):
                sides = sides_of(page, selector)
                assert sides[:, 3].max() <= height, (layer, selector)
                assert sides[:, 1].max() <= width, (layer, selector)
            page.locator("#follow").tap()


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_nothing_moves_while_one_points_at_things(width: int, browser: Browser, file: Path) -> None:
    with open_page(browser, file, viewport={"width": width, "height": 900}) as page:
        places = "#picture, #answer, #running, #detail-sum, footer"
        frames = boxes_of(page, places, end=1500)
        np.testing.assert_allclose(frames - frames[0], 0, atol=0.6)
        draw_with_mouse(page, DIGIT)
        page.wait_for_timeout(500)
        tiles = (".with-kernels .tile", ".maps >> nth=1 >> .tile:visible", ".cells .tile")
        for selector in (*tiles, ".class >> nth=8", ".class.best"):
            page.locator(selector).first.hover()
            page.wait_for_timeout(300)
            np.testing.assert_allclose(boxes_of(page, places)[0], frames[0], atol=0.6, err_msg=selector)
            assert find_box(page.locator("#why"))["y"] + 120 < 900


def test_shared_picture_shows_the_drawing_and_names_a_misreading(drawn: Page) -> None:
    drawn.evaluate("choose = () => 3")  # of the probabilities
    draw_with_mouse(drawn, [[(0.5, 0.5), (0.5, 0.6)]])
    read = prediction(drawn)
    drawn.locator("#share-drawing").click()
    expect(drawn.locator("#share")).to_be_visible()
    assert pixels(drawn, "#card").shape == (630, 1200, 4)
    card = drawn.locator("#card")
    for truth in (read, "42"):
        drawn.locator("#truth").fill(f"a {truth}")
        expect(card).to_have_attribute("aria-label", re.compile(f"my {re.escape(truth)}.*"))
        assert (f"my {truth} as {read}," in (card.get_attribute("aria-label") or "")) == (truth != read)
    assert find_violations(drawn) == []
    with drawn.expect_download() as download:
        drawn.locator("#save").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    expect(drawn.locator("#copied")).to_contain_text("works offline")  # a file: a link to it would be of no use
    drawn.locator("#share h2").click()
    expect(drawn.locator("#share")).to_be_visible()
    drawn.mouse.click(5, 5)
    expect(drawn.locator("#share")).to_be_hidden()
    assert len(strokes_of(drawn)) == 2


def test_phone_sends_the_picture_where_it_can(browser: Browser, file: Path) -> None:
    with open_page(browser, file, **PHONE) as page:
        page.add_init_script(
            """navigator.canShare = () => true;
            navigator.share = async ({ files: [file] }) => { window.sent = [file.name, file.type, file.size]; };"""
        )
        page.reload()
        draw_with_mouse(page, DIGIT)
        prediction(page)
        page.locator("#share-drawing").tap()
        expect(page.locator("#save")).to_contain_text("Send")
        page.locator("#save").tap()
        name, kind, size = page.evaluate(
            """async () => {
                for (let i = 0; i < 300 && !window.sent; i++) await new Promise(requestAnimationFrame);
                return window.sent ?? [null, null, 0];
            }"""
        )
        assert (name, kind, size > 1000) == ("handwriting.png", "image/png", True)
