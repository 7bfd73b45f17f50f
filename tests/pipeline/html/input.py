"""Draw on the drawing demo by mouse, finger and pen, and read its state."""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page

from tests.browser import find_box
from tests.pipeline.html.strokes import Strokes

Draw = Callable[[Page, Strokes], None]


def on_canvas(page: Page, strokes: Strokes) -> Strokes:
    """Map strokes from the unit square to page coordinates, into the largest centred square of the canvas."""
    box = find_box(page.locator("#canvas"))
    side = min(box["width"], box["height"])
    left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2
    return [[(left + side * x, top + side * y) for x, y in stroke] for stroke in strokes]


def strokes_of(page: Page) -> Strokes:
    """Return the strokes of the page, mapped from the canvas to the unit square."""
    height: float = page.evaluate("drawing.height")
    side = min(1, height)
    return [
        [((x - (1 - side) / 2) / side, (y - (height - side) / 2) / side) for x, y in stroke]
        for stroke in page.evaluate("drawing.strokes.map((stroke) => stroke.map(({x, y}) => [x, y]))")
    ]


def draw_with_mouse(page: Page, strokes: Strokes) -> None:
    for first, *others in on_canvas(page, strokes):
        page.mouse.move(*first)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point)
        page.mouse.up()


def draw_with_finger(page: Page, strokes: Strokes) -> None:
    """Draw by touch; the context of the page needs `has_touch`."""
    session = page.context.new_cdp_session(page)
    for stroke in on_canvas(page, strokes):
        for number, (x, y) in enumerate(stroke):
            kind = "touchStart" if number == 0 else "touchMove"
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y, "id": 1}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def draw_with_pen(page: Page, strokes: Strokes) -> None:
    session = page.context.new_cdp_session(page)
    event = {"pointerType": "pen", "button": "left", "clickCount": 1}
    for stroke in on_canvas(page, strokes):
        for number, (x, y) in enumerate(stroke):
            kind = "mousePressed" if number == 0 else "mouseMoved"
            session.send("Input.dispatchMouseEvent", {**event, "type": kind, "buttons": 1, "x": x, "y": y})
        session.send("Input.dispatchMouseEvent", {**event, "type": "mouseReleased", "x": x, "y": y})
    session.detach()


def clear(page: Page) -> None:
    """Click on Clear, also while it has no effect."""
    page.locator("#clear").click(force=True)


def wait_for_update(page: Page) -> None:
    """Wait for the frame after an event."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def prediction(page: Page) -> str:
    """Return the predicted class or number after the page is updated, "" for none."""
    wait_for_update(page)
    text = page.locator("#prediction").inner_text()
    return "" if text == "?" else text


def pixels(page: Page, selector: str) -> NDArray[np.uint8]:
    """Return the pixels of a canvas: RGBA, uint8 (h, w, 4)."""
    levels, height, width = page.locator(selector).first.evaluate(
        """(canvas) => {
            const copy = new OffscreenCanvas(canvas.width, canvas.height);
            const context = copy.getContext("2d", { willReadFrequently: true });
            context.drawImage(canvas, 0, 0);
            const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
            return [Array.from(data), canvas.height, canvas.width];
        }"""
    )
    return np.array(levels, np.uint8).reshape(height, width, 4)


def numbers(found: Locator) -> list[float]:
    """Return all numbers in the texts of elements."""
    text = " ".join(found.all_inner_texts()).replace("\xa0", " ").replace("−", "-").replace("- ", "-")
    return [float(number) for number in re.findall(r"-?\d*\.\d+", text)]


def title(page: Page) -> str:
    wait_for_update(page)
    return page.locator("#detail-title").inner_text()


def tile(page: Page, layer: int, unit: int) -> Locator:
    return page.locator(".tiles:visible").nth(layer).locator(".tile").nth(unit)


def hover(page: Page, layer: int, unit: int, row: float, column: float, size: int = 12) -> None:
    tile(page, layer, unit).scroll_into_view_if_needed()
    box = find_box(tile(page, layer, unit).locator(".map"))
    page.mouse.move(box["x"] + (column - 0.5) * box["width"] / size, box["y"] + (row - 0.5) * box["height"] / size)


def pin(page: Page) -> None:
    """Select a map, and a pixel in it."""
    hover(page, 0, 5, 7, 3)
    for _ in range(2):
        page.mouse.down()
        page.mouse.up()


def read_images(page: Page, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the probabilities that the page computes for raw images, (n, outputs)."""
    call = "(images) => images.map((image) => Array.from(predict(model, image).probabilities))"
    return np.array(page.evaluate(call, images.reshape(len(images), -1).tolist()))
