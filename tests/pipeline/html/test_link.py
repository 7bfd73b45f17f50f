"""Links of the drawing demo that contain the drawing."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pipeline.html.report.report_page import link_demo
from tests.browser import open_page
from tests.drawings import sample_digits
from tests.pipeline.html.conftest import Demo
from tests.pipeline.html.input import clear, draw_with_mouse, prediction, strokes_of
from tests.pipeline.html.strokes import DIGITS, Strokes, place

pytestmark = pytest.mark.slow


def link(page: Page) -> str | None:
    prediction(page)
    fragment: str = page.evaluate("encodeLink(drawing)")
    return fragment or None


def test_link_shows_others_the_same_numbers(open_demo: Demo) -> None:
    """The pointer gives many more points than a link contains, and at any place."""
    read = "Array.from(readDrawing(model, drawing.strokes).probabilities)"
    with open_demo() as page, open_demo(viewport={"width": 1440, "height": 900}) as other:
        for digit in (2, 5):
            clear(page)
            fine: Strokes = []
            for stroke in place(DIGITS[digit], 0.12, 0.13, 0.7):
                places = np.linspace(0, len(stroke) - 1, 150)
                x, y = (np.interp(places, range(len(stroke)), axis).tolist() for axis in zip(*stroke, strict=True))
                fine.append(list(zip(x, y, strict=True)))
            draw_with_mouse(page, fine)
            prediction(page)
            other.evaluate("(fragment) => { location.hash = fragment; }", link(page))
            prediction(other)
            assert other.evaluate(read) == page.evaluate(read)
            for text in ("#confidence", "#runner-up"):
                assert other.locator(text).inner_text() == page.locator(text).inner_text()


def test_share_changes_only_the_address_and_page_opens_with_its_drawing(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[4], 0.1, 0.1, 0.8))
    drawn, fragment = strokes_of(page), link(page)
    page.locator("#share-drawing").click()
    assert page.url.endswith(fragment or "?")
    assert strokes_of(page) == drawn
    page.reload()
    assert prediction(page) == "4"
    assert link(page) == fragment


def test_link_of_the_report_shows_the_test_image(built: Path, browser: Browser) -> None:
    image = sample_digits()[0][0]
    fragment = link_demo(image, 3).partition("#")[2]
    for given, shown in ((fragment, True), (fragment.replace("i=3", "i=77"), False), (fragment[:-8], False)):
        with open_page(browser, built / "export/index.html", f"#{given}") as page:
            prediction(page)
            assert ("3 in the test set" in page.locator("#runner-up").inner_text()) is shown
            if shown:
                assert page.evaluate("[...examples[drawing.example].image]") == image.reshape(-1).tolist()
                assert page.evaluate("addressOf()") == f"#{given}"


def test_invalid_links_are_ignored(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[1], 0.1, 0.1, 0.8))
    drawn = strokes_of(page)
    for fragment in ("#", "#s=A", "#e=99", "#any"):
        page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
        prediction(page)
        assert strokes_of(page) == drawn, fragment
        page.reload()
        prediction(page)
        assert strokes_of(page) == [], fragment
        draw_with_mouse(page, place(DIGITS[1], 0.1, 0.1, 0.8))
