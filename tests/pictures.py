"""Make the pictures of the documentation, pictures/: the drawing demo, also as an animation, the report, composed
pictures, and the heat map of a photograph.

    make pictures

Needs a browser, and artifacts/ with all stages run.
"""

import io
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, ViewportSize

from pipeline.composition.compose import HEIGHT, compose
from pipeline.composition.compose import WIDTH as PICTURE_WIDTH
from pipeline.composition.pictures import load_parsed
from pipeline.data.contrast import BOX
from pipeline.pictures.boxes import draw_boxes
from pipeline.pictures.files import load_picture
from pipeline.pictures.sliding import Slider, build_pyramid
from pipeline.reader import INCLUDED_READER, load
from tests.benchmarks.pictures import draw_picture
from tests.benchmarks.writing import load_digits
from tests.browser import find_box, open_browser, open_page
from tests.pipeline.pages.input import draw_with_mouse, on_canvas
from tests.pipeline.pages.strokes import DIGITS, place

ARTIFACTS, PICTURES = Path("artifacts").absolute(), Path("pictures").absolute()
DEMO = ARTIFACTS / "export" / "index.html"
SCREEN: ViewportSize = {"width": 1200, "height": 900}  # wide enough for all columns of the inside
FRAME_WIDTH, FRAME_MILLISECONDS = 800, 90  # of the animation
WIDTH = 1000  # of the report and of the sheet of composed pictures
ROWS, COLUMNS, GAP = 5, 4, 6
PHOTOGRAPH = "ruled paper, of the ink's colour", 2


def main() -> None:
    """Make all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with open_browser() as browser:
        take_page(browser)
        take_animation(browser)
        take_report(browser)
    draw_composed()
    draw_heat_map()
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
    return {"x": 0, "y": 0, "width": SCREEN["width"], "height": find_box(page.locator("#detail"))["y"] - 8}


def take_report(browser: Browser) -> None:
    """Take the top of the report, in light and dark."""
    for scheme in ("light", "dark"):
        size = {"width": WIDTH, "height": 1500}
        with open_page(browser, ARTIFACTS / "report/index.html", color_scheme=scheme, viewport=size) as page:
            page.screenshot(path=PICTURES / f"report-{scheme}.png")


def draw_composed() -> None:
    """Show some pictures on which the network for pictures is trained."""
    glyphs = load_parsed(ARTIFACTS / "parse", held_out=False)
    sheet = Image.new("L", (COLUMNS * (WIDTH // COLUMNS), ROWS * (HEIGHT * WIDTH // COLUMNS // PICTURE_WIDTH)), 255)
    wide, tall = sheet.width // COLUMNS, sheet.height // ROWS
    for number in range(ROWS * COLUMNS):
        levels, _ = compose(glyphs, np.random.default_rng((1, number)))
        small = Image.fromarray(levels).resize((wide - GAP, tall - GAP), Image.Resampling.LANCZOS)
        sheet.paste(small, (number % COLUMNS * wide, number // COLUMNS * tall))
    sheet.save(PICTURES / "composed.png")


def draw_heat_map() -> None:
    """Show a photograph with what is read, above the probability that a digit is centred at each position."""
    reader = load(INCLUDED_READER)
    assert reader.finder
    file, _ = draw_picture(*PHOTOGRAPH, load_digits("test"), "test")
    grey, size = load_picture(file, "photograph")
    result = reader.read(file)
    shown = Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    draw_boxes(shown, result.boxes, list(result.text))
    slider = Slider(reader.finder)
    digit = float(np.median(np.ptp(result.boxes[:, 1::2], axis=1)))
    level = min(build_pyramid(grey, slider.window), key=lambda level: abs(np.log(level.scale * digit / BOX)))
    probability = 1 - slider.predict([level.contrast])[0, ..., -1]
    heat = Image.fromarray(np.uint8(255 * matplotlib.colormaps["magma"](probability)[..., :3]))
    border = round((level.margin - (slider.window - 1) / 2) / level.scale)
    heat = heat.resize((size[1] + 2 * border, size[0] + 2 * border), Image.Resampling.BILINEAR)
    both = Image.new("RGB", (shown.width, 2 * shown.height + GAP), "white")
    both.paste(shown)
    both.paste(heat.crop((border, border, border + size[1], border + size[0])), (0, shown.height + GAP))
    both.save(PICTURES / "heat-map.png")


if __name__ == "__main__":
    main()
