"""The page on which a person checks numbers, in a real browser: one journey, and what must not be lost."""

import csv
import io
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from pipeline.desk.review.review import write_json
from pipeline.desk.review_data import list_constants
from pipeline.html.rendering import digest_script, render
from tests.browser import SWITCHES, find_browser, find_violations
from tests.pipeline.desk.review.piles import SIZE, make_delivery, make_page, make_pile, make_row

pytestmark = pytest.mark.slow

DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
WINDOW = {"width": 1366, "height": 620}


def write_pile(folder: Path, pile: dict[str, Any], name: str = "review.html", glance: int = 0) -> Path:
    """Write the page of a pile, and pictures with a stroke for each digit. glance: as in `list_constants`."""
    for page in pile["pages"][60:]:
        page["source"] = DOT
    for page in pile["pages"][:60]:
        image = Image.new("L", SIZE[::-1], 255)
        for row in page["rows"]:
            for left, top, right, bottom in row["boxes"]:
                ImageDraw.Draw(image).line((left + 2, bottom, right - 2, top), 0, 3)
        image.rotate(page.get("turn", 0), expand=True).save(folder / page["file"])  # against the clock, as it lay
    data, constants = map(write_json, (pile, {**list_constants(), "glance": glance}))
    page = render("desk/review/review.html", data=data, constants=constants, digest=digest_script)
    (folder / name).write_text(page, encoding="utf-8")
    return folder / name


def wait(page: Page, fragment: str = "") -> None:
    """Wait until the page listens."""
    page.locator("#toml" if fragment else "#togo:has-text('to go')").wait_for()


@contextmanager
def show(context: BrowserContext, file: Path, fragment: str = "") -> Iterator[Page]:
    """Yield the page of a file; fail if one of its scripts does."""
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(file.as_uri() + fragment)
    wait(page, fragment)
    yield page
    page.close()
    assert errors == []


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport=WINDOW) as context:  # type: ignore[arg-type]
        yield context


def make_wrong_pile(**others: Any) -> dict[str, Any]:
    """Two pages: a doubtful wrong price, a doubtful number, and one that was not read; and a sure wrong sum."""
    price = {"text": "41.50", "confidence": 0.8}
    first = make_delivery("one", number1={"confidence": 0.5}, price1=price, quantity3={"text": ""})
    return make_pile([first, make_delivery("two", sum2={"text": "26.00"})], **others)


def title(page: Page) -> str:
    """Return the title of the card, without the marks around names."""
    return page.locator("#card h2").inner_text().replace("\u2068", "").replace("\u2069", "")


def press(page: Page, *keys: str) -> None:
    """Press keys, each when what the last one has done is shown."""
    frame = "new Promise(requestAnimationFrame)"
    for key in keys or ("",):
        if key:
            page.keyboard.press(key)
        page.evaluate(f"() => pending.then(() => {frame}).then(() => {frame})")


def save(page: Page, *keys: str) -> list[dict[str, str]]:
    with page.expect_download() as saved:
        press(page, *keys)
    return list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8"))))


def left(page: Page) -> str:
    return page.locator("#togo").inner_text().strip()


def test_pile_is_checked_by_keyboard_alone(context: BrowserContext, tmp_path: Path) -> None:
    with show(context, write_pile(tmp_path, make_wrong_pile())) as page:
        assert find_violations(page) == []
        assert title(page) == "price, line 1"
        place = page.locator("#card .pic").bounding_box()
        press(page, "Enter")  # 47.50, which the line gives
        assert title(page) == "quantity, line 3: not read"
        assert page.locator("#card .pic").bounding_box()["y"] == place["y"]  # type: ignore[index]
        press(page, "1", "5", "Backspace", "0", "Enter")
        assert title(page) == "number"
        press(page, "l")
        assert title(page) == "sum, line 2: does not add up"
        press(page, "Enter")  # it is sure, so it takes a choice
        assert title(page) == "sum, line 2: does not add up"
        press(page, "s")
        assert page.locator("#end h2").inner_text() == "Almost done: 1 number is left"
        assert find_violations(page) == []
        press(page, "g", "5", "6", "9", "2", "5", "Enter")
        assert page.locator("#end h2").inner_text() == "Done: nothing is left"
        lines = save(page, "Enter")
        assert [line["sum"] for line in lines] == ["142.50", "20.00", "43.00"] * 2
        assert [line["number"] for line in lines] == ["56925"] * 3 + ["56924"] * 3
        calculated = ["price: calculated, read as 41.50", "sum: calculated, read as 26.00"]
        assert [line["check"] for line in lines if line["check"]] == calculated
        rows = save(page, "r")
        assert [row["value"] for row in rows if row["checked"] == "yes"] == ["56925", "47.50", "10", "20.00"]
        press(page, "t")
        assert left(page) == "20 to go" or left(page).endswith("to go")
        assert page.locator("#card").is_visible()


