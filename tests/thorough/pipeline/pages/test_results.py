"""Texts of the drawing demo and the explanation of a unit."""

import re

import pytest
from playwright.sync_api import Page

from tests.pipeline.pages.input import draw_with_mouse, prediction
from tests.pipeline.pages.strokes import DIGITS, place


def test_percentages_are_truncated_and_limited_at_both_ends(page: Page) -> None:
    texts = page.evaluate(
        "[0, 0.0004, 0.1239, 0.9989, 0.99999, 1].map((share) => [percent(share), percentWithLimits(share)])"
    )
    space = "\u00a0%"
    assert [[text.removesuffix(space) for text in pair] for pair in texts] == [
        ["0.0", "0.0"],
        ["0.0", "under 0.1"],
        ["12.3", "12.3"],
        ["99.8", "99.8"],
        ["99.9", "over 99.9"],
        ["100.0", "100.0"],
    ]


def test_explanation_of_unit_contains_its_bias_sum_and_activation(page: Page) -> None:
    draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))
    unit = page.evaluate("model.networks[0][0].biases.reduce((best, b, i, all) => (b > all[best] ? i : best), 0)")
    page.evaluate("(unit) => selectUnit(unit)", unit)
    prediction(page)
    numbers = re.findall(r"−?\d+\.\d\d", page.locator("#unit-sum").inner_text())
    products, bias, total, activation = (float(number.replace("−", "-")) for number in numbers)
    assert bias == pytest.approx(page.evaluate("(unit) => model.networks[0][0].biases[unit]", unit), abs=0.006)
    assert total == pytest.approx(products + bias, abs=0.011)
    assert activation == pytest.approx(max(total, 0), abs=0.011)
    assert page.locator("#unit-number").inner_text() == str(unit + 1)
