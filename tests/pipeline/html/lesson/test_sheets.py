"""The print sheets of the lesson, with blanks or with solutions, whose numbers add up."""

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import open_page, wait_until
from tests.pipeline.html.lesson.numerals import parse

SHEETS = tuple("12345678")  # numbers of their scenes
READ = """() => {
    const texts = (parent, selector) => [...parent.querySelectorAll(selector)].map((each) => each.textContent);
    return [...document.querySelectorAll(".sheet")].map((sheet) => ({
        title: texts(sheet, "h1")[0],
        text: sheet.textContent,
        blanks: texts(sheet, ".blank"),
        sums: texts(sheet, ".sum"),
        tasks: texts(sheet, "h2"),
        grids: [...sheet.querySelectorAll(".grid")].map((grid) => texts(grid, ":scope > span")),
        drawn: texts(sheet, ".plot text"),
        messages: texts(sheet, ".message text"),
        rows: [...sheet.querySelectorAll("tr")].map((row) => texts(row, "td")).slice(1),
    }));
}"""


PRINT = """(print) => {
    window.print = () => dispatchEvent(new Event("beforeprint"));
    document.getElementById(print).click();
}"""


@pytest.fixture(scope="module")
def sheets(file: Path, browser: Browser) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Yield each sheet with blanks, and with the solutions."""
    found: dict[str, list[dict[str, Any]]] = {number: [] for number in SHEETS}
    with open_page(browser, file, "#scene=1", reduced_motion="reduce", viewport={"width": 1366, "height": 620}) as page:
        for scene in "123456789":
            page.evaluate("(scene) => { location.hash = `#scene=${scene}`; }", scene)
            wait_until(page, f"state.scene === {scene}")
            page.locator("summary").click()
            expect(page.locator("#print, #solutions").locator("visible=true")).to_have_count(2 * (scene in SHEETS))
            page.keyboard.press("Escape")
            for button in ("print", "solutions"):
                page.evaluate(PRINT, button)
                printed = page.evaluate(READ)
                assert len(printed) == (scene in SHEETS)  # Explore is printed as it is
                found.get(scene, []).extend(printed)
                page.emulate_media(media="print")
                expect(page.locator("#main")).to_be_visible(visible=scene not in SHEETS)
                page.emulate_media(media="screen")
                page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate(READ) == []
        for number, button in enumerate(("print-all", "all-solutions")):
            page.evaluate(PRINT, button)
            assert page.evaluate(READ) == [found[scene][number] for scene in SHEETS]
            page.evaluate("dispatchEvent(new Event('afterprint'))")
    yield found


def numbers(texts: list[str]) -> list[Decimal]:
    return [number for text in texts for number in parse(text)]


def rounded(value: Decimal) -> Any:
    """Return an approximation up to the rounding to two decimals."""
    return pytest.approx(float(value), abs=0.00501)


@pytest.mark.parametrize("number", SHEETS)
def test_first_page_has_blanks_where_the_second_has_solutions(number: str, sheets: Any) -> None:
    blank, solved = sheets[number]
    assert blank["title"] == solved["title"]
    assert all(f"scene {number}" in page["text"] for page in (blank, solved))
    assert len(blank["blanks"]) == len(solved["blanks"])
    assert set(blank["blanks"]) == {""}
    assert solved["blanks"].count("") <= 3  # what the pupil has guessed or seen
    assert "\u2612" not in blank["text"]
    assert ("\u2612" in solved["text"]) == (number not in "38")


def test_counts_on_paper_are_those_of_the_network_and_of_its_training(sheets: Any) -> None:
    height, width, pixels, _, edges, rows, columns, values = (
        int(number) for number in parse(sheets["1"][1]["sums"][2].replace(",", ""))[:8]
    )
    assert pixels == height * width
    assert values == edges * rows * columns
    steps, batch, seen, learnt, times = parse(sheets["8"][1]["sums"][1].replace(",", ""))
    assert steps * batch == seen
    assert times == round(seen / learnt)
    share, _, loss = [*parse(sheets["8"][1]["sums"][2])[:1], None, parse(sheets["8"][1]["sums"][2])[-1]]
    assert float(loss) == rounded(Decimal(-math.log(share / 100)))


def test_softmax_on_paper_divides_by_the_sum(sheets: Any) -> None:
    solved = sheets["4"][1]
    rows = [parse(" ".join(row[1:3]).replace(",", "")) for row in solved["rows"]]
    for score, power in rows:
        assert float(power) == rounded(Decimal(math.exp(score)))
    assert parse(solved["sums"][1].replace(",", ""))[-1] == sum(power for _, power in rows)


def test_products_and_sums_of_the_kernel_add_up(sheets: Any) -> None:
    grids = [numbers(grid) for grid in sheets["2"][1]["grids"]]
    sums = [Decimal(text.replace("\u2212", "-")) for text in sheets["2"][1]["blanks"][:4]]
    for ink, kernel, products, total, shown in zip(
        *(grids[k::3] for k in range(3)), sums[::2], sums[1::2], strict=True
    ):
        assert products == [a * b for a, b in zip(ink, kernel, strict=True)]
        assert total == sum(products)
        assert shown == max(total, 0)
    assert min(sums[::2]) < 0 < max(sums[::2])  # so that ReLU changes one of them
    assert int(sheets["2"][1]["blanks"][4]) == (28 - 5) // 2 + 1


def test_products_and_sums_of_the_shape_add_up_and_its_needs_are_the_largest(sheets: Any) -> None:
    blank, solved = sheets["3"]
    values, weights, products = map(numbers, solved["grids"])
    assert len(numbers(blank["grids"][2])) == len(products) - 3  # which are left out
    for value, weight, product in zip(values, weights, products, strict=True):
        assert float(product) == rounded(value * weight)
    ((total,), (own, rest, bias, whole, _, _, square), (fall,)) = (parse(text) for text in solved["sums"])
    assert sum(products) == total == own
    assert own + rest + bias == whole
    assert square == max(whole, 0)
    before, after = [parse(solved["tasks"][2])[k] for k in (2, 4)]
    assert fall == after - before
    for name, *changes, letter in solved["rows"]:
        exact = [parse(change)[0] for change in changes]
        assert letter == "ABCD"[exact.index(min(exact))], name


def test_losses_on_paper_are_minus_the_logarithm(sheets: Any) -> None:
    for share, loss in (numbers(row) for row in sheets["5"][1]["rows"]):
        assert float(loss) == rounded(Decimal(-math.log(share)))


def test_steps_on_paper_follow_the_rule(sheets: Any) -> None:
    solved = sheets["6"][1]
    rows = [numbers(row) for row in solved["rows"]]
    for weight, rate, slope, after in rows:
        assert float(after) == rounded(weight - rate * slope)
    assert all(before[3] == after[0] for before, after in pairwise(rows))
    rise, change, slope = parse(solved["sums"][1])
    assert float(slope) == rounded(rise / change)
    assert float(slope) == pytest.approx(float(rows[0][2]), abs=0.1)  # of the tangent
    rate, steep = parse(solved["tasks"][3])[-2:]
    assert float(parse(solved["blanks"][-1])[0]) == rounded(rows[0][0] - rate * steep)


def test_error_on_paper_is_multiplied_exactly(sheets: Any) -> None:
    solved = sheets["7"][1]
    share, one, error = parse(solved["tasks"][1])[-3:]
    assert share - one == error
    for row in solved["rows"]:
        (last, sent), (passed,), (second, arrived), (ink, slope) = (parse(cell) for cell in row[1:])
        assert sent == error * last
        assert passed in (0, sent)
        assert arrived == passed * second
        assert slope == arrived * ink
    for text in solved["sums"][:2]:
        weight, rate, slope, after = parse(text)[-4:]
        assert after == weight - rate * slope


def test_network_on_paper_has_the_numbers_of_the_table_and_the_solution_its_errors(sheets: Any) -> None:
    blank, solved = sheets["7"]
    a, b = ([parse(cell) for cell in row[1:]] for row in solved["rows"])
    drawn = numbers(blank["drawn"])
    for (last, *_), _, (second, *_), (ink, _) in (a, b):
        assert {last, second, ink} <= set(drawn)
    assert {parse(text)[-4] for text in solved["sums"][:2]} <= set(drawn)  # the weights A and B
    assert blank["messages"] == []
    error = parse(solved["tasks"][1])[-1]
    assert numbers(solved["messages"]) == [error, a[1][0], b[1][0], a[2][1], a[3][1]]
