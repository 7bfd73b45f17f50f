"""Make the pictures of the documentation, pictures/: the drawing demo, also as an animation, and the report.

    make pictures

Needs a browser, and artifacts/ with all stages run.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, ViewportSize

from tests.browser import find_box, open_browser, open_page
from tests.pipeline.pages.input import draw_with_mouse, on_canvas
from tests.pipeline.pages.strokes import DIGITS, place

ARTIFACTS, PICTURES = Path("artifacts").absolute(), Path("pictures").absolute()
DEMO = ARTIFACTS / "export" / "index.html"
SCREEN: ViewportSize = {"width": 1200, "height": 900}  # wide enough for all columns of the inside
FRAME_WIDTH, FRAME_MILLISECONDS = 800, 90  # of the animation
WIDTH = 1000  # of the report


def main() -> None:
    """Make all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with open_browser() as browser:
        take_page(browser)
        take_animation(browser)
        take_report(browser)
    for file in PICTURES.glob("*.png"):  # a palette gives a third of the size
        Image.open(file).convert("RGB").quantize(256, kmeans=3, dither=Image.Dither.NONE).save(file, optimize=True)


def take_page(browser: Browser) -> None:
    """Take the drawing demo with a three and a pixel of a map explained, in light and dark."""
    for scheme in ("light", "dark"):
        with open_page(browser, DEMO, color_scheme=scheme, viewport=SCREEN) as page:
            draw_with_mouse(page, place(DIGITS[3], 0.2, 0.15, 0.65))
            point_at_map(page)
            page.wait_for_timeout(300)
            page.screenshot(path=PICTURES / f"page-{scheme}.png", clip=above_panels(page), full_page=True)


def take_animation(browser: Browser) -> None:
    """Take the drawing demo while a three is drawn, then a pixel of a map and its sources."""
    frames = []
    with open_page(browser, DEMO, color_scheme="dark", viewport=SCREEN) as page:
        clip = above_panels(page)

        def take(count: int = 1) -> None:
            page.wait_for_timeout(200)  # transition of the bars
            image = Image.open(io.BytesIO(page.screenshot(clip=clip, full_page=True))).convert("RGB")
            size = (FRAME_WIDTH, round(FRAME_WIDTH * image.height / image.width))
            frames.extend([image.resize(size, Image.Resampling.LANCZOS)] * count)

        take(3)
        (points,) = on_canvas(page, place(DIGITS[3], 0.2, 0.15, 0.65))
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
            take()
        page.mouse.up()
        take(8)
        point_at_map(page)
        take(20)
    options: Any = {"save_all": True, "append_images": frames[1:], "duration": FRAME_MILLISECONDS, "loop": 0}
    frames[0].save(PICTURES / "drawing.webp", quality=75, method=6, **options)


def point_at_map(page: Page) -> None:
    """Click a pixel of the map of the second layer with the largest activation."""
    tiles = page.locator(".tiles").nth(1).locator(".tile")
    page.wait_for_timeout(500)  # until the labels are up to date
    values = [float((tile.get_attribute("aria-label") or "").split()[-1]) for tile in tiles.all()]
    tiles.nth(int(np.argmax(values))).focus()
    page.keyboard.press("Enter")


def above_panels(page: Page) -> FloatRect:
    """Scroll to the top; return the part of the page above the panels."""
    page.evaluate("scrollTo(0, 0)")
    return {"x": 0, "y": 0, "width": SCREEN["width"], "height": find_box(page.locator(".panels"))["y"] - 8}


def take_report(browser: Browser) -> None:
    """Take the top of the report, in light and dark."""
    for scheme in ("light", "dark"):
        size = {"width": WIDTH, "height": 1500}
        with open_page(browser, ARTIFACTS / "report/index.html", color_scheme=scheme, viewport=size) as page:
            page.screenshot(path=PICTURES / f"report-{scheme}.png")


if __name__ == "__main__":
    main()
