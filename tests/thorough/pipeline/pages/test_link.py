"""Links of the drawing demo that contain the drawing."""

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.pipeline.pages.conftest import Demo
from tests.pipeline.pages.handwriting import resample
from tests.pipeline.pages.input import clear, draw_with_mouse, prediction, strokes_of
from tests.pipeline.pages.strokes import DIGITS, Strokes, place


def link(page: Page) -> str | None:
    prediction(page)
    fragment: str = page.evaluate("encodeLink(drawing)")
    return fragment or None


@pytest.mark.parametrize("digit", DIGITS)
def test_link_is_short_and_restores_the_drawing(digit: int, page: Page) -> None:
    assert link(page) is None
    draw_with_mouse(page, place(DIGITS[digit], 0.1, 0.1, 0.8))
    read, drawn = prediction(page), strokes_of(page)
    fragment = link(page)
    assert fragment and len(fragment) < 300
    clear(page)
    assert link(page) is None
    page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
    assert prediction(page) == read
    assert link(page) == fragment
    for stroke, expected in zip(strokes_of(page), drawn, strict=True):
        np.testing.assert_allclose([stroke[0], stroke[-1]], [expected[0], expected[-1]], atol=0.001)
        distances = np.linalg.norm(np.array(expected)[:, None] - np.array(stroke), axis=-1)
        assert distances.min(axis=1).max() < 0.02
    page.locator("#canvas").focus()
    page.keyboard.press("Control+z")
    assert strokes_of(page) == []


def test_link_shows_others_the_same_numbers(open_demo: Demo) -> None:
    """The pointer gives many more points than a link contains, and at any place."""
    read = "Array.from(readAll(model, drawing.strokes, true).last.probabilities)"
    with open_demo() as page, open_demo(viewport={"width": 1440, "height": 900}) as other:
        for digit in (2, 5):
            clear(page)
            fine: Strokes = [
                list(map(tuple, resample(stroke, 0.007))) for stroke in place(DIGITS[digit], 0.12, 0.13, 0.7)
            ]
            draw_with_mouse(page, fine)
            prediction(page)
            other.evaluate("(fragment) => { location.hash = fragment; }", link(page))
            prediction(other)
            assert other.evaluate(read) == page.evaluate(read)
            for text in ("#confidence", "#runner-up"):
                assert other.locator(text).inner_text() == page.locator(text).inner_text()


def test_drawing_that_is_too_long_has_no_link(page: Page) -> None:
    page.evaluate("""() => {
        drawing.strokes.push(Array.from({ length: 4000 }, (_, i) => ({ x: (i % 50) / 50, y: ((i * 7) % 30) / 50 })));
        changed(true);
    }""")
    assert link(page) is None
    clear(page)
    draw_with_mouse(page, [[(0.2, 0.2), (0.8, 0.8)]])
    assert link(page)


def test_share_changes_only_the_address_and_page_opens_with_its_drawing(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[4], 0.1, 0.1, 0.8))
    drawn, fragment = strokes_of(page), link(page)
    page.locator("#share-drawing").click()
    assert page.url.endswith(fragment or "?")
    assert strokes_of(page) == drawn
    page.reload()
    assert prediction(page) == "4"
    assert link(page) == fragment


def test_link_contains_test_image(page: Page) -> None:
    page.locator("#examples button").nth(2).click()
    read = prediction(page)
    assert link(page) == "#e=2"
    clear(page)
    page.evaluate("location.hash = '#e=2'")
    assert prediction(page) == read
    assert page.locator("#examples [aria-pressed=true]").count() == 1


def test_invalid_links_are_ignored(page: Page) -> None:
    invalid = "# #d #d= #d=. #d=A #d=AA. #d=%20 #d=é #d=g #d=- #d=______AA #d=ggFB #d=B #e= #e=99 #e=-1 #e=1.5 #any"
    draw_with_mouse(page, place(DIGITS[1], 0.1, 0.1, 0.8))
    drawn = strokes_of(page)
    fragments = [*invalid.split(), "#d=" + "AA" * 20_000, "#d=" + "_" * 9_000]
    for fragment in fragments:
        page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
        prediction(page)
        assert strokes_of(page) == drawn, fragment[:20]
    for fragment in fragments:
        page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
        page.reload()
        prediction(page)
        assert strokes_of(page) == [], fragment[:20]
