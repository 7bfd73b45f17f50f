"""The report in a real browser: on screens of all sizes, in light and dark, and on paper."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from pipeline.pages.report import (
    render_report,
)
from tests.browser import open_page
from tests.pipeline.pages.findings import UNUSUAL

SIZES = {"desktop": (1280, 900), "phone": (390, 800), "small phone": (360, 640)}
PAGES = ("the sample", "30 classes with long names", "names that are markup", "256 classes", "large pictures")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, sample: str) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for number, what in enumerate(PAGES):
        found[what] = folder / f"{number}.html"
        content = sample if what == "the sample" else render_report(UNUSUAL[what])
        found[what].write_text(content, encoding="utf-8")
    return found


@pytest.mark.parametrize(
    ("what", "size", "scheme"),
    [
        *((PAGES[0], size, scheme) for size in SIZES for scheme in ("light", "dark")),
        *((what, *view) for what in PAGES[1:] for view in (("desktop", "light"), ("small phone", "dark"))),
    ],
)
def test_in_a_browser_it_is_quiet_accessible_and_as_wide_as_the_screen(
    what: str, size: str, scheme: str, browser: Browser, files: dict[str, Path]
) -> None:
    width, height = SIZES[size]
    with open_page(browser, files[what], viewport={"width": width, "height": height}, color_scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []


@pytest.mark.parametrize("what", PAGES)
def test_on_paper_it_is_light_and_nothing_is_cut_off(what: str, browser: Browser, files: dict[str, Path]) -> None:
    with open_page(browser, files[what], viewport={"width": 680, "height": 1000}) as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.documentElement).color") == "rgb(0, 0, 0)"
