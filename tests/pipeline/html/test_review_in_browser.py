"""The page on which a person checks rows, in a real browser."""

import csv
import io
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from pipeline.html.review.review import render_review
from pipeline.reader.forms.form import load_form
from pipeline.reader.many.boxes import CERTAIN
from pipeline.reader.many.table import CHECKED_COLUMNS
from pipeline.reader.many.truth import load_truth
from tests.browser import find_violations
from tests.pipeline.html.learning.conftest import wait_until

render = partial(render_review, columns=CHECKED_COLUMNS, certain=CERTAIN)

pytestmark = pytest.mark.slow

CROP = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
FIELDS = {"day": {"holds": "lines"}, "amount": {"holds": "lines"}}


def make_row(text: str, confidence: float, **others: Any) -> dict[str, Any]:
    parts = {"text": text, "digits": text, "confidence": confidence, "alternatives": [["=1", 0.1]], "boxes": []}
    row = {**parts, "region": "", "rejected": False, "box": [10, 20, 50, 40], "crop": CROP}
    return {**row, **others}


def make_facts(path: Path, rows: Sequence[dict[str, Any]], **others: Any) -> dict[str, Any]:
    Image.new("L", (200, 100), 255).save(path)
    return {"file": str(path), "rows": list(rows), "path": str(path), "size": [100, 200], "image": "", **others}


@contextmanager
def show(browser: Browser, page: Path) -> Iterator[Page]:
    errors: list[Exception] = []
    with browser.new_context() as context:
        opened = context.new_page()  # which asks for the picture beside it
        opened.on("pageerror", lambda error: errors.append(error))
        opened.goto(page.as_uri())
        yield opened
    assert errors == []


