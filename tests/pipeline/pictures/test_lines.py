from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipeline.pictures.lines import Ink, bridge, find_lines, remove_lines
from tests.drawings import enlarge, sample_digits

SIDE = 240  # pixels of the pictures
TOP, LEFT = 60, 70  # of the digit, which is 112 x 112 pixels with its margin


def write(index: int, times: float = 4) -> Ink:
    """A digit, ink of at most 1, in the middle of a picture."""
    ink = np.zeros((SIDE, SIDE), np.float32)
    digit = enlarge(sample_digits()[0][index], times) / np.float32(255)
    ink[TOP : TOP + len(digit), LEFT : LEFT + len(digit)] = digit
    return ink


def find_box(ink: Ink) -> tuple[int, int, int, int]:
    rows, columns = (np.flatnonzero((ink >= 0.5).any(axis=axis)) for axis in (1, 0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def draw_frame(ink: Ink, gap: int, width: int) -> Ink:
    top, bottom, left, right = find_box(ink)
    top, bottom, left, right = top - gap, bottom + gap, left - gap, right + gap
    printed = np.zeros_like(ink)
    printed[top - width : bottom + width, left - width : right + width] = 1
    printed[top:bottom, left:right] = 0
    return printed


def draw_grid(ink: Ink, spacing: int, width: int, across: bool = True) -> Ink:
    printed = np.zeros_like(ink)
    for start in range(spacing // 3, SIDE, spacing):
        printed[start : start + width] = 1
        if across:
            printed[:, start + 5 : start + 5 + width] = 1
    return printed


def rotate(ink: Ink, angle: float) -> Ink:
    image = Image.fromarray((255 * ink).astype(np.uint8))
    turned = np.asarray(image.rotate(angle, Image.Resampling.BICUBIC), np.float32) / 255
    return np.ascontiguousarray(turned[8:-8, 8:-8])


def measure_difference(found: Ink, digit: Ink) -> float:
    """Area of wrong pixels, relative to the digit's."""
    return float(((found >= 0.5) != (digit >= 0.5)).sum() / (digit >= 0.5).sum())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 99), st.integers(4, 30), st.integers(1, 8), st.sampled_from([0, 0, -3, 1, 3]))
def test_frame_is_removed(index: int, gap: int, width: int, angle: float) -> None:
    digit = write(index, 3.5)
    ink = rotate(np.maximum(digit, draw_frame(digit, gap, width)), angle)
    top, bottom, left, right = find_box(digit)
    if min(bottom - top, right - left) + 2 * gap >= 6 * width:
        assert measure_difference(remove_lines(ink), rotate(digit, angle)) < 0.15


@pytest.mark.parametrize("width", [1, 3, 5])
def test_most_frames_that_touch_the_digit_are_removed(width: int) -> None:
    digits = [write(index, 3.5) for index in range(40)]
    removed = [remove_lines(np.maximum(digit, draw_frame(digit, 0, width))) for digit in digits]
    assert np.mean([measure_difference(*each) < 0.15 for each in zip(removed, digits, strict=True)]) >= 0.7


@pytest.mark.parametrize("angle", [0, -2, 3])
@pytest.mark.parametrize("level", [1, 0.4])
@pytest.mark.parametrize("across", [False, True])
def test_lines_of_paper_are_removed_and_crossing_strokes_kept(across: bool, level: float, angle: float) -> None:
    differences = []
    for index in range(20):
        digit = write(index)
        ink = rotate(np.maximum(digit, level * draw_grid(digit, 40, 3, across)), angle)
        differences.append(measure_difference(remove_lines(ink), rotate(digit, angle)))
    assert np.median(differences) < 0.08
    assert np.quantile(differences, 0.9) < 0.15


def test_row_of_boxes_and_comb_are_removed() -> None:
    row = np.concatenate([write(index)[50:190, 60:190] for index in range(4)], axis=1)
    for comb in (False, True):
        ink = row.copy()
        ink[-12:-9, 2:-2] = 1
        if not comb:
            ink[2:5, 2:-2] = 1
        for x in (2, 130, 260, 390, 515):
            ink[100 if comb else 2 : -9, x : x + 3] = 1
        assert measure_difference(remove_lines(ink), row) < 0.02


def test_line_below_is_removed() -> None:
    digit = write(0)
    _, bottom, _, _ = find_box(digit)
    ink = digit.copy()
    ink[bottom : bottom + 4, 20:220] = 1
    assert measure_difference(remove_lines(ink), digit) < 0.03


def test_ring_around_other_ink_is_removed_and_speck_in_a_zero_is_not() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    ring = (np.abs(np.hypot(y - 115, x - 125) - 100) < 4).astype(np.float32)
    digit = write(1, 3.5)
    assert measure_difference(remove_lines(np.maximum(digit, ring)), digit) == 0
    ring[113:118, 120:125] = 1
    assert (remove_lines(ring) == ring).all()


@pytest.mark.parametrize("times", [1, 3, 7])
@pytest.mark.parametrize("tight", [False, True])
def test_digits_are_not_changed(times: int, tight: bool) -> None:
    changed = 0
    for image in sample_digits()[0]:
        ink = np.asarray(enlarge(image, times) / np.float32(255), np.float32)
        if tight:
            top, bottom, left, right = find_box(ink)
            ink = ink[top:bottom, left:right]
        changed += bool((remove_lines(ink) != ink).any())
    assert changed <= 2


def seven(ink: Ink) -> None:
    ink[:8, :] = ink[:, -8:] = 1


def one(ink: Ink) -> None:
    ink[:, 30:36] = 1


def row_of_ones(ink: Ink) -> None:
    ink[10:90, 5:65:12] = ink[10:90, 6:65:12] = ink[10:90, 7:65:12] = 1


def four(ink: Ink) -> None:
    ink[:60, :6] = ink[54:60, :] = ink[:, 50:56] = 1


@pytest.mark.parametrize("draw", [one, row_of_ones, seven, four])
def test_straight_strokes_of_digits_are_kept(draw: Callable[[Ink], None]) -> None:
    ink = np.zeros((100, 70), np.float32)
    draw(ink)
    assert (remove_lines(ink) == ink).all()


def test_line_is_measured() -> None:
    ink = np.zeros((100, 300), np.float32)
    for x in range(20, 280):
        ink[round(50 + 0.03 * x) : round(50 + 0.03 * x) + 3, x] = 0.8
    (line,) = find_lines(ink)
    assert line.slope == pytest.approx(0.03, abs=0.002)
    assert line.at(150) == pytest.approx(55.5, abs=1)
    assert (line.start, line.stop, line.length, line.width) == (20, 280, 260, 3)
    assert line.level == pytest.approx(0.8)


def test_strokes_are_joined_across_a_line() -> None:
    above, below = np.zeros((2, 12), bool)
    above[2:4], below[5:7] = True, True
    kept: NDArray[np.bool_] = bridge(above, below, 3)
    assert [np.flatnonzero(row).tolist() for row in kept] == [[3, 4], [4, 5], [4, 5]]
    assert not bridge(above, np.zeros(12, bool), 3).any()


@pytest.mark.parametrize("shape", [(4, 4), (4, 500), (500, 4)])
def test_empty_and_full_ink_is_not_changed(shape: tuple[int, int]) -> None:
    for level in (0, 1):
        ink = np.full(shape, level, np.float32)
        assert (remove_lines(ink) == ink).all()


def test_line_that_leaves_the_picture_ends_there() -> None:
    page = Image.new("L", (1000, 200))
    pen = ImageDraw.Draw(page)
    pen.line([(0, 170), (527, 199)], fill=255, width=3)
    pen.rectangle((527, 197, 999, 199), fill=255)
    pen.line([(500, 40), (500, 110)], fill=255, width=8)
    ink = np.asarray(page, np.float32) / np.float32(255)
    for flipped in (1, -1):
        lines = list(find_lines(ink[::flipped]))
        assert lines
        assert all(-2 <= line.at(x) <= 201 for line in lines for x in (line.start, line.stop - 1))
        assert remove_lines(ink[::flipped])[::flipped][40:110, 500].all()
