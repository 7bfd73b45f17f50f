from dataclasses import replace

import numpy as np
import pytest

from pipeline.reader.pages.cutting import LineImage
from pipeline.reader.pages.detections import Detection, hide_unless_salient, is_salient, keep_best, locate_spans
from pipeline.reader.pages.lines import CentreLine
from pipeline.reader.rows.labels import LINE_IMAGE_HEIGHT, LINE_MARGIN
from pipeline.reader.rows.spans import Span


def see(*seen: float, places: tuple[float, ...] = (41, 57), probability: float = 0.9) -> Detection:
    """Two digits in a level line, whose pixels are 2 of the picture; seen: x where the detector sees digits."""
    line = CentreLine(np.full(len(seen), 70), np.array(seen), np.ones(len(seen)), 38, 0.0)
    line_image = LineImage(
        np.zeros((LINE_IMAGE_HEIGHT + 2 * LINE_MARGIN, 160), np.float32),
        np.full(160, 70.0),
        2 * np.arange(160) + 0.5,
        line,
    )
    return locate_spans(Span((0, 1), np.array(places), np.eye(2), np.zeros((5, 20)), probability), line_image)


def test_digits_are_where_the_line_shows_them() -> None:
    number = see(82)
    np.testing.assert_allclose(number.x, [81.5, 113.5], atol=2)
    assert (number.y.tolist(), number.size) == ([70, 70], 38)


@pytest.mark.parametrize(("seen", "supported"), [((82.0, 114.0), True), ((82.0,), True), ((300.0,), False)])
def test_number_is_supported_by_what_the_first_network_has_seen(seen: tuple[float, ...], supported: bool) -> None:
    assert see(*seen).is_supported is supported


@pytest.mark.parametrize(
    ("seen", "probability", "side", "salient"),
    [(1, 0.95, 2000, True), (0.7, 0.95, 2000, False), (1, 0.8, 2000, False), (1, 0.8, 80, True), (0, 1, 80, False)],
)
def test_smaller_digits_are_evident_only_if_both_networks_are_surer(
    seen: float, probability: float, side: int, salient: bool
) -> None:
    two = number(0, 2, 0.9)
    span = replace(two.span, probabilities=np.array([[probability, 0], [0, 0.1]]))
    shown = replace(two, span=span, support=np.array([seen, 1]))
    assert is_salient(shown, side) is salient
    assert not is_salient(replace(shown, suppressed=True), side)
    other = number(200, 1, 0.9, supported=False)  # is reported only beside a number that is salient
    assert [each.is_reported for each in hide_unless_salient([shown, other], side)] == [salient] * 2


def test_of_numbers_that_share_a_digit_the_better_one_is_kept() -> None:
    first, unseen, less = see(82, probability=0.7), see(300, probability=0.9), see(82, probability=0.6)
    shifted = replace(less, x=less.x + 5, y=less.y - 5)
    below = replace(see(82, probability=0.2), y=first.y + 40)
    assert keep_best([below, unseen, shifted, first]) == [first, below]
    assert keep_best([]) == []


def number(first: float, digits: int, probability: float, supported: bool = True) -> Detection:
    """A number in a level row whose digits are 30 pixels apart and 40 high."""
    x = first + 30.0 * np.arange(digits)
    span = Span((1,) * digits, x, np.eye(digits), np.zeros((5, 20)), probability)
    return Detection(span, np.full(digits, 70.0), x, 40, np.full(digits, float(supported)))


def test_digits_that_only_a_worse_detection_has_remain_as_suppressed() -> None:
    """As 0219 1148946 in one line image, and 91148946 in another one."""
    better, hidden = number(90, 8, 0.92), number(0, 4, 0.5)
    again, hardly = number(2, 4, 0.4), number(2, 4, 0.02)
    kept, lesser = keep_best([hidden, better, again, hardly])
    assert kept == better
    assert (lesser.suppressed, lesser.is_reported, lesser.x.tolist(), lesser.y.tolist()) == (
        True,
        False,
        [0, 30, 60],
        [70] * 3,
    )
    assert lesser.span == hidden.span
    assert keep_best([better, number(90, 3, 0.5)]) == [better]  # which has all of its digits


def test_suppressed_detection_with_some_of_its_digits_is_not_salient() -> None:
    better = replace(number(90, 8, 0.92), support=np.zeros(8))
    hidden = keep_best([better, number(0, 4, 0.5)])[1]
    assert len(hidden.x) < len(hidden.span.probabilities)
    assert not is_salient(hidden, 80)
    assert not any(each.is_reported for each in hide_unless_salient([better, hidden], 80))


def test_lost_digits_are_not_those_that_another_number_has() -> None:
    first, second, both = number(0, 3, 0.9), number(120, 3, 0.9), number(30, 5, 0.7)
    kept, other, lesser = keep_best([both, first, second])
    assert [kept, other] == [first, second]
    assert lesser.x.tolist() == [90]


def test_what_an_improbable_detection_hides_is_lost() -> None:
    improbable, hidden = number(0, 2, 0.01), number(0, 2, 0.9, supported=False)
    kept, lesser = keep_best([hidden, improbable])
    assert kept == improbable
    assert (lesser.suppressed, lesser.x.tolist()) == (True, [0, 30])


def scaled(detection: Detection, factor: float, probability: float) -> Detection:
    """A single digit of another size where the detection has its first one."""
    span = replace(detection.span, labels=(1,), probability=probability)
    return replace(detection, span=span, y=detection.y[:1], x=detection.x[:1], size=detection.size * factor)


def test_a_large_digit_hides_less_than_it_costs() -> None:
    small = see(82, 114, probability=0.95)
    rows = [replace(small, y=small.y + down) for down in (-80, 0, 80)]
    table = scaled(small, 8, 0.99)
    assert keep_best([table, *rows]) == rows
    assert keep_best([table, scaled(small, 1, 0.99)]) == [table]  # as a loop in a thick stroke
    assert keep_best([table, *(replace(row, span=replace(row.span, probability=0.1)) for row in rows)]) == [table]
    certain = scaled(small, 1, 0.9)
    assert keep_best([scaled(small, 8, 0.2), certain]) == [certain]
