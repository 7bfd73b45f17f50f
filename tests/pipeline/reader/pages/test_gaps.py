"""Rows of four digits, 32 pixels apart in their line images, of which the recogniser hardly knows how to group them."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.reader.pages.cutting import LineImage
from pipeline.reader.pages.detections import Detection
from pipeline.reader.pages.gaps import weigh_gaps
from pipeline.reader.pages.lines import CentreLine
from pipeline.reader.pages.reading import make_reading_order
from pipeline.reader.rows.labels import SHEET
from pipeline.reader.rows.spans import SIZE, find_spans, measure
from tests.pipeline.reader.rows.test_grouping import A, B, write

Sheet = NDArray[np.float32]

MIDDLE, LENGTH, PITCH = SHEET[0] // 2, 160, 4.0
EVEN = (0.45, 0.45, 0.45)  # probabilities of a space


def draw(rules: Sequence[float] = (), top: int = 0, bottom: int = SHEET[0], slant: float = 0, apart: int = 0) -> Sheet:
    """A sheet with dark vertical rules, and with horizontal lines at a distance if it is not 0."""
    sheet = np.random.default_rng(1).normal(0, 0.05, (SHEET[0], LENGTH)).astype(np.float32)
    for y in range(top, bottom):
        sheet[y, [round(x + slant * (y - MIDDLE)) for x in rules]] -= 1
    for y in range(MIDDLE - 14, SHEET[0], apart) if apart else []:
        sheet[y] -= 1
    return sheet


def see(gaps: Sequence[float], y: float = 100, x: float = 0, sheet: Sheet | None = None) -> Detection:
    """Digits a and b in turn, with these probabilities of a space between them."""
    (span,) = measure(find_spans(write([A, B, A, B][: len(gaps) + 1], gaps), 2, PITCH), 1.0)
    level, along = np.full(LENGTH, y), np.arange(LENGTH) + x
    line = CentreLine(level[:1], along[:1], np.ones(1), SIZE, 0.0)
    line_image = LineImage(draw() if sheet is None else sheet, level, along, line)
    own = span.places.astype(int)
    return Detection(span, level[own], along[own], SIZE, np.ones(len(own)), line_image=line_image)


def group(*seen: Detection) -> list[str]:
    found = make_reading_order(weigh_gaps(seen, 1.0), ("a", "b"), 1.0, (300, 300), (300, 300), (0, 0, 300, 300))
    return [row.text for row in found.rows]


RULES = (50, 82, 114)  # in the gaps


@pytest.mark.parametrize(
    ("sheet", "text"),
    [
        (draw(), "abab"),
        (draw(RULES), "a b a b"),
        (-draw(RULES), "a b a b"),
        (draw(RULES[:1]), "a bab"),
        (draw(RULES, slant=0.14), "a b a b"),
        (draw(RULES, slant=-0.14), "a b a b"),
        (draw(RULES, top=28), "a b a b"),  # the first row of a table
        (draw(RULES, bottom=60), "a b a b"),  # the last
        (draw(RULES, top=28, bottom=60), "abab"),  # a comb, or boxes of one row
        (draw(RULES, apart=28), "a b a b"),
        (draw(RULES, apart=16), "abab"),  # squared paper
        (draw((34, 66, 98)), "abab"),  # strokes of digits
    ],
)
def test_rule_through_several_rows_parts_and_sides_of_boxes_and_squares_do_not(sheet: Sheet, text: str) -> None:
    assert group(see(EVEN, sheet=sheet)) == [text]


def test_gaps_at_the_same_place_in_other_rows_part_and_join() -> None:
    one, three = see(EVEN), (0.8,) * 3
    assert group(one) == ["abab"]
    assert group(one, see(three, 140), see(three, 180))[0] == "a b a b"
    assert group(one, see(three, 140, 16), see(three, 180, 16))[0] == "abab"  # not at the same place
    assert group(one, see(three), see(three))[0].startswith("abab ")  # not in other rows
    assert group(one, *(see((), y, x) for y in (140, 180) for x in (0, 32)))[0] == "a bab"  # gaps between numbers
    assert group(see((0.7,) * 3), see((0.001,) * 3, 140), see((0.001,) * 3, 180))[0] == "abab"


@pytest.mark.parametrize(
    ("read", "text"),
    [
        ("a,b,a", "a b a"),
        ("aa,b", "aa,b"),
        ("a,aba,bba", "a,aba,bba"),
        ("ab,ab,aba", "ab ab aba"),
    ],
)
def test_list_has_several_commas_but_no_groups_of_three(read: str, text: str) -> None:
    symbols = ["ab -.,".index(each) for each in read]  # the signs of the labels after a space and other writing
    p = np.full((11, 4 * len(read) + 8), 1e-6)
    p[-1] = 1
    p[symbols, 4 * np.arange(len(read)) + 4] = 100
    (span,) = measure(find_spans(np.log(p).astype(np.float32), 2, PITCH), 1.0)
    x = span.places
    assert group(Detection(span, np.full(len(x), 100.0), x, SIZE, np.ones(len(x)))) == [text]


def test_only_what_is_reported_is_weighed() -> None:
    first, second = see(EVEN, sheet=draw(RULES)), see(EVEN, 140)
    hidden = [Detection(each.span, each.y, each.x, each.size, each.support, True) for each in (first, second)]
    assert weigh_gaps(hidden, 1.0) == hidden
    assert weigh_gaps([], 1.0) == []
