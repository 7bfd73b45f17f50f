"""The result of a picture, from the numbers that were seen in it."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.reader.pages.detections import Detection
from pipeline.reader.pages.reading import join_numbers, make_reading_order
from pipeline.reader.pages.result import Result
from pipeline.reader.rows.labels import SEPARATORS
from pipeline.reader.rows.spans import Span


def see(text: str, y: float, x: float, probability: float, size: float = 20) -> Detection:
    """A number of the classes a and b, whose digits are 30 pixels apart, with logits of this probability."""
    labels = tuple("ab".index(each) for each in text)
    p = np.full((11, 2 * len(text)), 1e-9)
    p[-1, 1::2] = 1
    p[list(labels), np.arange(0, 2 * len(text), 2)] = 1
    p[[labels[0], 1 - labels[0]], 0] = probability, 1 - probability
    classes = p[:2, ::2].T.astype(np.float32)
    x_of = x + 30.0 * np.arange(len(text))
    logits = np.log(p).astype(np.float32)
    span = Span(labels, x_of, classes, logits, probability)
    return Detection(span, np.full(len(text), float(y)), x_of, size, np.ones(len(text)))


def arrange_ab(*seen: Detection) -> Result:
    return make_reading_order(seen, ("a", "b"), 1.0, (100, 200), (100, 200), (0, 0, 200, 100))


def test_numbers_that_are_probable_enough_are_reported_in_reading_order() -> None:
    sure = [see("b", 62, 120, 0.9), see("ab", 20, 20, 0.8), see("ba", 60, 20, 0.7)]
    possible = [see("a", 20, 120, 0.3), see("a", 95, 20, 0.2), see("b", 95, 120, 0.02)]
    result = arrange_ab(*possible, *sure)
    first, second = result.rows
    assert (first.text, second.text, result.text) == ("ab", "ba b", "ab\nba b")
    assert (first.digits, second.digits, result.digits) == ("ab", "bab", "abbab")
    assert [(each.text, each.box) for each in second.numbers] == [
        ("ba", (10, 50, 60, 70)),
        ("b", (110, 52, 130, 72)),
    ]
    assert [each.probability for each in second.numbers] == pytest.approx([0.7, 0.9])
    assert first.confidence == pytest.approx(0.8 * 0.7)  # what may be a number in this row counts
    assert second.confidence == pytest.approx(0.7 * 0.9)
    assert result.confidence == pytest.approx(first.confidence * second.confidence * 0.8)
    assert result.boxes[:2].tolist() == first.boxes.tolist() == [[10, 10, 30, 30], [40, 10, 60, 30]]
    assert second.boxes.tolist() == result.boxes[2:].tolist()
    assert result.possible.tolist() == [[110, 10, 130, 30], [10, 85, 30, 100]]  # not what is hardly a number
    assert result.probabilities.argmax(axis=1).tolist() == [0, 1, 1, 0, 1]


@pytest.mark.parametrize("x", [20, 80, 140])  # in front of the number, between its digits, and behind it
def test_number_that_a_row_may_lack_lowers_its_confidence_and_has_a_box(x: float) -> None:
    read = see("abba", 60, 50, 0.92)
    lost = replace(see("a", 62, x, 0.5), suppressed=True)
    result = arrange_ab(lost, read)
    (row,) = result.rows
    assert (row.text, len(row.boxes)) == ("abba", 4)
    assert row.numbers[0].probability == pytest.approx(0.92)
    assert row.confidence == result.confidence == pytest.approx(0.92 * 0.5)
    assert result.possible.tolist() == [[x - 10, 52, x + 10, 72]]


def test_number_that_fits_no_pattern_is_a_row_to_check() -> None:
    """Its span has no label, but other texts."""
    fitted = see("ab", 20, 20, 0.7)
    rejected = replace(fitted, span=replace(fitted.span, labels=(), others=(((0, 0), 0.3),)))
    result = arrange_ab(rejected)
    (row,) = result.rows
    assert (row.text, row.confidence, row.alternatives, len(row.boxes)) == ("", 0, (("aa", 0.3),), 2)
    assert result.confidence == 0


def test_alternatives_have_another_number() -> None:
    result = arrange_ab(see("ab", 20, 20, 0.8), see("ba", 60, 20, 0.7))
    assert [text for text, _ in result.alternatives[:2]] == ["ab\naa", "bb\nba"]
    assert [chance for _, chance in result.alternatives[:2]] == pytest.approx([0.8 * 0.3, 0.2 * 0.7], rel=1e-3)
    text, chance = result.rows[0].alternatives[0]
    assert text == "bb"
    assert chance == pytest.approx(0.2, rel=1e-3)
    assert arrange_ab(see("ab", 20, 20, 0.999)).alternatives == ()


def test_digits_whose_spaces_are_uncertain_are_one_row_with_their_groupings() -> None:
    seen = see("abba", 20, 20, 0.95)
    logits = seen.span.logits.copy()
    logits[[2, -1], 1], logits[[2, -1], 5] = np.log([0.6, 0.4]), np.log([0.3, 0.7])  # a space or the blank
    (row,) = arrange_ab(replace(seen, span=replace(seen.span, logits=logits))).rows
    assert (row.text, row.digits, [each.text for each in row.numbers]) == ("a bba", "abba", ["a", "bba"])
    assert [each.box for each in row.numbers] == [(10, 10, 30, 30), (40, 10, 120, 30)]
    assert row.confidence == pytest.approx(0.95 * 0.6 * 0.7, rel=1e-3)
    assert row.digits_confidence == pytest.approx(0.95, rel=1e-3)
    assert [text for text, _ in row.alternatives] == ["abba", "a bb a", "abb a"]  # together, the next ones
    assert row.alternatives[0][1] == pytest.approx(0.95 * 0.4 * 0.7, rel=1e-3)


def test_without_a_number_there_is_no_row_and_no_confidence_but_the_best_candidate() -> None:
    result = arrange_ab(see("ab", 20, 20, 0.3), see("b", 50, 20, 0.2))
    assert (result.text, result.rows, result.confidence) == ("", (), 0)
    ((text, chance),) = result.alternatives
    assert text == "ab"
    assert chance == pytest.approx(0.3)
    assert arrange_ab().alternatives == ()
    assert (result.boxes.shape, result.probabilities.shape, len(result.possible)) == ((0, 4), (0, 2), 3)


def test_long_class_names_are_separated_by_spaces() -> None:
    assert join_numbers((1, 0, 1), ("a", "ö")) == "öaö"
    assert join_numbers((1, 0, 1), ("T-shirt/top", "Bag")) == "Bag T-shirt/top Bag"
    assert join_numbers((0,), ("T-shirt/top", "Bag")) == "T-shirt/top"
    assert join_numbers((), ("a", "b")) == ""


def test_separators_are_written_and_no_digits() -> None:
    """Symbols of the recogniser: two classes, a space, other writing, and the separators."""
    written = {character: 2 + symbol for character, symbol in SEPARATORS.items()}
    assert {join_numbers((0, symbol, 1), ("a", "b")) for symbol in written.values()} == {f"a{c}b" for c in written}
    number = see("ab", 20, 20, 0.8)
    logits = number.span.logits.copy()
    logits[[written["/"], -1], 1] = 0, -9
    dated = replace(number, span=replace(number.span, labels=(0, written["/"], 1), logits=logits))
    result = arrange_ab(dated, see("ba", 20, 120, 0.7))
    (row,) = result.rows
    assert (row.text, row.digits, result.text, result.digits) == ("a/b ba", "abba", "a/b ba", "abba")
    assert (row.numbers[0].text, row.numbers[0].digits) == ("a/b", "ab")
    assert (len(row.boxes), len(row.probabilities), row.numbers[0].boxes.shape) == (4, 4, (2, 4))


def test_boxes_are_in_whole_pixels_of_the_picture_and_end_at_its_edges() -> None:
    seen = [see("a", 21, 21, 0.9), see("b", 5, 195, 0.9)]
    boxes = make_reading_order(seen, ("a", "b"), 1, (100, 200), (150, 500), (0, 0, 200, 100)).boxes
    assert boxes.tolist() == [[462, 0, 500, 23], [27, 16, 78, 47]]
    boxes = make_reading_order(seen, ("a", "b"), 1, (100, 200), (150, 500), (20, 0, 190, 20)).boxes
    assert boxes.tolist() == [[462, 0, 475, 23], [50, 16, 78, 30]]  # at those of a region