def test_stray_pages_are_decided_by_keyboard_and_one_answer_takes_a_row_of_them(
    context: BrowserContext, tmp_path: Path
) -> None:
    def doubt(name: str, kind: str) -> dict[str, Any]:
        return {**make_delivery(name), "doubt": {"kind": kind, "what": "look at it"}}

    turned = {**make_delivery("turned"), "turn": 180}
    strays = [
        doubt("upside", "doubtful"),
        doubt("blank", "blank"),
        *(doubt(f"other {i}", "foreign") for i in range(12)),
    ]
    strays[0]["other"] = {"rows": turned["rows"], "turn": 180}
    with show(context, write_pile(tmp_path, make_pile([turned, make_delivery("one"), *strays]))) as page:
        assert left(page) == "14 to go"
        assert find_violations(page) == []
        press(page, "t")
        press(page, "Enter")
        press(page, "a")
        assert page.locator("#end h2").inner_text() == "Done: nothing is left"
        lines = save(page, "Enter")
        assert [line["file"] for line in lines if line["line"]] == [
            f"{n}.png" for n in ("turned", "one", "upside") for _ in "123"
        ]
        assert len([line for line in lines if line["check"].startswith("left out")]) == 13
        press(page, "z")
        assert left(page) == "12 to go"
        press(page, "u", "Shift+Z", "z", "Delete")
        assert left(page) == "11 to go"
        page.reload()
        wait(page)
        assert left(page) == "11 to go"


def test_key_that_is_held_or_repeated_answers_nothing_that_was_not_seen(
    context: BrowserContext, tmp_path: Path
) -> None:
    with show(context, write_pile(tmp_path, make_wrong_pile(), glance=100_000)) as page:
        press(page, "Enter")
        assert left(page) == "5 to go"  # it was not shown for long enough
        page.evaluate("state.shownAt -= 200_000")
        for _ in range(4):  # held: the browser repeats it without a key up
            page.keyboard.down("Enter")
        press(page)
        assert left(page) == "4 to go"
        page.keyboard.up("Enter")
        press(page, "1", "0", "Enter", "Enter", "Delete")
        assert left(page) == "4 to go"
        page.evaluate("state.shownAt -= 200_000")
        press(page, "Enter", "Enter")
        assert left(page) == "3 to go"


def test_total_that_does_not_add_up_is_asked_once(context: BrowserContext, tmp_path: Path) -> None:
    with show(context, write_pile(tmp_path, make_pile([make_delivery(total1={"text": "912.34"})]))) as page:
        press(page, "Enter")  # does not keep it
        assert left(page) == "1 to go"
        press(page, *"205.60", "Enter")
        assert left(page) == "1 to go"
        assert "does not add up" in page.locator("#card small").first.inner_text()
        press(page, "Enter")
        assert save(page, "Control+s")[0]["check"] == "total: does not add up"


def test_sheet_scrolls_and_stays_until_the_next_number(context: BrowserContext, tmp_path: Path) -> None:
    with show(context, write_pile(tmp_path, make_wrong_pile())) as page:
        press(page)
        place = page.locator("#paper").bounding_box()
        assert place
        page.mouse.move(200, 300)
        page.mouse.wheel(0, 120)
        press(page, "5")
        assert page.locator("#paper").bounding_box()["y"] == pytest.approx(place["y"] - 120)  # type: ignore[index]
        press(page, "Escape", "Enter", "z")
        assert page.locator("#paper").bounding_box()["y"] == pytest.approx(place["y"])  # type: ignore[index]


