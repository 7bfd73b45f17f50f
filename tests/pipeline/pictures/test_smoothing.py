import numpy as np
import pytest
from scipy import ndimage

from pipeline.pictures.smoothing import box_mean, interpolate, largest_around, running_median


@pytest.mark.parametrize("shape", [(5, 7), (40, 3), (2, 30, 50)])
@pytest.mark.parametrize("side", [1, 3, 21])
def test_means_over_squares_are_those_of_scipy(shape: tuple[int, ...], side: int) -> None:
    levels = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    expected = ndimage.uniform_filter(levels, side, axes=(-2, -1), mode="nearest")
    assert box_mean(levels, side) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("count", [1, 8, 81])
def test_medians_along_a_closed_line_are_those_of_scipy(count: int) -> None:
    levels = np.random.default_rng(1).uniform(0, 255, 81)
    assert running_median(levels, count).tolist() == ndimage.median_filter(levels, count, mode="wrap").tolist()


def test_largest_values_around_are_those_of_scipy() -> None:
    values = np.random.default_rng(2).normal(0, 1, (3, 5, 4))
    assert np.array_equal(largest_around(values), ndimage.maximum_filter(values, (1, 3, 3), mode="nearest"))
    assert largest_around(np.zeros((0, 0, 0), np.float32)).size == 0  # of a picture with only blank tiles


@pytest.mark.parametrize("shape", [(2, 2), (30, 20)])
def test_levels_between_pixels_are_those_of_scipy(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(3)
    grey, at = generator.uniform(0, 255, shape), generator.uniform(-5, 35, (2, 9, 8))
    expected = ndimage.map_coordinates(grey, at, np.float32, order=1, mode="nearest")
    assert interpolate(grey, *at) == pytest.approx(expected, abs=1e-3)
