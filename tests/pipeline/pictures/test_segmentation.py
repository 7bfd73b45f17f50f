import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.pictures.segmentation import MOST, Ink, Piece, belong_together, drop_marks, merge, order, split
from tests.drawings import Images, enlarge, sample_digits, write_row


def piece(top: int, bottom: int, left: int, right: int, label: int = 1) -> Piece:
    return Piece(top, bottom, left, right, (label,))


def as_ink(image: Images) -> Ink:
    return np.asarray(image / np.float32(255), np.float32)


def draw(*pieces: Piece, shape: tuple[int, int] = (100, 200)) -> Ink:
    ink = np.zeros(shape, np.float32)
    for each in pieces:
        ink[each.top : each.bottom, each.left : each.right] = 1
    return ink


def sizes(ink: Ink) -> list[tuple[int, int]]:
    """Height and width of the ink of each digit, in the order of reading."""
    boxes = []
    for digit in split(ink):
        rows, columns = (np.flatnonzero((digit >= 0.5).any(axis=axis)) for axis in (1, 0))
        boxes.append((int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)))
    return boxes


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 499), min_size=1, max_size=8), st.integers(7, 20), st.integers(0, 6))
def test_a_row_of_digits_falls_into_its_digits(numbers: list[int], gap: int, up_and_down: int) -> None:
    images = [image for image in sample_digits()[0][numbers] if len(split(as_ink(np.pad(image, 4)))) == 1]
    images = [image for image in images if np.ptp(np.flatnonzero(image.max(axis=1) >= 128)) >= 15]  # no low ones
    if images:
        digits = split(as_ink(write_row(images, gap, up_and_down)))
        assert len(digits) == len(images)
        for digit, image in zip(digits, images, strict=True):
            assert digit.sum() == pytest.approx(image.sum(dtype=float) / 255, rel=0.08)


def test_nearly_every_image_is_one_digit() -> None:
    counts = [len(split(as_ink(image))) for image in sample_digits()[0]]
    assert sum(count != 1 for count in counts) <= 5


def test_digits_come_from_left_to_right_and_line_by_line() -> None:
    above = [piece(10, 40, 120, 135), piece(14, 45, 10, 30)]
    below = [piece(60, 90, 12, 24), piece(57, 91, 70, 90)]
    assert sizes(draw(*above, *below)) == [(31, 20), (30, 15), (30, 12), (34, 20)]


@settings(max_examples=50, deadline=None)
@given(st.permutations([0, 1, 2, 3, 4]))
def test_the_order_of_reading_is_not_that_of_the_pieces(numbers: list[int]) -> None:
    lines = [piece(10 + number, 40, 20 * number, 20 * number + 9, number) for number in range(3)]
    lines += [piece(55, 80, 50, 60, 3), piece(50, 80, 90, 100, 4)]
    assert [each.labels for each in order([lines[number] for number in numbers])] == [(n,) for n in range(5)]


def test_a_sloping_line_is_one_line() -> None:
    slope = [piece(10 + 8 * number, 40 + 8 * number, 25 * number, 25 * number + 15, number) for number in range(7)]
    assert [each.labels for each in order(slope[::-1])] == [(number,) for number in range(7)]


def test_each_digit_comes_without_its_neighbours_and_with_a_margin() -> None:
    one, other = piece(20, 60, 30, 50), piece(18, 62, 53, 80)
    first, second = split(draw(one, other))
    assert first.shape == (40 + 8, 20 + 8)
    assert first.sum() == 40 * 20
    assert second.sum() == 44 * 27
    for edge in (first[0], first[-1], first[:, 0], first[:, -1]):
        assert not edge.any()


def test_a_digit_at_the_edge_has_a_margin_too() -> None:
    (digit,) = split(draw(piece(0, 40, 0, 20), shape=(40, 20)))
    assert digit.sum() == 40 * 20
    assert not digit[0].any()
    assert not digit[:, -1].any()


