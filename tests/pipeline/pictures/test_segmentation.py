import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.pictures.segmentation import (
    MAX_DIGITS,
    Component,
    Ink,
    are_one_digit,
    crop,
    drop_non_digits,
    find_components,
    group_lines,
    merge_fragments,
)
from tests.drawings import Images, enlarge, sample_digits, write_row


def component(top: int, bottom: int, left: int, right: int, label: int = 1) -> Component:
    return Component(top, bottom, left, right, (label,))


def as_ink(image: Images) -> Ink:
    return np.asarray(image / np.float32(255), np.float32)


def draw(*components: Component, shape: tuple[int, int] = (100, 200)) -> Ink:
    ink = np.zeros(shape, np.float32)
    for each in components:
        ink[each.top : each.bottom, each.left : each.right] = 1
    return ink


def split(ink: Ink) -> list[Ink]:
    labels, lines = find_components(ink)
    return [crop(ink, labels, component) for line in lines for component in line]


def sizes(ink: Ink) -> list[tuple[int, int]]:
    """Height and width of the ink of each digit, in reading order."""
    boxes = []
    for digit in split(ink):
        rows, columns = (np.flatnonzero((digit >= 0.5).any(axis=axis)) for axis in (1, 0))
        boxes.append((int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)))
    return boxes


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 499), min_size=1, max_size=8), st.integers(7, 20), st.integers(0, 6))
def test_row_is_split_into_its_digits(indices: list[int], gap: int, offset: int) -> None:
    images = [image for image in sample_digits()[0][indices] if len(split(as_ink(np.pad(image, 4)))) == 1]
    images = [image for image in images if np.ptp(np.flatnonzero(image.max(axis=1) >= 128)) >= 15]  # no flat ones
    if images:
        digits = split(as_ink(write_row(images, gap, offset)))
        assert len(digits) == len(images)
        for digit, image in zip(digits, images, strict=True):
            assert digit.sum() == pytest.approx(image.sum(dtype=float) / 255, rel=0.08)


def test_nearly_every_image_is_one_digit() -> None:
    counts = [len(split(as_ink(image))) for image in sample_digits()[0]]
    assert sum(count != 1 for count in counts) <= 5


def test_digits_are_in_reading_order() -> None:
    above = [component(10, 40, 120, 135), component(14, 45, 10, 30)]
    below = [component(60, 90, 12, 24), component(57, 91, 70, 90)]
    assert sizes(draw(*above, *below)) == [(31, 20), (30, 15), (30, 12), (34, 20)]


@settings(max_examples=50, deadline=None)
@given(st.permutations([0, 1, 2, 3, 4]))
def test_reading_order_does_not_depend_on_input_order(indices: list[int]) -> None:
    lines = [component(10 + i, 40, 20 * i, 20 * i + 9, i) for i in range(3)]
    lines += [component(55, 80, 50, 60, 3), component(50, 80, 90, 100, 4)]
    assert [[each.labels for each in line] for line in group_lines([lines[i] for i in indices])] == [
        [(0,), (1,), (2,)],
        [(3,), (4,)],
    ]


def test_sloping_line_is_one_line() -> None:
    slope = [component(10 + 8 * i, 40 + 8 * i, 25 * i, 25 * i + 15, i) for i in range(7)]
    assert [[each.labels for each in line] for line in group_lines(slope[::-1])] == [[(i,) for i in range(7)]]


def test_digit_has_a_margin_and_no_neighbours() -> None:
    one, other = component(20, 60, 30, 50), component(18, 62, 53, 80)
    first, second = split(draw(one, other))
    assert first.shape == (40 + 8, 20 + 8)
    assert first.sum() == 40 * 20
    assert second.sum() == 44 * 27
    for edge in (first[0], first[-1], first[:, 0], first[:, -1]):
        assert not edge.any()


def test_digit_at_the_edge_has_a_margin() -> None:
    (digit,) = split(draw(component(0, 40, 0, 20), shape=(40, 20)))
    assert digit.sum() == 40 * 20
    assert not digit[0].any()
    assert not digit[:, -1].any()


def test_faint_ink_counts_only_at_the_edge_of_a_digit() -> None:
    ink = draw(component(20, 60, 30, 50))
    ink[20:60, 50], ink[20:60, 51], ink[20:60, 100:110] = 0.4, 0.1, 0.4
    ink[20:60, 53] = 0.2  # next to the digit
    (digit,) = split(ink)
    assert digit.sum() == pytest.approx(40 * 20 + 40 * 0.5)


@pytest.mark.parametrize(
    ("fragment", "digits"),
    [
        (component(18, 22, 42, 60), 1),  # the bar of a 5, to the right of its stem
        (component(12, 16, 32, 45), 1),  # and above
        (component(62, 66, 32, 48), 1),  # a foot
        (component(40, 60, 80, 85), 2),  # too far to the right
        (component(78, 85, 30, 42), 2),  # far below
        (component(20, 60, 52, 56), 2),  # near, but as high as a digit
        (component(19, 61, 45, 60), 2),  # the boxes overlap, as those of slanted digits
        (component(50, 85, 32, 48), 1),  # as high, but below: half of an 8
    ],
)
def test_fragment_is_merged_by_size_and_position(fragment: Component, digits: int) -> None:
    stem = component(20, 60, 30, 50, 2)
    assert len(merge_fragments([stem, fragment])) == len(merge_fragments([fragment, stem])) == digits
    assert are_one_digit(stem, fragment, 40) == are_one_digit(fragment, stem, 40) == (digits == 1)


