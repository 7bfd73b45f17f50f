import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.scaling import Scaling, measure, standardise
from pipeline.engine.errors import PipelineError


def random_images(seed: int, count: int = 50) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (count, 7, 5), dtype=np.uint8)


def test_mean_and_deviation_are_those_of_the_pixels_over_255() -> None:
    images = random_images(1)
    scaling = measure([images])
    assert scaling.mean == pytest.approx(np.mean(images / 255), rel=1e-6)
    assert scaling.std == pytest.approx(np.std(images / 255), rel=1e-6)


def test_what_was_measured_has_mean_0_and_deviation_1_afterwards() -> None:
    images = random_images(2)
    standardised = standardise(images, measure([images]))
    assert standardised.dtype == np.float32
    assert standardised.shape == images.shape
    assert np.mean(standardised, dtype=float) == pytest.approx(0, abs=1e-6)
    assert np.std(standardised, dtype=float) == pytest.approx(1, abs=1e-6)


@given(st.integers(0, 255), st.floats(0, 1), st.floats(0.01, 1))
def test_each_pixel_becomes_its_distance_from_the_mean_in_deviations(pixel: int, mean: float, std: float) -> None:
    (value,) = standardise(np.array([pixel], np.uint8), Scaling(mean, std))
    assert value == np.float32((pixel / 255 - mean) / std)


@pytest.mark.parametrize("size", [1, 7, 50])
def test_the_order_and_the_size_of_the_blocks_change_no_bit(size: int) -> None:
    images = random_images(3)
    blocks = [images[start : start + size] for start in range(0, len(images), size)]
    assert measure(blocks[::-1]) == measure([images])


def test_images_without_any_contrast_are_refused() -> None:
    with pytest.raises(PipelineError, match="all pixels of the training images are equal"):
        measure([np.full((3, 2, 2), 7, np.uint8)])
