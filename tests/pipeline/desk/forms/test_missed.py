import numpy as np

from pipeline.desk.forms.missed import find_missed, find_print
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


def test_ink_that_two_pages_share_is_print_and_what_is_written_over_it_is_not() -> None:
    """A frame and two words, which digits stand for, are printed; each page has another digit in the frame."""
    images = sample_digits()[0]
    words = np.maximum(place(write_row(list(images[3:5]), 4), SHAPE, 20, 20), place(images[8], SHAPE, 80, 30))
    words[40:80, 150:283] = 200
    words[43:77, 153:280] = 0
    one, other, third = (np.maximum(words, place(images[i], SHAPE, 46, 200)) for i in (5, 10, 17))
    printed = find_print(on_paper(one), on_paper(other), 20)
    y, x = np.nonzero(third & ~words)
    ((left, top, right, bottom),) = find_missed(on_paper(third), 20, [], printed)
    assert abs(np.array([left - x.min(), top - y.min(), right - x.max(), bottom - y.max()])).max() <= 4
    over = np.maximum(third, place(images[10], SHAPE, 76, 36))
    assert len(find_missed(on_paper(over), 20, [], printed)) == 2


def test_box_of_one_digit_is_print_although_one_of_the_pages_has_a_digit_in_it() -> None:
    box = np.zeros(SHAPE, np.uint8)
    box[40:76, 150:186] = 200
    box[42:74, 152:184] = 0
    image = sample_digits()[0][5]
    filled = np.maximum(box, place(image, SHAPE, 46, 156))
    for one, other in ((box, filled), (filled, box)):
        printed = find_print(on_paper(one), on_paper(other), 20)
        assert find_missed(on_paper(box), 20, [], printed) == []
        assert len(find_missed(on_paper(filled), 20, [], printed)) == 1