def test_number_is_drawn_and_moved_to_another_cell(context: BrowserContext, tmp_path: Path) -> None:
    pile = make_pile([make_delivery(quantity3={"absent": True}, number1={"confidence": 0.5})])
    with show(context, write_pile(tmp_path, pile)) as page:
        paper = page.locator("#paper").bounding_box()
        assert paper
        scale = paper["width"] / SIZE[1]
        page.mouse.move(paper["x"] + 58 * scale, paper["y"] + 276 * scale)
        page.mouse.down()
        page.mouse.move(paper["x"] + 102 * scale, paper["y"] + 306 * scale)
        page.mouse.up()
        press(page)
        assert title(page) == "new number: quantity, line 3"
        press(page, "ArrowRight", "ArrowLeft", "Enter")  # 10, which the line gives
        assert left(page) == "1 to go"
        assert [line["quantity"] for line in save(page, "Control+s")] == ["3", "2", "10"]


def test_undo_after_a_reload_brings_back_what_was_read(context: BrowserContext, tmp_path: Path) -> None:
    file = write_pile(tmp_path, make_wrong_pile())
    with show(context, file) as page:
        press(page, "Delete")
        press(page, "1", "0", "Enter")
        page.reload()
        page.locator("#bar", has_text="You go on where you stopped").get_by_role("button").click()
        press(page, "z")
        assert title(page) == "price, line 1"
        page.reload()
        wait(page)
        press(page)
        lines = save(page, "Control+s")
        assert [line["price"] for line in lines] == ["41.50", "10.00", "4.30", "47.50", "10.00", "4.30"]
        assert left(page) == "5 to go"
        press(page, "Enter", "z", "Shift+Z")
        assert left(page) == "4 to go"


def test_of_two_tabs_one_writes_and_the_other_takes_over(context: BrowserContext, tmp_path: Path) -> None:
    file = write_pile(tmp_path, make_wrong_pile())
    with show(context, file) as first:
        press(first, "Enter")
        with show(context, file) as second:
            second.locator("#bar", has_text="Another tab").wait_for()
            press(second, "Enter")
            assert left(second) == "4 to go"  # nothing was changed
            second.locator("#bar button").click()
            press(second)
            press(second, "1", "0", "Enter")
            assert left(second) == "3 to go"
            first.locator("#bar", has_text="Checking went on in another tab").wait_for()
            press(first, "Enter")
            assert left(first) == "4 to go"
            first.locator("#bar button").click()
            press(first)
            assert left(first) == "3 to go"


def test_answers_survive_a_browser_that_is_killed(browser: Browser, tmp_path: Path) -> None:
    file, profile = write_pile(tmp_path, make_wrong_pile()), tmp_path / "profile"

    def start() -> BrowserContext:
        kind = browser.browser_type
        return kind.launch_persistent_context(profile, executable_path=find_browser(), args=SWITCHES, viewport=WINDOW)  # type: ignore[arg-type]

    with show(start(), file) as page:
        press(page, "Enter")  # which shows the next number when the step is on the disk
    for process in psutil.process_iter(["cmdline"]):
        if any(str(profile) in part for part in process.info["cmdline"] or ()):
            os.kill(process.pid, signal.SIGKILL)
    again = start()
    with show(again, file) as page:
        page.locator("#bar", has_text="1 of 5 looked at").wait_for()
        assert left(page) == "4 to go"
    again.close()


def test_new_reading_takes_the_answers_that_still_fit(context: BrowserContext, tmp_path: Path) -> None:
    with show(context, write_pile(tmp_path, make_wrong_pile())) as page:
        press(page, "Enter", "1", "0", "Enter", "Enter")
    pile = make_wrong_pile()
    for row in pile["pages"][0]["rows"]:
        row["box"] = [side + 1 for side in row["box"]]
    del pile["pages"][0]["rows"][0]  # the number
    with show(context, write_pile(tmp_path, pile)) as page:
        page.locator("#bar", has_text="1 answer fits no number any more").wait_for()
        assert save(page, "Control+s")[0]["price"] == "47.50"
    other = make_pile([make_delivery("three")])  # another pile, at the same place
    with show(context, write_pile(tmp_path, other)) as page:
        assert page.locator("#bar").is_hidden()
        assert page.locator("#end h2").inner_text() == "Nothing needs eyes"


