import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pictures.rows import find_rows, find_spaces


def grid(rows: int, columns: int, pitch: float = 1.5, angle: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres and sizes of digits in a grid, row by row, turned by an angle."""
    y, x = (each.reshape(-1) * 20.0 for each in np.mgrid[:rows, :columns])
    y = y * pitch
    return x * math.sin(angle) + y * math.cos(angle), x * math.cos(angle) - y * math.sin(angle), np.full(y.shape, 20.0)


@pytest.mark.parametrize("angle", [-0.35, -0.1, 0, 0.1, 0.35])
@pytest.mark.parametrize(("rows", "columns"), [(1, 6), (2, 5), (3, 8), (4, 3)])
def test_rows_are_found_at_any_slope(rows: int, columns: int, angle: float) -> None:
    y, x, size = grid(rows, columns, angle=angle)
    assert find_rows(y, x, size) == np.arange(rows * columns).reshape(rows, columns).tolist()


@given(seed=st.integers(0, 10_000))
def test_order_of_the_detections_does_not_matter(seed: int) -> None:
    y, x, size = grid(3, 5, angle=0.1)
    order = np.random.default_rng(seed).permutation(len(y))
    found = find_rows(y[order], x[order], size[order])
    assert [[int(order[i]) for i in row] for row in found] == np.arange(15).reshape(3, 5).tolist()


def test_row_may_be_curved() -> None:
    x = 20.0 * np.arange(12)
    y = 30 * np.sin(x / 80)
    assert find_rows(y, x, np.full(12, 20.0)) == [list(range(12))]


def test_digits_below_each_other_are_rows() -> None:
    assert find_rows(np.array([0.0, 30, 60]), np.array([0.0, 3, -3]), np.full(3, 20.0)) == [[0], [1], [2]]


def test_no_digit_has_no_row() -> None:
    empty = np.zeros(0)
    assert find_rows(empty, empty, empty) == []


def test_wide_gaps_are_spaces() -> None:
    x, size = np.array([0.0, 20, 100, 125]), np.full(4, 20.0)
    assert find_spaces(x, size, [0, 1, 2, 3]) == [False, False, True, False]
