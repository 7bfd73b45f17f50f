"""What the page answers to a drawing, and how it explains itself."""

import re

import pytest
from playwright.sync_api import Page

from tests.pipeline.pages.hands import answer, draw_with_mouse
from tests.pipeline.pages.strokes import DIGITS, place


def test_shares_are_cut_off_and_those_at_either_end_have_a_word(page: Page) -> None:
    said = page.evaluate("[0, 0.0004, 0.1239, 0.9989, 0.99999, 1].map((share) => [percent(share), roughly(share)])")
    space = "\u00a0%"
    assert [[text.removesuffix(space) for text in pair] for pair in said] == [
        ["0.0", "0.0"],
        ["0.0", "under 0.1"],
        ["12.3", "12.3"],
        ["99.8", "99.8"],
        ["99.9", "over 99.9"],
        ["100.0", "100.0"],
    ]


@pytest.mark.parametrize("bound", ["thickest", "longest", "widest", "holes", "parts"])
def test_a_picture_is_unlike_what_was_learned_if_it_is_beyond_any_bound(bound: str, page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[8], 0.2, 0.2, 0.6))
    like = page.evaluate(
        """(bound) => {
            const [height, width] = model.shape;
            const picture = { height, width, values: read(drawing.strokes).image };
            return [{}, { [bound]: bound === "holes" ? 1 : 0.1 }].map((other) =>
                isLike(picture, { ...model.ink_statistics, ...other }));
        }""",
        bound,
    )
    assert like == [True, False]


def test_the_sum_of_a_unit_is_explained_with_its_own_bias(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))
    most = page.evaluate("model.networks[0][0].biases.reduce((best, b, i, all) => (b > all[best] ? i : best), 0)")
    page.evaluate("(unit) => choose(unit)", most)
    answer(page)
    numbers = re.findall(r"−?\d+\.\d\d", page.locator("#unit-sum").inner_text())
    products, bias, total, activation = (float(number.replace("−", "-")) for number in numbers)
    assert bias == pytest.approx(page.evaluate("(unit) => model.networks[0][0].biases[unit]", most), abs=0.006)
    assert total == pytest.approx(products + bias, abs=0.011)
    assert activation == pytest.approx(max(total, 0), abs=0.011)
    assert page.locator("#unit-number").inner_text() == str(most + 1)
