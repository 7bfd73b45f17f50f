"""The drawing demo reads several digits side by side as a number."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser import PHONE, find_box, is_wider_than_screen
from tests.pipeline.html.conftest import Demo
from tests.pipeline.html.input import clear, draw_with_finger, draw_with_mouse, prediction
from tests.pipeline.html.strokes import DIGITS, Strokes, line, place
from tests.pipeline.models import make_model

pytestmark = pytest.mark.slow


def row(digits: str) -> Strokes:
    """Return up to five digits, equally spaced over the canvas."""
    step = 1.3 / len(digits)
    size = min(0.8 * step, 0.7)
    return [
        stroke for i, digit in enumerate(digits) for stroke in place(DIGITS[int(digit)], i * step - 0.12, 0.2, size)
    ]


@pytest.fixture
def sure(page: Page) -> Iterator[Page]:
    """The page, with a network that predicts 4 for a digit of two strokes, 7 otherwise, with a probability of 0.9."""
    page.evaluate(
        """() => {
            const original = read;
            read = (model, strokes) => {
                const digit = strokes.length > 1 ? 4 : 7;
                const probabilities = Array(10).fill(0.1 / 9).fill(0.9, digit, digit + 1);
                return { ...original(model, strokes), probabilities, digit: choose(probabilities, 10) };
            };
        }"""
    )
    yield page


@pytest.mark.parametrize("digits", ["10", "427", "74174"])
def test_digits_are_read_from_left_to_right_with_joint_confidence(digits: str, sure: Page) -> None:
    drawn = row(digits)
    draw_with_mouse(sure, drawn[::-1])
    expected = "".join("4" if digit == "4" else "7" for digit in digits)
    assert prediction(sure) == expected
    share = int(1000 * 0.9 ** len(digits)) / 10
    assert sure.locator("#confidence").inner_text().endswith(f": {share}%")
    assert sure.locator("#announcement").inner_text().startswith(f"{expected}, ")


def test_tap_on_a_digit_of_a_row_looks_into_it_and_leaves_no_dot(sure: Page) -> None:
    drawn = row("471")
    draw_with_mouse(sure, drawn)
    for stroke, expected in ((0, "14"), (2, "27"), (3, "37")):
        draw_with_mouse(sure, [drawn[stroke][1:2]])
        assert prediction(sure) == "477"
        assert f"digit {expected[0]} of 3" in sure.locator("#runner-up").inner_text()
        assert sure.locator(".class.best .name").inner_text() == expected[-1]
        assert sure.evaluate("drawing.strokes.length") == len(drawn)
    sure.locator("#undo").click()
    assert prediction(sure) == "47"  # a tap is no step
    sure.locator("#undo").click()
    assert prediction(sure) == "4"
    draw_with_mouse(sure, [drawn[0][1:2]])
    assert sure.evaluate("drawing.strokes.length") == 3  # there is nothing to choose from


def test_rejected_part_is_marked_in_number_and_row_of_rejected_parts_is_rejected(sure: Page) -> None:
    sure.evaluate("() => { choose = (probabilities) => (probabilities[4] > 0.5 ? null : 7); }")
    draw_with_mouse(sure, row("147"))
    assert prediction(sure) == "7?7"
    assert sure.locator("#confidence").inner_text().startswith("Part of this doesn't look like a digit.")
    sure.evaluate("choose = () => null")
    clear(sure)
    draw_with_mouse(sure, row("17"))
    assert prediction(sure) == ""
    assert sure.locator("#confidence").inner_text() == "This doesn't look like a digit."


def test_row_is_read_by_touch_and_fits_on_phone(open_demo: Demo) -> None:
    with open_demo(**PHONE) as page:
        draw_with_finger(page, row("70707"))
        assert len(prediction(page)) == 5
        assert not is_wider_than_screen(page)
        for selector in ("#prediction", "#confidence", "#picture"):
            box = find_box(page.locator(selector))
            assert box["y"] + box["height"] <= 844, selector


def test_picture_of_other_classes_is_not_segmented(open_demo: Demo) -> None:
    for names in (("a", "b"), ("10", "11")):
        with open_demo(make_model(class_names=names)) as page:
            draw_with_mouse(page, [line("10 10, 10 90"), line("80 10, 80 90")])
            assert prediction(page) in names
