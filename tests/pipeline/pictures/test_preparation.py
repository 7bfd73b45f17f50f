import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.ink import InkStatistics, measure_ink, measure_sides, measure_stroke_widths
from pipeline.pictures.preparation import adjust_strokes, fit_into_image, measure_ink_shares, sample
from tests.drawings import Images, enlarge, on_paper, place, sample_digits

SHAPE = (28, 28)


@functools.cache
def usual() -> InkStatistics:
    return measure_ink(sample_digits()[0])


def fitted(drawing: object, ink_statistics: InkStatistics | None = None, shape: tuple[int, int] = SHAPE) -> Images:
    ink = measure_ink_shares(np.asarray(drawing))
    assert ink is not None
    return fit_into_image(ink, shape, ink_statistics or usual())


def difference(one: Images, other: Images) -> float:
    """The mean absolute difference of two images relative to their ink."""
    return float(np.abs(one.astype(float) - other).sum() / one.sum(dtype=float))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 499), st.integers(0, 60), st.integers(0, 60), st.integers(0, 100), st.integers(140, 255))
def test_polarity_and_position_are_irrelevant_and_grey_levels_nearly(
    index: int, top: int, left: int, pen: int, paper: int
) -> None:
    drawing = enlarge(sample_digits()[0][index], 3)
    expected = fitted(drawing)
    assert np.array_equal(fitted(255 - drawing), expected)
    assert np.array_equal(fitted(place(drawing, (150, 150), top, left)), expected)
    assert difference(expected, fitted(on_paper(drawing, paper, pen))) < 0.02


def test_images_of_the_data_set_change_little_and_then_no_more() -> None:
    images = sample_digits()[0][:120]
    once = [fitted(image) for image in images]
    different = [difference(image, each) for image, each in zip(images, once, strict=True)]
    assert np.median(different) < 0.02
    assert np.quantile(different, 0.9) < 0.25
    assert all(np.abs(each.astype(int) - fitted(each)).max() <= 1 for each in once)


@pytest.mark.parametrize("shape", [(28, 28), (100, 60), (16, 40), (3, 4)])
def test_digit_fills_the_box_and_is_centred_by_mass(shape: tuple[int, int]) -> None:
    for box in (0, 12, 20):
        ink_statistics = InkStatistics(box=box)
        for image in sample_digits()[0][:6]:
            result = fitted(enlarge(image, 7), ink_statistics, shape)
            assert result.shape == shape
            assert result.dtype == np.uint8
            assert result.max() >= 250  # some ink may be outside if the box is as large as the image
            if min(shape) < 20 or not box:
                continue
            ((height,), (width,)) = measure_sides(result[np.newaxis] / 255.0)
            assert max(height, width) == pytest.approx(box, abs=1)
            for axis in (0, 1):
                mass = result.sum(axis=1 - axis, dtype=float)
                centre = np.average(np.arange(shape[axis]), weights=mass)
                assert centre == pytest.approx(shape[axis] // 2, abs=0.51)


@pytest.mark.parametrize("pen", [1, 3, 40, 60])
def test_unusual_stroke_width_is_adjusted(pen: int) -> None:
    drawing = np.zeros((400, 400), np.uint8)
    drawing[50:350, 200 - pen // 2 : 200 - pen // 2 + pen] = 255
    drawing[50 : 50 + pen, 100:300] = 255
    ink_statistics = InkStatistics(box=20, thin=2, thick=3, thickest=7)
    (stroke_width,) = measure_stroke_widths(fitted(drawing, ink_statistics)[np.newaxis] / 255.0)
    assert 1.6 < stroke_width < 3.4


def test_usual_strokes_and_blots_are_unchanged() -> None:
    fine = np.zeros((200, 200), np.float32)
    fine[20:180, 90:110] = 1
    assert adjust_strokes(fine, InkStatistics(thin=1, thick=3)) is fine
    blot = np.ones((200, 200), np.float32)
    assert adjust_strokes(blot, InkStatistics(thin=1, thick=3, thickest=7)) is blot


def test_erosion_keeps_some_ink() -> None:
    thick_and_thin = np.zeros((100, 100), np.float32)
    thick_and_thin[10:90, 20:22] = thick_and_thin[10:90, 40:43] = 1
    assert adjust_strokes(thick_and_thin, InkStatistics(thick=0.01)).any()


@pytest.mark.parametrize("contrast", [0, 15])
def test_low_contrast_is_not_ink(contrast: int) -> None:
    drawing = np.full((30, 30), 100, np.uint8)
    drawing[10:20, 10:20] += np.uint8(contrast)
    assert measure_ink_shares(drawing) is None
    drawing[15, 15] = 116
    assert measure_ink_shares(drawing) is not None


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 40), st.integers(4, 40), st.integers(1, 6))
def test_resampling_preserves_the_ink(height: int, width: int, factor: int) -> None:
    ink = np.random.default_rng(height).random((height, width)).astype(np.float32)
    np.testing.assert_allclose(sample(ink, height / 2, width / 2, 1, (height, width)), ink, rtol=1e-6)
    finer = sample(ink, height / 2, width / 2, 1 / factor, (factor * height, factor * width))
    assert finer.mean() == pytest.approx(ink.mean(), rel=1e-4)