def test_slanted_neighbours_are_two_digits() -> None:
    one = np.zeros((60, 100), np.float32)
    for row in range(10, 50):
        left = 50 - row // 2
        one[row, left : left + 4] = one[row, left + 9 : left + 13] = 1
    assert len(split(one)) == 2


def test_merged_component_is_merged_further() -> None:
    fragments = [component(10, 20, 20, 30, 1), component(23, 33, 24, 40, 2), component(31, 60, 30, 44, 3)]
    (whole,) = merge_fragments(fragments)
    assert (whole.top, whole.bottom, whole.left, whole.right) == (10, 60, 20, 44)
    assert sorted(whole.labels) == [1, 2, 3]


def test_specks_lines_and_borders_are_dropped() -> None:
    digit = component(30, 70, 90, 110)
    others = [
        component(10, 14, 10, 14),  # a speck
        component(80, 82, 20, 190),  # a ruled line
        component(0, 100, 0, 12),  # the desk
        component(0, 9, 30, 180),  # above the paper
    ]
    others[2:] = [replace(others[2], contact=100), replace(others[3], contact=150)]
    assert drop_non_digits([digit, *others], (100, 200)) == [digit]
    assert sizes(draw(digit, *others)) == [(40, 20)]


def test_digit_at_the_border_is_kept_if_it_is_the_only_one() -> None:
    assert sizes(draw(component(0, 100, 90, 110))) == [(100, 20)]
    assert sizes(draw(component(0, 100, 90, 110), component(50, 58, 10, 14))) == [(100, 20)]


def test_digits_of_a_tight_crop_are_kept() -> None:
    ink = np.zeros((60, 120), np.float32)
    ink[:, 20:28] = ink[-8:, :40] = 1  # touches three edges
    ink[:8, 60:90] = ink[4:50, 82:90] = 1  # one edge
    ink[10:55, 100:108] = ink[30:38, 100:120] = 1  # one edge
    assert sizes(ink) == [(60, 40), (50, 30), (45, 20)]


def test_digit_of_the_next_line_that_is_cut_off_is_dropped() -> None:
    ink = draw(component(10, 70, 20, 60), component(10, 70, 80, 120))
    ink[90:, 30:32] = ink[90:, 48:50] = ink[90:92, 30:50] = 1
    assert sizes(ink) == [(60, 40), (60, 40)]


@pytest.mark.parametrize("gap", [-4, 0, 8, 30])
@pytest.mark.parametrize("slope", [-3, 0, 3])
def test_two_rows_are_two_lines(gap: int, slope: int) -> None:
    heights = [(40, 34, 40, 30), (36, 22, 40, 38)]  # the second row has a low digit
    rows = [
        [
            component(
                40 + row * (40 + gap) + slope * i,
                40 + row * (40 + gap) + slope * i + height,
                30 * i,
                30 * i + 20,
                4 * row + i,
            )
            for i, height in enumerate(heights[row])
        ]
        for row in range(2)
    ]
    digits = merge_fragments(rows[1] + rows[0])
    assert [[each.labels for each in line] for line in group_lines(digits)] == [
        [(0,), (1,), (2,), (3,)],
        [(4,), (5,), (6,), (7,)],
    ]


def test_small_row_below_a_large_one_is_not_merged() -> None:
    large = [component(10, 110, 20, 80, 0), component(10, 110, 100, 160, 1)]
    small = [component(125, 165, 22, 40, 2), component(125, 165, 44, 60, 3), component(125, 165, 64, 80, 4)]
    assert [len(line) for line in group_lines(merge_fragments(large + small))] == [2, 3]


@pytest.mark.parametrize("components", [[], [component(10, 15, 10, 15)]])
def test_small_components_are_not_digits(components: list[Component]) -> None:
    assert split(draw(*components)) == []


def test_texture_has_no_digits_and_takes_little_time() -> None:
    y, x = np.mgrid[:1024, :1024]
    started = time.perf_counter()
    assert split(((y % 16 < 8) & (x % 16 < 8)).astype(np.float32)) == []
    assert time.perf_counter() - started < 5  # seconds
    row = [component(20, 40, 10 + 20 * i, 20 + 20 * i) for i in range(MAX_DIGITS + 1)]
    assert len(split(draw(*row[:-1], shape=(60, 1400)))) == MAX_DIGITS
    assert split(draw(*row, shape=(60, 1400))) == []


def test_scale_does_not_change_the_segmentation() -> None:
    images = [sample_digits()[0][i] for i in (0, 1, 2, 3, 4)]
    row = write_row(images, 8)
    for scale in (1, 2, 5):
        assert len(split(as_ink(enlarge(row, scale)))) == 5
