import math

import numpy as np
import pytest

from pipeline.reader.pages.lines import find_lines, find_rows, measure_slope
from pipeline.reader.pages.search import Proposals


def detections(*rows: tuple[float, float, float, float]) -> Proposals:
    """Proposals from rows of y, x, size and score, the most probable first."""
    return np.array(sorted(rows, key=lambda row: -row[3]), np.float32).reshape(-1, 4).T


@pytest.mark.parametrize("slope", [-0.3, 0, 0.3])
@pytest.mark.parametrize("bend", [0, 30])
def test_line_follows_slope_and_bend_of_its_digits(slope: float, bend: float) -> None:
    generator = np.random.default_rng(1)
    x = np.arange(0, 400, 25) + generator.uniform(-4, 4, 16)
    y = 200 + slope * x + bend * np.sin(x / 130)
    found = detections(*((y[i] + generator.uniform(-2, 2), x[i], 20, 0.95) for i in range(16)))
    (line,) = find_lines(found)
    assert line.x.tolist() == sorted(found[1].tolist())
    np.testing.assert_allclose(line.heights(x), y, atol=4)


def test_line_goes_on_in_its_direction_beyond_its_ends() -> None:
    (line,) = find_lines(detections(*((0.2 * x, x, 20, 0.9) for x in range(0, 200, 25))))
    np.testing.assert_allclose(line.heights(np.array([-150.0, 350.0])), [-30, 70], atol=1)


def test_less_probable_digits_join_a_row_and_found_none() -> None:
    sure = [(50.0, x, 20.0, 0.9) for x in (100.0, 125.0)]
    weak = [(51.0, 150.0, 20.0, 0.15), (48.0, 75.0, 22.0, 0.12), (150.0, 100.0, 20.0, 0.2)]
    (line,) = find_lines(detections(*sure, *weak))
    assert line.x.tolist() == [75, 100, 125, 150]
    assert list(find_lines(detections(*weak))) == []


def test_other_heights_and_sizes_and_wide_gaps_begin_another_row() -> None:
    rows = [(50, 100, 20), (50, 125, 20), (90, 112, 20), (50, 150, 45), (50, 300, 20)]
    found = [line.x.tolist() for line in find_lines(detections(*((*row, 0.9) for row in rows)))]
    assert sorted(found) == [[100, 125], [112], [150], [300]]


def test_what_a_row_covers_founds_no_other() -> None:
    """As the loop of an 8, at another size."""
    rows = [(50, 100, 20, 0.9), (50, 125, 20, 0.9), (46, 112, 10, 0.8), (54, 126, 10, 0.8)]
    assert len(list(find_lines(detections(*rows)))) == 1


def test_a_row_hides_none_of_far_smaller_digits() -> None:
    """As amounts in a column that looks like a 1 from afar."""
    rows = [(100, 100, 160, 0.99), (60, 100, 20, 0.8), (100, 100, 20, 0.8), (140, 100, 20, 0.8)]
    assert sorted(line.size for line in find_lines(detections(*rows))) == pytest.approx([20, 20, 20, 160])


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


@pytest.mark.parametrize("angle", [-0.8, 0.8])
def test_row_of_a_turned_picture_has_its_slope(angle: float) -> None:
    along = 20.0 * np.arange(5)
    y, x = along * math.sin(angle), along * math.cos(angle)
    assert measure_slope(y, x, np.full(5, 20.0)) == pytest.approx(math.tan(angle))
    (line,) = find_lines(detections(*((*place, 20.0, 0.9) for place in zip(y, x, strict=True))))
    assert len(line.x) == 5


def test_digits_in_all_directions_have_no_slope() -> None:
    y, x = np.array([[0, 20, -2, -25], [0, 20, 45, 65]], float)
    assert measure_slope(y, x, np.full(4, 20.0)) == 0


def test_row_may_be_curved() -> None:
    x = 20.0 * np.arange(12)
    y = 30 * np.sin(x / 80)
    assert find_rows([(y[i : i + 1], x[i : i + 1], 20.0) for i in range(12)]) == [list(range(12))]


def test_numbers_below_each_other_are_rows_and_without_numbers_there_is_none() -> None:
    numbers = [(np.array([y]), np.array([x]), 20.0) for y, x in ((0.0, 0.0), (30, 3), (60, -3))]
    assert find_rows(numbers) == [[0], [1], [2]]
    assert find_rows([]) == []
