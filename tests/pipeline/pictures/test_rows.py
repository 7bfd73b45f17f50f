import math

import numpy as np
import pytest

from pipeline.pictures.rows import find_nearest_rows, find_rows, find_spaces


@pytest.mark.parametrize("angle", [-0.35, -0.1, 0, 0.1, 0.35])
@pytest.mark.parametrize(("rows", "columns"), [(1, 6), (2, 5), (3, 8), (4, 3)])
def test_rows_are_found_at_any_slope_from_detections_in_any_order(rows: int, columns: int, angle: float) -> None:
    down, right = (each.reshape(-1) * 20.0 for each in np.mgrid[:rows, :columns])
    y = 2 * right * math.sin(angle) + 1.5 * down * math.cos(angle)
    x = 2 * right * math.cos(angle) - 1.5 * down * math.sin(angle)
    order = np.random.default_rng(rows).permutation(len(y))
    found = find_rows(y[order], x[order], np.full(len(y), 20.0))
    assert [order[row].tolist() for row in found] == np.arange(rows * columns).reshape(rows, columns).tolist()
    assert find_nearest_rows([*map(np.array, found)], y[order], x[order] + 1).tolist() == (order // columns).tolist()


def test_row_may_be_curved() -> None:
    x = 20.0 * np.arange(12)
    y = 30 * np.sin(x / 80)
    assert find_rows(y, x, np.full(12, 20.0)) == [list(range(12))]


def test_digits_below_each_other_are_rows_and_without_digits_there_is_none() -> None:
    assert find_rows(np.array([0.0, 30, 60]), np.array([0.0, 3, -3]), np.full(3, 20.0)) == [[0], [1], [2]]
    assert find_rows(np.zeros(0), np.zeros(0), np.zeros(0)) == []


def test_wide_gaps_are_spaces() -> None:
    assert find_spaces(np.array([0.0, 20, 100, 125]), np.full(4, 20.0)) == [False, False, True, False]
