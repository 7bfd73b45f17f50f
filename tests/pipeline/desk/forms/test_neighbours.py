import numpy as np

from pipeline.desk.forms.neighbours import hide_neighbours
from tests.drawings import Grey, on_paper, place, sample_digits, write_row

SHAPE, RULE = (90, 400), 200  # of a part of a page, and the column of a rule in it


def draw(*numbers: tuple[int, int, int]) -> Grey:
    """Write numbers of a few digits, from the first to the last, so that their ink ends at a column; draw the rule."""
    page = np.zeros(SHAPE, np.uint8)
    for first, last, end in numbers:
        ink = write_row(list(sample_digits()[0][first:last]), 4)
        x = np.flatnonzero(place(ink, SHAPE, 20, 0).any(axis=0))
        page = np.maximum(page, place(ink, SHAPE, 20, end - int(x.max())))
    page[:, RULE : RULE + 2] = 150
    return on_paper(page)


def test_number_that_crosses_the_rule_is_hidden_in_the_next_column_only() -> None:
    """The left number reaches 12 pixels beyond the rule, the right one stands in its column."""
    left, both = draw((0, 3, RULE + 12)), draw((0, 3, RULE + 12), (3, 5, 360))
    right = draw((3, 5, 360))
    hidden = hide_neighbours(both, RULE, SHAPE[1], 30)
    assert abs(hidden[:, RULE + 4 :] - right[:, RULE + 4 :]).max() < 40  # the contrast of ink is 200
    kept = hide_neighbours(left, 0, RULE, 30)
    assert np.array_equal(kept[:, :RULE], left[:, :RULE])
    assert abs(kept[20:48, RULE + 2 : RULE + 12] - left[20:48, RULE + 2 : RULE + 12]).max() < 40


def test_rule_beside_the_region_is_hidden() -> None:
    page = draw((3, 5, 360))
    shown = hide_neighbours(page, RULE + 10, SHAPE[1], 30)
    assert shown[:, : RULE + 10].min() > 200
    assert np.array_equal(shown[:, RULE + 10 :], page[:, RULE + 10 :])
