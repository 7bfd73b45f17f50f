import math

import numpy as np
import pytest

from pipeline.reader.pages.reading_order import find_rows


@pytest.mark.parametrize("angle", [-0.35, -0.1, 0, 0.1, 0.35])
@pytest.mark.parametrize(("rows", "columns"), [(1, 6), (2, 5), (3, 8), (4, 3)])
def test_rows_are_found_at_any_slope_from_numbers_in_any_order(rows: int, columns: int, angle: float) -> None:
    """Numbers of two digits."""
    down, right = (each.reshape(-1) * 20.0 for each in np.mgrid[:rows, :columns])
    places = []
    for digit in (0, 20):
        across, along = 1.5 * down, 3 * right + digit
        places.append(
            (
                along * math.sin(angle) + across * math.cos(angle),
                along * math.cos(angle) - across * math.sin(angle),
            )
        )
    y, x = (np.stack(each, axis=1) for each in zip(*places, strict=True))
    order = np.random.default_rng(rows).permutation(len(y))
    found = find_rows([(y[i], x[i], 20.0) for i in order])
    assert [order[row].tolist() for row in found] == np.arange(rows * columns).reshape(rows, columns).tolist()


def test_row_may_be_curved() -> None:
    x = 20.0 * np.arange(12)
    y = 30 * np.sin(x / 80)
    assert find_rows([(y[i : i + 1], x[i : i + 1], 20.0) for i in range(12)]) == [list(range(12))]


def test_numbers_below_each_other_are_rows_and_without_numbers_there_is_none() -> None:
    numbers = [(np.array([y]), np.array([x]), 20.0) for y, x in ((0.0, 0.0), (30, 3), (60, -3))]
    assert find_rows(numbers) == [[0], [1], [2]]
    assert find_rows([]) == []
