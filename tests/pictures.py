"""Make the pictures of the README, pictures/*.png: the drawing demo, the report, a terminal session.

    make pictures

Needs a browser, and artifacts/ with all stages run.
"""

import io
import re
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser
from rich.console import Console
from rich.text import Text

from tests.browser import open_browser, open_page
from tests.pipeline.pages.input import draw_with_mouse
from tests.pipeline.pages.strokes import DIGITS, place
from tests.terminal import show

ARTIFACTS, PICTURES = Path("artifacts").absolute(), Path("pictures").absolute()
WIDTH, COLUMNS = 1000, 96
INDEX = 0  # of the test image that is photographed


def main() -> None:
    """Make all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with open_browser() as browser:
        take_page(browser)
        take_report(browser)
        take_terminal(browser)
    for file in PICTURES.glob("*.png"):  # a palette gives a third of the size
        Image.open(file).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)


def take_page(browser: Browser) -> None:
    """Take the drawing demo with a seven, in light and dark."""
    for scheme in ("light", "dark"):
        with open_page(
            browser, ARTIFACTS / "export" / "index.html", color_scheme=scheme, viewport={"width": WIDTH, "height": 900}
        ) as page:
            draw_with_mouse(page, place(DIGITS[3], 0.2, 0.15, 0.65))
            page.wait_for_timeout(300)
            page.screenshot(path=PICTURES / f"page-{scheme}.png")


def take_report(browser: Browser) -> None:
    """Take the top of the report, in light and dark."""
    for scheme in ("light", "dark"):
        with open_page(
            browser, ARTIFACTS / "report" / "index.html", color_scheme=scheme, viewport={"width": WIDTH, "height": 1500}
        ) as page:
            page.screenshot(path=PICTURES / f"report-{scheme}.png")


def take_terminal(browser: Browser) -> None:
    """Take a terminal with the output of classify and status."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        photograph(INDEX, Path(folder, "photo.jpg"))
        Path(folder, "artifacts").symlink_to(ARTIFACTS)
        for line in ("handwriting classify --show photo.jpg", "handwriting status"):
            console.print(Text("$ ", "bold green") + Text(line, "bold"))
            program = Path(".venv/bin").absolute() / line.split()[0]
            output = show([str(program), *line.split()[1:]], Path(folder), COLUMNS=str(COLUMNS)).raw
            console.print(Text.from_ansi(output.replace("\r\n", "\n")))
    drawing = re.sub(r"@font-face {.*?}", "", console.export_svg(title="handwriting"), flags=re.DOTALL)
    page = browser.new_page(viewport={"width": WIDTH, "height": 100})
    page.set_content(f"<body style='margin:0'>{drawing}")
    page.locator("svg").screenshot(path=PICTURES / "terminal.png", omit_background=True)
    page.close()


def photograph(index: int, path: Path) -> None:
    """Write a test image as pen strokes on paper in uneven light, with noise."""
    image = Image.fromarray(np.load(ARTIFACTS / "parse" / "test-images.npy")[index])
    ink = np.pad(np.asarray(image.resize((224, 224), Image.Resampling.BICUBIC), float) / 255, 80)
    light = np.linspace(0.95, 0.55, len(ink)) * np.linspace(0.8, 1, len(ink))[:, np.newaxis]
    levels = 255 * light * (1 - 0.75 * ink) + np.random.default_rng(index).normal(0, 3, ink.shape)
    Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).save(path, quality=85)


if __name__ == "__main__":
    main()