@pytest.fixture
def review(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    rows = [make_row("12", 0.95), make_row("34", 0.5), make_row("56", 0.7)]
    file = tmp_path / "review.html"
    file.write_text(
        render([make_facts(tmp_path / "a.png", rows)], tmp_path / "review.html", fields={}), encoding="utf-8"
    )
    with show(browser, file) as opened:
        assert find_violations(opened) == []
        yield opened


@pytest.fixture
def ledger(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Two lines, of which the second has no amount yet."""
    rows = [
        make_row("1", 0.95, region="day", record=1, box=[10, 20, 30, 30]),
        make_row("2", 0.95, region="day", record=2, box=[10, 60, 30, 70]),
        make_row("34", 0.5, region="amount", record=1, box=[100, 22, 130, 32]),
        make_row("77", 0.6, region="amount", record=0, box=[150, 22, 180, 32]),
    ]
    problems = [{"what": "ink that was not read", "region": "amount", "box": [100, 60, 130, 70], "place": None}]
    facts = make_facts(tmp_path / "a.png", rows, problems=problems, upright=[1, 0, 0, 0])
    file = tmp_path / "review.html"
    file.write_text(render([facts], tmp_path / "review.html", fields=FIELDS), encoding="utf-8")
    with show(browser, file) as opened:
        assert find_violations(opened) == []
        yield opened


def test_no_name_reorders_the_text_beside_it(browser: Browser, tmp_path: Path) -> None:
    name = "a\u2069\u202eb.png"
    problem = {"what": "no reading", "region": "day", "box": None, "place": None}
    row = make_row("1", 0.5, region="day", record=1)
    file = tmp_path / "review.html"
    facts = make_facts(tmp_path / name, [row], problems=[problem], upright=[1, 0, 0, 0])
    file.write_text(render([facts], tmp_path / "review.html", fields=FIELDS), encoding="utf-8")
    with show(browser, file) as opened:
        shown = [opened.locator(each).first.inner_text() for each in ("#problems button", "#rows small", "#pages")]
        shown += [
            opened.locator(each).first.get_attribute("aria-label") or ""
            for each in ("#rows input", "#rows button[tabindex]")
        ]
    for text in shown:
        assert "a\ufffd\ufffdb.png\u2069" in text
        assert text.count("\u2068") == text.count("\u2069")
    assert "\u2068day\u2069" in shown[0]


def save(page: Page, button: str) -> list[dict[str, str]]:
    with page.expect_download() as saved:
        page.locator(button).click()
    return list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8"))))


def draw(page: Page, left: float, top: float, right: float, bottom: float) -> None:
    """Draw a rectangle on the page, given in shares of its width and height."""
    page.locator("#picture").evaluate("image => image.decode()")
    box = page.locator("#page").bounding_box()
    assert box
    page.mouse.move(box["x"] + left * box["width"], box["y"] + top * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + right * box["width"], box["y"] + bottom * box["height"])
    page.mouse.up()


def test_rows_are_checked_by_keyboard_and_saved(review: Page, tmp_path: Path) -> None:
    review.keyboard.type("3.5")  # the least certain row is selected
    review.keyboard.press("Enter")
    review.keyboard.press("Enter")
    assert review.locator("#progress").inner_text().startswith("2 of 3 checked")
    lines = save(review, "#save")
    found = [(line["row"], line["text"], line["value"], line["checked"]) for line in lines]
    assert found == [("1", "12", "12", ""), ("2", "34", "3.5", "yes"), ("3", "56", "56", "yes")]


def test_page_is_scrolled_to_the_row_and_a_line_shows_where_certain_rows_begin(review: Page) -> None:
    box = review.locator("#page i").bounding_box()
    page = review.locator("#page").bounding_box()
    assert box and page
    assert box["x"] - page["x"] == pytest.approx(page["width"] / 20, abs=3)
    classes = review.locator("#rows li").evaluate_all("items => items.map((item) => item.className)")
    assert classes == ["", "", "line", ""]


def test_deleted_row_is_seen_and_one_key_takes_it_back(review: Page, tmp_path: Path) -> None:
    review.keyboard.press("Control+Delete")
    (line,) = [line for line in save(review, "#save") if line["change"] == "deleted"]
    assert (line["text"], line["value"], line["checked"]) == ("34", "", "yes")
    review.locator("#rows input").first.focus()
    review.keyboard.press("Alt+z")
    assert [line["change"] for line in save(review, "#save")] == ["", "", ""]
    assert review.locator("#progress").inner_text().startswith("0 of 3 checked")
    assert review.locator("#rows input").first.input_value() == "34"


def test_work_is_kept_over_a_reload(ledger: Page) -> None:
    ledger.keyboard.type("35")
    ledger.keyboard.press("Enter")
    draw(ledger, 0.5, 0.6, 0.65, 0.7)
    ledger.keyboard.type("88")
    ledger.keyboard.press("Enter")
    before = save(ledger, "#save")
    assert [line["value"] for line in before] == ["1", "2", "35", "77", "88"]
    ledger.reload()
    assert save(ledger, "#save") == before
    ledger.keyboard.press("Alt+z")  # the text of the added row, then the row itself
    ledger.keyboard.press("Alt+z")
    assert [line["value"] for line in save(ledger, "#save")] == ["1", "2", "35", "77"]


def test_drawn_row_joins_the_record_and_the_field_beside_it(ledger: Page, tmp_path: Path) -> None:
    assert ledger.locator("#problems li").count() == 1
    draw(ledger, 0.5, 0.6, 0.65, 0.7)
    ledger.keyboard.type("88")
    ledger.keyboard.press("Enter")
    assert save(ledger, "#table") == [
        {"file": str(tmp_path / "a.png"), "line": "1", "day": "1", "amount": "34", "check": ""},
        {"file": str(tmp_path / "a.png"), "line": "2", "day": "2", "amount": "88", "check": ""},
        {"file": str(tmp_path / "a.png"), "line": "", "day": "", "amount": "77", "check": "fits no line"},
    ]
    with ledger.expect_download() as saved:
        ledger.locator("#save").click()
    (checked,) = load_truth(saved.value.path()).values()
    assert [(each.text, each.change) for each in checked] == [("88", "added")]


def test_line_whose_rows_are_deleted_is_not_in_the_table(ledger: Page) -> None:
    """As of a line that is struck out."""
    for label in ("row 1", "row 3"):
        field = ledger.locator(f"#rows input[aria-label*='{label} of']")
        field.focus()
        field.press("Control+Delete")
    lines = save(ledger, "#table")
    assert [(line["day"], line["amount"]) for line in lines] == [("2", ""), ("", "77")]
    ledger.keyboard.press("Alt+z")
    assert [line["amount"] for line in save(ledger, "#table")] == ["34", "", "77"]


LEFT_OF = """(element, back) => {
    const [text, range] = [element.firstChild, document.createRange()];
    range.setStart(text, text.length - back);
    range.setEnd(text, text.length - back + 1);
    return range.getBoundingClientRect().left;
}"""  # of the character that is as many before the end
HOSTILE = ("<img src=x onerror=window.hacked=1>.png", "\"'`${window.hacked=1}.png", "line\nbreak.png", "\u202egnp.png")


def test_names_of_any_letters_are_only_text(browser: Browser, tmp_path: Path) -> None:
    problem = {"what": "no reading", "region": HOSTILE[0], "box": None, "place": None}
    facts = [
        make_facts(tmp_path / name, [make_row("1", 0.5, region=HOSTILE[0])], problems=[problem]) for name in HOSTILE
    ]
    file = tmp_path / "review.html"
    file.write_text(render(facts, tmp_path / "review.html", fields={HOSTILE[0]: {"holds": "many"}}), encoding="utf-8")
    with show(browser, file) as opened:
        for number in range(len(HOSTILE)):
            opened.locator("#problems button").nth(number).click()
            wait_until(opened, "get('picture').complete && get('picture').naturalWidth === 200")
        assert opened.evaluate("window.hacked ?? null") is None
        assert sorted({line["file"] for line in save(opened, "#save")}) == sorted(
            str(tmp_path / each) for each in HOSTILE
        )
        # What follows a name from right to left stands after it.
        first, second = (opened.locator("#rows small").last.evaluate(LEFT_OF, back) for back in (5, 1))
        assert first < second


def test_row_between_two_lines_becomes_a_line_between_them(ledger: Page) -> None:
    draw(ledger, 0.05, 0.4, 0.15, 0.5)
    ledger.keyboard.type("9")
    ledger.keyboard.press("Enter")
    assert [line["day"] for line in save(ledger, "#table")] == ["1", "9", "2", ""]


def test_form_is_drawn_named_and_saved(review: Page, tmp_path: Path) -> None:
    review.locator("#mode").select_option("field")
    for left, name in ((0.1, "day"), (0.5, 'a "b"')):
        draw(review, left, 0.2, left + 0.2, 0.9)
        review.locator("#name").fill(name)
    review.locator("#holds").select_option("one")
    with review.expect_download() as saved:
        review.locator("#keep").click()
    content = saved.value.path().read_text(encoding="utf-8")
    assert tomllib.loads(content)["reference"] == "a.png"
    (tmp_path / "form.toml").write_text(content)
    form = load_form(tmp_path / "form.toml")
    assert dict(form.holds) == {"day": "lines", 'a "b"': "one"}
    edges = [float(edge.rstrip("%")) for edge in form.regions[1].edges]
    assert edges == pytest.approx([50, 20, 70, 90], abs=1.5)


def test_page_says_that_a_picture_has_moved(review: Page, tmp_path: Path) -> None:
    (tmp_path / "a.png").unlink()
    review.reload()
    review.locator("#absent", has_text="a.png").wait_for()


def test_two_thousand_rows_open_and_take_less_than_25_megabytes(browser: Browser, tmp_path: Path) -> None:
    crop = f"data:image/jpeg;base64,{'A' * 4_000}"
    facts = [
        make_facts(tmp_path / f"{page}.png", [make_row("12", 0.5, crop=crop) for _ in range(50)]) for page in range(40)
    ]
    file = tmp_path / "review.html"
    file.write_text(render(facts, tmp_path / "review.html", fields={}), encoding="utf-8")
    assert file.stat().st_size < 25e6
    with show(browser, file) as opened:
        opened.locator("#progress", has_text="of 2000 checked").wait_for()
        assert opened.locator("#rows input").count() == 2_000
