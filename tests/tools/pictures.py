"""Make the pictures of README and docs, pictures/: the lesson, also as an animation, the report, a photograph
with boxes, line images, and a heat map.

    make pictures
    python -m tests.tools.pictures lesson

Needs a browser, and artifacts/ with all stages run on MNIST. The second command makes only the pictures of the
lesson, that of the included model, for which nothing has to be trained.
"""

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, FloatRect, ViewportSize
from scipy import ndimage

from pipeline.html.lesson.included import render_included_lesson
from pipeline.model import PRETRAINED_READER
from pipeline.pictures.contrast import BOX, add_margin, local_contrast
from pipeline.pictures.decoding import load_page
from pipeline.reader import load
from pipeline.reader.batch.boxes import draw_boxes
from pipeline.reader.pages.search import Slider, build_pyramid
from pipeline.reader.rows.labels import OTHER_WRITING, OUTER, SHEET, SPACE
from pipeline.reader_training.columns import read_labels
from pipeline.reader_training.synthesis.lettering import list_fonts, split_fonts
from pipeline.reader_training.synthesis.line_images import synthesise_line
from pipeline.reader_training.synthesis.parallel import load_source_images
from pipeline.reader_training.synthesis.signs import FONT_FOLDERS
from tests.benchmarks.paper import choose_edge, draw_grid, expose, list_coordinates, wear
from tests.benchmarks.pictures import draw_picture
from tests.benchmarks.writing import load_digits, write_row
from tests.browser import find_box, open_browser, open_page

ARTIFACTS, PICTURES = Path("artifacts").absolute(), Path("pictures").absolute()
SCHEMES = "light", "dark"
SCREEN: ViewportSize = {"width": 1366, "height": 620}
WIDTH = 1000  # of the report
GAP = 6  # between pictures
COLUMNS, ROWS, TEXT_HEIGHT = 4, 16, 15  # of the sheet of line images, each above its text
STRETCH = 1.6  # of the contrast of the line images
PHOTOGRAPH = "ruled paper, of the ink's colour", 2

# The animation: the first scene without the controls around it, on 800 x 360 pixels.
HERO: dict[str, Any] = {"viewport": {"width": 1366, "height": 615}, "device_scale_factor": 800 / 1366}
HERO_STYLE = "header, .act { visibility: hidden; } header { height: 32px !important; }"
POINTS = (*range(6, 120, 6), 120)  # of the 3 that the pen has drawn, in each frame
DRAW = "(points) => change({ scenes: { ...state.scenes, 1: { ...state.scenes[1], points, shift: 4 * points } } })"
FRAME, LAST = 130, 2500  # milliseconds of a frame, and of the last one
COMPRESSION: dict[str, Any] = {"quality": 38, "method": 6, "minimize_size": True}  # of the animation


def main() -> None:
    """Make all pictures, or those of the lesson."""
    lesson_only = sys.argv[1:] == ["lesson"]
    PICTURES.mkdir(exist_ok=True)
    with open_browser() as browser, tempfile.TemporaryDirectory() as folder:
        lesson = Path(folder) / "lesson.html"
        lesson.write_text(render_included_lesson(), encoding="utf-8")
        for scheme in SCHEMES:
            take_animation(browser, lesson, scheme)
            take_page(browser, lesson, scheme)
            if not lesson_only:
                take_report(browser, scheme)
    if not lesson_only:
        draw_lines()
        draw_heat_map()
        draw_photograph()
    for file in PICTURES.glob("page-*.png" if lesson_only else "*.png"):  # a palette gives a third of the size
        Image.open(file).convert("RGB").quantize(256, kmeans=3, dither=Image.Dither.NONE).save(file, optimize=True)


def take_page(browser: Browser, lesson: Path, scheme: str) -> None:
    """Take the sum of the scene on shapes."""
    still: Any = {"color_scheme": scheme, "viewport": SCREEN, "reduced_motion": "reduce"}
    with open_page(browser, lesson, "#scene=3&step=3", **still) as page:
        page.get_by_role("button", name="Add all").click()
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURES / f"page-{scheme}.png")


def take_animation(browser: Browser, lesson: Path, scheme: str) -> None:
    """Take the scene in which a pen draws a 3, and every frame is a forward pass; the first frame shows the end."""
    frames = []
    with open_page(browser, lesson, "", color_scheme=scheme, reduced_motion="reduce", **HERO) as page:
        page.add_style_tag(content=HERO_STYLE)
        for points in POINTS:
            page.evaluate(DRAW, points)
            page.wait_for_timeout(200)
            frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    frames.insert(0, frames.pop())
    durations = [LAST, *[FRAME] * (len(frames) - 1)]
    options: Any = {"append_images": frames[1:], "duration": durations, "loop": 0, **COMPRESSION}
    frames[0].save(PICTURES / f"drawing-{scheme}.webp", save_all=True, **options)