def test_soft_edges_belong_to_a_digit_and_faint_ink_alone_is_none() -> None:
    ink = draw(piece(20, 60, 30, 50))
    ink[20:60, 50], ink[20:60, 51], ink[20:60, 100:110] = 0.4, 0.1, 0.4
    ink[20:60, 53] = 0.2  # beside the digit, and not of it
    (digit,) = split(ink)
    assert digit.sum() == pytest.approx(40 * 20 + 40 * 0.5)


@pytest.mark.parametrize(
    ("fragment", "digits"),
    [
        (piece(18, 22, 42, 60), 1),  # the bar of a 5, to the right of its stem
        (piece(12, 16, 32, 45), 1),  # and above
        (piece(62, 66, 32, 48), 1),  # a foot
        (piece(40, 60, 80, 85), 2),  # too far to the right
        (piece(78, 85, 30, 42), 2),  # far below
        (piece(20, 60, 52, 56), 2),  # near, but as high as a digit
        (piece(19, 61, 45, 60), 2),  # even if their boxes overlap, as those of slanted ones do
        (piece(50, 85, 32, 48), 1),  # as high, but below: half of an 8
    ],
)
def test_what_is_part_of_a_digit_is_told_by_its_size_and_place(fragment: Piece, digits: int) -> None:
    stem = piece(20, 60, 30, 50)
    assert len(merge([stem, fragment])) == len(merge([fragment, stem])) == digits
    assert belong_together(stem, fragment, 40) == belong_together(fragment, stem, 40) == (digits == 1)


def test_slanted_neighbours_whose_boxes_overlap_are_two_digits() -> None:
    one = np.zeros((60, 100), np.float32)
    for row in range(10, 50):
        left = 50 - row // 2
        one[row, left : left + 4] = one[row, left + 9 : left + 13] = 1
    assert len(split(one)) == 2


def test_what_is_merged_takes_in_all_that_belongs_to_the_whole() -> None:
    halves = [piece(10, 20, 20, 30, 1), piece(23, 33, 24, 40, 2), piece(31, 60, 30, 44, 3)]
    (whole,) = merge(halves)
    assert (whole.top, whole.bottom, whole.left, whole.right) == (10, 60, 20, 44)
    assert sorted(whole.labels) == [1, 2, 3]


def test_specks_lines_and_the_edge_of_the_paper_are_no_digits() -> None:
    digit = piece(30, 70, 90, 110)
    marks = [
        piece(10, 14, 10, 14),  # a speck
        piece(80, 82, 20, 190),  # a ruled line
        piece(0, 100, 0, 12),  # the desk
        piece(0, 9, 30, 180),  # above the paper
    ]
    assert drop_marks([digit, *marks], (100, 200)) == [digit]
    assert sizes(draw(digit, *marks)) == [(40, 20)]


def test_what_touches_the_border_is_read_if_there_is_nothing_else() -> None:
    assert sizes(draw(piece(0, 100, 90, 110))) == [(100, 20)]
    assert sizes(draw(piece(0, 100, 90, 110), piece(50, 58, 10, 14))) == [(100, 20)]


@pytest.mark.parametrize("pieces", [[], [piece(10, 15, 10, 15)]])
def test_without_anything_as_large_as_a_digit_there_is_none(pieces: list[Piece]) -> None:
    assert split(draw(*pieces)) == []


def test_a_texture_is_no_text_and_soon_known_to_be_none() -> None:
    y, x = np.mgrid[:1024, :1024]
    started = time.perf_counter()
    assert split(((y % 16 < 8) & (x % 16 < 8)).astype(np.float32)) == []
    assert time.perf_counter() - started < 5  # it was 15 seconds once
    row = [piece(20, 40, 10 + 20 * number, 20 + 20 * number) for number in range(MOST + 1)]
    assert len(split(draw(*row[:-1], shape=(60, 1400)))) == MOST
    assert split(draw(*row, shape=(60, 1400))) == []


def test_a_larger_drawing_falls_into_the_same_digits() -> None:
    images = [sample_digits()[0][number] for number in (0, 1, 2, 3, 4)]
    row = write_row(images, 8)
    for times in (1, 2, 5):
        assert len(split(as_ink(enlarge(row, times)))) == 5