def test_answers_stay_with_their_pages_in_another_pile(context: BrowserContext, tmp_path: Path) -> None:
    with show(context, write_pile(tmp_path, make_wrong_pile())) as page:
        press(page, "Enter", "1", "0", "Enter")
    pile = make_wrong_pile(key="more")
    pile["pages"].append(make_delivery("three", number1={"confidence": 0.5}))
    with show(context, write_pile(tmp_path, pile, "more.html")) as page:
        assert left(page) == "4 to go"
        press(page, "z", "z", "Shift+Z", "Enter")
        assert left(page) == "4 to go"
        page.reload()
        wait(page)
        assert left(page) == "4 to go"


def test_long_number_is_shown_in_strips_of_eight(context: BrowserContext, tmp_path: Path) -> None:
    signs = [[digit, 0.5 if i in (9, 10) else 0.99] for i, digit in enumerate("2191038225471829")]
    row = make_row("number", 1, "2191038225471829", 0.6, signs=signs)
    pile = make_pile([make_page("one", [row])])
    pile["fields"]["number"]["fits"] = "[0-9]{16}"
    with show(context, write_pile(tmp_path, pile)) as page:
        press(page)
        assert page.locator("#card .eye").count() == 2
        press(page, "4", "9", "Enter")
        assert [line["number"] for line in save(page, "Control+s")] == ["2191038224971829"]
        press(page, "z", *"1234567890123456", "Enter")  # the first digits go into the frames
        assert [line["number"] for line in save(page, "Control+s")] == ["1234567890123456"]


def test_only_an_alternative_in_the_card_can_be_taken(context: BrowserContext, tmp_path: Path) -> None:
    others = [[f"4{text}.50", 0.1] for text in ("1" * 14, "2" * 14, "3" * 14)]
    price = {"confidence": 0.5, "alternatives": others}
    with show(context, write_pile(tmp_path, make_pile([make_delivery(price1=price)], lines={}, sums={}))) as page:
        press(page)
        shown = page.locator("#card [data-text]")
        row = page.locator("#card .ans")
        assert row.evaluate("(row) => row.scrollWidth <= row.clientWidth")
        assert 0 < shown.count() < 3
        press(page, "f")
        assert title(page) == "price, line 1"
        press(page, "s")
        assert save(page, "Control+s")[0]["price"] == others[0][0]


def test_form_is_drawn_changed_and_undone(context: BrowserContext, tmp_path: Path) -> None:
    rows = [{**row, "region": "", "line": 0} for row in make_delivery()["rows"]]
    pile = make_pile([make_page("one", rows)], fields={}, lines={}, sums={})
    with show(context, write_pile(tmp_path, pile), "#form") as page:
        press(page)
        for field in ("quantity", "price", "sum"):
            left_edge, top, right, bottom = pile["pages"][0]["regions"][field][0]
            draw_field(page, left_edge, top, right, bottom - 200)
            page.locator("#name").fill(field)
            page.locator("#name").press("Enter")
            page.locator(f"#look-{'digits' if field == 'quantity' else 'amount'}").check(force=True)
        assert find_violations(page) == []
        assert page.locator("#plan .field").count() == 3
        _, top, _, bottom = pile["pages"][0]["regions"]["sum"][0]
        draw_field(page, 680, top, 640, bottom - 300)  # from the corner of the last field
        assert page.locator("#plan .field").count() == 4
        page.locator("#plan").focus()
        press(page, "Delete", "PageDown")
        page.locator("#formula").fill("quantity * price")
        page.locator("#formula").press("Enter")
        expect(page.locator(".note")).to_contain_text("3 of 3 lines")
        page.reload()
        page.locator("#toml").wait_for()
        assert 'sum = "quantity * price"' in page.locator("#toml").input_value()
        page.locator("#plan").focus()
        press(page, "Control+z")
        assert "quantity * price" not in page.locator("#toml").input_value()
        page.locator("#toml").fill("[fields.a")
        expect(page.locator("#problem")).to_contain_text("]")
        with page.expect_download() as saved:
            page.keyboard.press("Control+s")
        assert "[fields.price]" in saved.value.path().read_text(encoding="utf-8")


def draw_field(page: Page, *box: float) -> None:
    paper = page.locator("#plan .paper").bounding_box()
    assert paper
    scale = paper["width"] / SIZE[1]
    page.mouse.move(paper["x"] + box[0] * scale, paper["y"] + box[1] * scale)
    page.mouse.down()
    page.mouse.move(paper["x"] + box[2] * scale, paper["y"] + box[3] * scale)
    page.mouse.up()
    press(page)


