"""Texts of the drawing demo: certain, uncertain and rejected predictions."""

import pytest
from playwright.sync_api import Page

from tests.pipeline.pages.input import draw_with_mouse, prediction
from tests.pipeline.pages.strokes import DIGITS, place


def test_percentages_are_truncated_and_limited_at_both_ends(page: Page) -> None:
    texts = page.evaluate(
        "[0, 0.0004, 0.1239, 0.9989, 0.99999, 1].map((share) => [percent(share), percentWithLimits(share)])"
    )
    assert [[text.replace("\u00a0", " ").removesuffix("%") for text in pair] for pair in texts] == [
        ["0.0", "0.0"],
        ["0.0", "under 0.1"],
        ["12.3", "12.3"],
        ["99.8", "99.8"],
        ["99.9", "over 99.9"],
        ["100.0", "100.0"],
    ]


def predict_with(page: Page, *probabilities: float) -> None:
    """Let the page read any drawing with these probabilities."""
    page.evaluate(
        """(probabilities) => {
            predict = (model, image) => ({
                probabilities, logits: Float32Array.from(probabilities, Math.log), values: []
            });
            inside.show = () => {};
            model.temperature = 1;
        }""",
        probabilities,
    )
    draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))


def bars_of(page: Page) -> list[str]:
    return page.locator("#bars .share").all_inner_texts()


@pytest.mark.parametrize(("probability", "certain"), [(0.81, True), (0.79, False)])
def test_prediction_below_80_percent_is_shown_as_uncertain(probability: float, certain: bool, page: Page) -> None:
    predict_with(page, *[(1 - probability) / 9] * 3, probability, *[(1 - probability) / 9] * 6)
    assert prediction(page) == "3"
    text = page.locator("#confidence").inner_text()
    assert ("ten digits" in text, f"{probability:.1%}" in text) == (True, True)
    assert text.startswith("Perhaps") != certain
    colours = [
        page.locator(selector).first.evaluate("element => getComputedStyle(element).color")
        for selector in ("#prediction", "#runner-up")
    ]
    assert (colours[0] == colours[1]) != certain


def test_rejected_drawing_shows_probabilities_among_the_classes(page: Page) -> None:
    predict_with(page, *[0.02] * 9, 0.06, 0.76)
    assert prediction(page) == ""
    assert page.locator("#confidence").inner_text() == "This doesn't look like a digit."
    assert page.locator("#announcement").inner_text() == "This doesn't look like a digit."
    assert page.locator("#bars-caption").inner_text() == "If it had to choose"
    assert bars_of(page) == [*["8.3%"] * 9, "25.0%"]
    assert page.locator("#bars .best").count() == 0
