import numpy as np

from pipeline.reader.forms.missed import find_missed
from tests.drawings import on_paper, place, sample_digits, write_row

SHAPE = 120, 300


def test_ink_outside_of_what_was_read_is_found_despite_rules() -> None:
    """Two numbers stand between rules; one of them was read."""
    ink = write_row(list(sample_digits()[0][3:5]), 4)
    first, second = place(ink, SHAPE, 40, 20), place(ink, SHAPE, 40, 180)
    rules = np.zeros(SHAPE, np.uint8)
    rules[[30, 31, 90, 91]] = 200
    rules[:, [5, 150, 290]] = 200
    grey = on_paper(np.maximum(first, np.maximum(second, rules)))
    y, x = np.nonzero(first)
    read = [(float(x.min()), float(y.min()), float(x.max()), float(y.max()))]
    ((left, top, right, bottom),) = find_missed(grey, 20, read)
    y, x = np.nonzero(second > 100)
    assert abs(np.array([left - x.min(), top - y.min(), right - x.max(), bottom - y.max()])).max() <= 4
    assert len(find_missed(grey, 20, [])) == 2


def test_noise_specks_and_empty_cells_are_not_ink() -> None:
    grey = np.random.default_rng(1).normal(235, 5, SHAPE)
    grey[50:54, 60:64] = 40
    grey[30:32] = 120
    assert find_missed(grey, 20, []) == []


def test_pieces_of_a_sloping_rule_are_not_ink_but_a_one_is() -> None:
    """The rule moves by a pixel every 12 rows, and is worn every 30 rows; a stroke as thin as it stands beside it."""
    rule = np.zeros(SHAPE, np.uint8)
    for y in range(SHAPE[0]):
        if y % 30:
            rule[y, 200 + y // 12 : 203 + y // 12] = 255
    rule[45:65, 100:103] = 255
    ((left, top, right, bottom),) = find_missed(on_paper(rule), 20, [])
    assert 95 < left < right < 108
    assert 40 < top < bottom < 70
