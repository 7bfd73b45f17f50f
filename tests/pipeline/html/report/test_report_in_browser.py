"""The report in a browser: screen sizes, colour schemes and print."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pipeline.html.report.report_page import render_report
from tests.browser import find_violations, is_wider_than_screen, open_page
from tests.pipeline.html.findings import UNUSUAL

pytestmark = pytest.mark.slow

SIZES = {"desktop": (1280, 900), "phone": (390, 800), "small phone": (360, 640)}
PAGES = (
    *("the sample", "30 classes with long names", "names with markup", "256 classes", "large images"),
    "ten classes",
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, sample: str) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for number, name in enumerate(PAGES):
        found[name] = folder / f"{number}.html"
        content = sample if name == "the sample" else render_report(UNUSUAL[name])
        found[name].write_text(content, encoding="utf-8")
    return found


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [
        *((PAGES[0], size, scheme) for size in SIZES for scheme in ("light", "dark")),
        *((name, *view) for name in PAGES[1:] for view in (("desktop", "light"), ("small phone", "dark"))),
    ],
)
def test_page_is_accessible_and_fits_the_screen(
    name: str, size: str, scheme: str, browser: Browser, files: dict[str, Path]
) -> None:
    width, height = SIZES[size]
    with open_page(browser, files[name], viewport={"width": width, "height": height}, color_scheme=scheme) as page:
        assert not is_wider_than_screen(page)
        assert find_violations(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_print_is_light_and_fits_the_page_with_margins(name: str, browser: Browser, files: dict[str, Path]) -> None:
    with open_page(browser, files[name], viewport={"width": 680, "height": 1000}) as page:
        page.emulate_media(media="print", color_scheme="dark")
        margins = "() => [...document.styleSheets[0].cssRules].find((rule) => rule instanceof CSSPageRule).style.margin"
        assert page.evaluate(margins) == "15mm"
        if name == "the sample":  # no short table is split
            breaks = "tables => tables.map((each) => getComputedStyle(each).breakInside)"
            assert set(page.locator("table").evaluate_all(breaks)) == {"avoid"}
        assert not is_wider_than_screen(page)
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.documentElement).color") == "rgb(0, 0, 0)"


def test_all_columns_of_the_matrix_and_the_accuracies_of_runs_fit_a_phone(
    browser: Browser, files: dict[str, Path]
) -> None:
    with open_page(browser, files["the sample"], viewport={"width": 390, "height": 844}) as page:
        matrix = page.get_by_role("region", name="Confusion matrix", exact=True)
        assert matrix.evaluate("region => region.scrollWidth - region.clientWidth") <= 0
        right = "headings => Math.max(...headings.map((each) => each.getBoundingClientRect().right))"
        assert page.locator(".runs thead th:nth-child(-n + 4)").evaluate_all(right) <= 390


def test_click_on_a_cell_shows_its_errors_and_a_link_shows_all(browser: Browser, files: dict[str, Path]) -> None:
    with open_page(browser, files["the sample"], viewport={"width": 1440, "height": 900}) as page:
        cell = page.locator(".confusion a").first
        count, _, classes = str(cell.get_attribute("aria-label")).partition(": ")
        pictures = page.locator(".errors li:visible")
        before = pictures.count()
        cell.click()
        assert pictures.count() == int(count) < before
        assert all(classes in text for text in pictures.all_inner_texts())
        page.get_by_role("link", name="Show all classes").locator("visible=true").click()
        assert pictures.count() == before
        cell.focus()
        page.keyboard.press("Enter")
        assert pictures.count() == int(count)