def test_names_of_any_letters_are_only_text(context: BrowserContext, tmp_path: Path) -> None:
    name = "<img src=x onerror=window.hacked=1>\u202e"
    row = {**make_row("number", 1, "12", 0.5), "region": name}
    pile = make_pile([{**make_page("one", [row]), "name": name}], title=name, lines={}, sums={})
    pile["fields"] = {name: pile["fields"]["number"]}
    pile["pages"][0]["regions"] = {name: [[0, 0, 9, 9]]}
    with show(context, write_pile(tmp_path, pile)) as page:
        press(page)
        assert page.evaluate("window.hacked ?? null") is None
        assert "\u2068<img src=x onerror=window.hacked=1>\ufffd\u2069" in page.locator("#card h2").inner_text()


def test_page_says_that_a_picture_has_moved(context: BrowserContext, tmp_path: Path) -> None:
    file = write_pile(tmp_path, make_wrong_pile())
    (tmp_path / "one.png").unlink()
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(file.as_uri())
    page.locator("#absent", has_text="one.png").wait_for()


@pytest.mark.parametrize("count", [12, 300])
def test_queue_of_many_pages_rests_while_nobody_acts_and_each_button_answers_the_mouse(
    context: BrowserContext, tmp_path: Path, count: int
) -> None:
    doubtful = {"confidence": 0.5, "alternatives": [["56925", 0.2], ["56974", 0.1]]}
    turned = {f"page {i}": 180 for i in (1, 4)}
    pages = [make_delivery(f"page {i}", number1=doubtful) for i in range(count)]
    file = write_pile(tmp_path, make_pile([{**page, "turn": turned.get(page["name"], 0)} for page in pages]))
    for i in (2, 4):  # which no browser can show
        (tmp_path / f"page {i}.png").write_bytes(b"no picture")
    (tmp_path / "page 3.png").unlink()
    page = context.new_page()
    page.goto(file.as_uri())
    wait(page)
    page.set_viewport_size({"width": 1366, "height": 1000})
    page.evaluate("() => { globalThis.drawn = 0; const drawAll = draw; draw = () => { drawn += 1; drawAll(); }; }")
    page.wait_for_timeout(1000)
    page.evaluate("drawn = 0")
    page.wait_for_timeout(2000)
    assert page.evaluate("drawn") == 0
    for row, is_shown in enumerate((True, False, False, False, True)):
        picture = Image.open(io.BytesIO(page.locator("#below canvas").nth(row).screenshot()))
        assert bool(picture.convert("L").point(lambda level: level < 100).getbbox()) == is_shown, row
    for name in [button.inner_text() for button in page.locator("#card button").all()]:
        click(page, page.locator("#card button", has_text=name))
        assert left(page) == f"{count - 1} to go", name
        click(page, page.locator("#tools button", has_text="Undo"))
        assert left(page) == f"{count} to go", name
    click(page, page.locator("#below .qr").nth(4))
    assert page.evaluate("state.focus.page") == 5
    click(page, page.locator("#pages button").first)
    page.locator("#paper").hover()
    for _ in range(30):
        page.mouse.wheel(0, 300)
    page.mouse.move(1000, 800)
    for _ in range(count):  # fast, through the queue
        page.mouse.wheel(0, 100)
    press(page)
    assert page.evaluate("state.focus.page") == count - 1
    assert page.evaluate("pictures.size + crops.now.size") < 60


def click(page: Page, element: Locator) -> None:
    """Click as a hand does, which does not wait until the page rests."""
    box = element.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(80)
    page.mouse.up()
    press(page)


@pytest.mark.parametrize(("pages", "seconds"), [(200, 10), (10_000, 120)])
def test_many_numbers_open_and_an_answer_is_quick(
    context: BrowserContext, tmp_path: Path, pages: int, seconds: int
) -> None:
    pile = make_pile([make_delivery(f"page {i}", number1={"confidence": 0.5}) for i in range(pages)])
    file = write_pile(tmp_path, pile)
    with show(context, file) as page:
        page.locator("#card h2").wait_for()
        assert page.evaluate("performance.now()") < 1000 * seconds
        took = page.evaluate("""async () => {
            const start = performance.now();
            await press("Enter");
            await new Promise(requestAnimationFrame);
            return performance.now() - start;
        }""")
        assert took < 1000
        assert page.locator("#queue .qr").count() < 40
