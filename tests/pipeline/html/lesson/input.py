"""Draw on the lesson by mouse."""

from playwright.sync_api import Page

from tests.browser import find_box
from tests.pipeline.html.strokes import Strokes


def draw(page: Page, selector: str, strokes: Strokes) -> None:
    """Move the mouse over an element, along strokes in the unit square."""
    box = find_box(page.locator(selector))
    for stroke in strokes:
        first, *others = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in stroke]
        page.mouse.move(*first)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point)
        page.mouse.up()
