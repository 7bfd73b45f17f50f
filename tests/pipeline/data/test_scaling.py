import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.scaling import Scaling, compute_scaling, standardise
from pipeline.engine.errors import PipelineError


def random_images(seed: int, count: int = 50) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (count, 7, 5), dtype=np.uint8)


def test_mean_and_std_are_those_of_the_pixels_over_255() -> None:
    images = random_images(1)
    scaling = compute_scaling([images])
    assert scaling.mean == pytest.approx(np.mean(images / 255), rel=1e-6)
    assert scaling.std == pytest.approx(np.std(images / 255), rel=1e-6)


@given(st.integers(0, 255), st.floats(0, 1), st.floats(0.01, 1))
def test_pixel_is_standardised_exactly(pixel: int, mean: float, std: float) -> None:
    (value,) = standardise(np.array([pixel], np.uint8), Scaling(mean, std))
    assert value == np.float32((pixel / 255 - mean) / std)


@pytest.mark.parametrize("size", [1, 7, 50])
def test_blocks_do_not_change_the_result(size: int) -> None:
    images = random_images(3)
    blocks = [images[start : start + size] for start in range(0, len(images), size)]
    assert compute_scaling(blocks[::-1]) == compute_scaling([images])


def test_constant_images_are_refused() -> None:
    with pytest.raises(PipelineError, match="all pixels of the training images are equal"):
        compute_scaling([np.full((3, 2, 2), 7, np.uint8)])
