"""The page on which a person checks rows, in a real browser."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from pipeline.html.review.review import render_review
from pipeline.reader.many.table import CHECKED_COLUMNS
from pipeline.reader.many.truth import load_truth
from pipeline.reader.pages.boxes import CERTAIN
from tests.browser import find_violations

pytestmark = pytest.mark.slow

CROP = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


def make_row(text: str, confidence: float) -> dict[str, Any]:
    parts = {"text": text, "digits": text, "confidence": confidence, "alternatives": [["=1", 0.1]], "boxes": []}
    return {**parts, "region": "", "unread": False, "box": [10, 20, 50, 40], "crop": CROP}


@pytest.fixture
def review(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    Image.new("L", (200, 100), 255).save(tmp_path / "a.png")
    rows = [make_row("12", 0.95), make_row("34", 0.5), make_row("56", 0.7)]
    file = tmp_path / "review.html"
    found = [{"file": str(tmp_path / "a.png"), "rows": rows}]
    page = render_review(found, tmp_path, columns=CHECKED_COLUMNS, certain=CERTAIN)
    file.write_text(page, encoding="utf-8")
    errors: list[Exception] = []
    with browser.new_context() as context:
        opened = context.new_page()  # which asks for the picture beside it
        opened.on("pageerror", lambda error: errors.append(error))
        opened.goto(file.as_uri())
        assert find_violations(opened) == []
        yield opened
    assert errors == []


def test_rows_are_checked_by_keyboard_and_saved(review: Page, tmp_path: Path) -> None:
    review.keyboard.type("35")  # the least certain row is selected
    review.keyboard.press("Enter")
    review.keyboard.press("Enter")
    assert review.locator("#progress").inner_text() == "2 of 3 checked"
    assert review.locator("#errors").inner_text().startswith("1 of 2 ")
    with review.expect_download() as saved:
        review.locator("#save").click()
    content = saved.value.path().read_text(encoding="utf-8")
    lines = list(csv.DictReader(io.StringIO(content)))
    found = [(line["row"], line["digits"], line["value"], line["checked"]) for line in lines]
    assert found == [("1", "12", "12", ""), ("2", "34", "35", "yes"), ("3", "56", "56", "yes")]
    (tmp_path / "corrected.csv").write_text(content)
    (checked,) = load_truth(tmp_path / "corrected.csv").values()
    assert [each.text for each in checked] == ["35", "56"]


def test_page_shows_the_row_and_gives_the_option_of_a_region(review: Page) -> None:
    row = review.locator("li").first
    row.get_by_role("button", name="Page").click()
    image = row.locator(".page img")
    image.evaluate("image => image.decode()")
    box = image.bounding_box()
    assert box
    review.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    review.mouse.down()
    review.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.9 * box["height"])
    review.mouse.up()
    assert row.locator("code").inner_text() == "--region 25%,50%,75%,90%"


def test_page_says_that_a_picture_has_moved(review: Page, tmp_path: Path) -> None:
    (tmp_path / "a.png").unlink()
    row = review.locator("li").first
    row.get_by_role("button", name="Page").click()
    row.locator(".place", has_text="a.png").wait_for()
    assert row.locator(".page").count() == 0