def take_report(browser: Browser, scheme: str) -> None:
    """Take the report down to the end of its first section."""
    size = {"width": WIDTH, "height": 900}
    with open_page(browser, ARTIFACTS / "report/index.html", color_scheme=scheme, viewport=size) as page:
        section = find_box(page.locator("main section"))
        end = section["y"] + section["height"] + 16
        clip: FloatRect = {"x": 0, "y": 0, "width": WIDTH, "height": end}
        page.screenshot(path=PICTURES / f"report-{scheme}.png", clip=clip, full_page=True)


def draw_lines() -> None:
    """Show line images on which the reader is trained, the part that the recogniser sees, each above its text."""
    source = load_source_images(ARTIFACTS / "normalize", "train")
    fonts = split_fonts(list_fonts("script", ARTIFACTS / "fonts"), held_out=False)
    classes = len(source.class_names)
    written = dict(enumerate(source.class_names)) | {classes + SPACE: "\u2423", classes + OTHER_WRITING: "\u25a1"}
    height, width = SHEET[0] - 2 * OUTER, SHEET[1]
    sheet = Image.new("L", (COLUMNS * (width + GAP), ROWS * (height + TEXT_HEIGHT)), 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(FONT_FOLDERS["print"] / "DejaVuSans.woff", 11)
    for number in range(COLUMNS * ROWS):
        levels, labels, _ = synthesise_line(source, fonts, np.random.default_rng((1, number)))
        x, y = number % COLUMNS * (width + GAP), number // COLUMNS * (height + TEXT_HEIGHT)
        shown = np.clip(160 + STRETCH * (levels[OUTER:-OUTER].astype(float) - 128), 0, 255)
        sheet.paste(Image.fromarray(shown.astype(np.uint8)), (x, y))
        pen.text((x + 1, y + height), "".join(written[symbol] for symbol in read_labels(labels).tolist()), 0, font)
    sheet.save(PICTURES / "lines.webp", quality=45, method=6)


def draw_heat_map() -> None:
    """Show a photograph with what is read, above the probability that a digit is centred at each position."""
    reader = load(PRETRAINED_READER)
    assert reader.detector
    file, _ = draw_picture(*PHOTOGRAPH, load_digits("test"), "test")
    page = load_page(file, "photograph")
    grey = page.grey
    result = reader.read(file)
    shown = Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    draw_boxes(shown, result.boxes, list(result.digits), result.probabilities.max(axis=1).tolist())
    slider = Slider(reader.detector)
    digit = float(np.median(np.ptp(result.boxes[:, 1::2], axis=1)))
    level = min(build_pyramid(grey), key=lambda level: abs(np.log(level.scale * digit / BOX)))
    margin = slider.model.image_shape[0] // 2
    contrast = local_contrast(add_margin(level.grey, margin, margin, margin, margin))
    probability = 1 - slider.predict([contrast])[0, ..., -1]
    heat = Image.fromarray(np.uint8(255 * matplotlib.colormaps["magma"](probability)[..., :3]))
    heat = heat.resize(page.size[::-1], Image.Resampling.BILINEAR)
    both = Image.new("RGB", (shown.width, 2 * shown.height + GAP), "white")
    both.paste(shown)
    both.paste(heat, (0, shown.height + GAP))
    both.save(PICTURES / "heat-map.png")


def draw_photograph() -> None:
    """Show what `classify --annotate` writes for a photograph: six digits on squared paper, turned, in a shadow."""
    generator = np.random.default_rng(14)
    ink, _ = write_row(generator, load_digits("test"), 6, scale=4)
    ink = np.clip(ndimage.rotate(np.pad(ink, 70), 4, order=1), 0, 1)
    grid = draw_grid(generator, ink.shape, 44, 1.5, -4, squared=True)
    y, x = list_coordinates(ink.shape)
    light = 1 - 0.25 / (1 + np.exp(-choose_edge(generator, ink, 0.6) / 25)) - 0.1 * np.hypot(y + 0.3, x + 0.5)
    fibres = ndimage.gaussian_filter(generator.normal(size=ink.shape), (0.7, 2))
    paper = np.clip(np.array((0.98, 0.95, 0.87)) + 0.01 * fibres[..., np.newaxis] / fibres.std(), 0, 1)
    levels = expose(generator, ink, wear(generator, grid), light=np.asarray(light), paper=paper)
    image = Image.fromarray(ndimage.gaussian_filter(levels, (0.7, 0.7, 0)))
    result = load(PRETRAINED_READER).read(image)
    draw_boxes(image, result.boxes, list(result.digits), result.probabilities.max(axis=1).tolist())
    image.save(PICTURES / "boxes.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
