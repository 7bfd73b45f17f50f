import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import grey_dilation, grey_erosion, map_coordinates

from pipeline.data.augmentation import Augmentation
from pipeline.data.deform import (
    Array,
    Augmenter,
    change_stroke_width,
    displacement_fields,
    draw_coefficients,
    draw_count,
)

STRONG = Augmentation(shift=2, rotation=25, scale=0.3, shear=0.3, elastic=1.5, elastic_sigma=4, stroke_width=0.6)


def images(count: int, height: int, width: int, dtype: type = np.float64) -> Array:
    drawn: Array = np.random.default_rng(0).normal(size=(count, height, width)).astype(dtype)
    return drawn


def deformed(augmentation: Augmentation, given: Array, seed: int = 1, max_batch: int = 20) -> Array:
    _, height, width = given.shape
    out = np.full((len(given), height * width), np.nan, given.dtype)
    augment = Augmenter(augmentation, height, width, max_batch, given.dtype)
    augment(given.reshape(len(given), height * width), np.random.default_rng(seed), out)
    return out.reshape(-1, height, width)


def reference(augmentation: Augmentation, given: Array, seed: int = 1) -> Array:
    """Reference implementation, pixel by pixel, with the draws in the same order."""
    count, height, width = given.shape
    generator = np.random.default_rng(seed)
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    augmented = draw_count(augmentation.augment_fraction * count, generator)
    affine = generator.uniform(-1, 1, (augmented, 6)) if augmentation.moves_pixels else np.zeros((augmented, 6))
    sigma = augmentation.elastic_sigma
    grid = [
        (row, column)
        for row in np.arange(-sigma, height + sigma, sigma)
        for column in np.arange(-sigma, width + sigma, sigma)
    ]
    gaussians: Array = np.zeros((augmented, 2, len(grid)))
    if augmentation.elastic:
        gaussians = generator.standard_normal((augmented, 2, len(grid)), np.float32)
    fractions = augmentation.stroke_width * np.asarray(generator.uniform(-1, 1, augmented))
    result = given.copy()
    for n, (angle, slant, scale_x, scale_y, shift_x, shift_y) in enumerate(affine):
        t = math.radians(augmentation.rotation * angle)
        rotate = np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])
        shear = np.array([[1, augmentation.shear * slant], [0, 1]])
        scale = np.diag([1 + augmentation.scale * scale_x, 1 + augmentation.scale * scale_y])
        for row, column in itertools.product(range(height), range(width)):
            from_centre = rotate @ shear @ scale @ (column - centre_x, row - centre_y)
            x = from_centre[0] + centre_x + augmentation.shift * shift_x
            y = from_centre[1] + centre_y + augmentation.shift * shift_y
            if augmentation.elastic:
                heights = [math.exp(-((row - r) ** 2 + (column - c) ** 2) / (2 * sigma**2)) for r, c in grid]
                length = math.sqrt(sum(h * h for h in heights))
                x += augmentation.elastic * sum(h * b for h, b in zip(heights, gaussians[n, 0], strict=True)) / length
                y += augmentation.elastic * sum(h * b for h, b in zip(heights, gaussians[n, 1], strict=True)) / length
            result[n, row, column] = map_coordinates(given[n], [[y], [x]], order=1, mode="nearest")[0]
        neighbours = (grey_dilation if fractions[n] > 0 else grey_erosion)(result[n], footprint=CROSS, mode="nearest")
        result[n] += abs(fractions[n]) * (neighbours - result[n])
    return result


CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])


@pytest.mark.parametrize(
    ("augmentation", "height", "width"),
    [
        *((STRONG, height, width) for height, width in [(9, 9), (5, 12), (1, 7), (6, 1), (1, 1), (2, 2)]),
        (Augmentation(shift=1.5), 5, 6),
        (Augmentation(rotation=90), 5, 6),
        (Augmentation(scale=0.5), 5, 6),
        (Augmentation(shear=0.5), 5, 6),
        (Augmentation(elastic=2, elastic_sigma=3), 5, 6),
        (Augmentation(shift=100), 5, 6),
        (Augmentation(augment_fraction=0.3, stroke_width=1), 5, 6),
    ],
    ids=str,
)
def test_equals_the_reference_implementation(augmentation: Augmentation, height: int, width: int) -> None:
    given = images(6, height, width)
    np.testing.assert_allclose(deformed(augmentation, given), reference(augmentation, given), atol=2e-4)


@pytest.mark.parametrize("fraction", [1, 0.5, 0])
def test_images_beyond_the_fraction_are_copied_bit_for_bit(fraction: float) -> None:
    given, augmentation = images(4, 7, 8), replace(STRONG, augment_fraction=fraction)
    found = deformed(augmentation, given)
    np.testing.assert_allclose(found, reference(augmentation, given), atol=2e-4)
    changed = round(fraction * len(given))
    assert not any(np.allclose(a, b, atol=0.1) for a, b in zip(found[:changed], given[:changed], strict=True))
    assert found[changed:].tobytes() == given[changed:].tobytes()


@pytest.mark.parametrize("expected", [0.3, 1.2, 38.4])
def test_drawn_count_has_the_expected_mean(expected: float) -> None:
    generator = np.random.default_rng(0)
    drawn = [draw_count(expected, generator) for _ in range(10_000)]
    assert set(drawn) == {math.floor(expected), math.ceil(expected)}
    assert np.mean(drawn) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("expected", [0.0, 1.0, 128.0])
def test_integer_count_is_not_random(expected: float) -> None:
    generator = np.random.default_rng(0)
    assert {draw_count(expected, generator) for _ in range(1000)} == {expected}


def test_zero_strengths_copy_bit_for_bit() -> None:
    given = images(5, 4, 6, np.float32)
    assert deformed(Augmentation(), given).tobytes() == given.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_single_and_double_precision_agree(dtype: type) -> None:
    given = images(8, 28, 28)
    found = deformed(STRONG, given.astype(dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, deformed(STRONG, given), atol=2e-3)


def test_result_depends_on_the_seed_only() -> None:
    given = images(8, 10, 10, np.float32)
    assert deformed(STRONG, given).tobytes() == deformed(STRONG, given, max_batch=8).tobytes()
    assert not np.allclose(deformed(STRONG, given), deformed(STRONG, given, seed=2), atol=0.1)


def test_each_image_is_deformed_differently() -> None:
    one = np.repeat(images(1, 12, 12), 8, axis=0)
    first = deformed(STRONG, one)
    assert all(not np.allclose(a, b, atol=0.1) for a, b in itertools.combinations(first, 2))


def test_empty_batch() -> None:
    assert deformed(STRONG, images(0, 5, 5)).shape == (0, 5, 5)


def test_elastic_displacement_has_the_given_rms_and_is_smooth() -> None:
    augmentation = Augmentation(elastic=1.5, elastic_sigma=5)
    fields = displacement_fields(28, 28, augmentation)
    coefficients = draw_coefficients(augmentation, (28, 28), len(fields), 4000, np.random.default_rng(0))
    moved = (coefficients @ fields).reshape(2, 4000, 28, 28) - np.mgrid[:28, :28][::-1, np.newaxis]
    rms = np.sqrt(np.mean(moved**2, axis=1))
    np.testing.assert_allclose(rms, 1.5, rtol=0.08)
    assert abs(moved.mean()) < 0.05
    steps = np.diff(moved, axis=3)
    assert np.sqrt(np.mean(steps**2)) < 1.5 / 5


def test_strengths_are_uniform_up_to_their_maximum() -> None:
    draw = np.random.default_rng(0)
    coefficients = draw_coefficients(Augmentation(shift=3), (20, 30), 3, 10_000, draw)
    for axis, centre in ((0, 14.5), (1, 9.5)):
        shifts = coefficients[axis, :, 0] - centre
        assert 2.9 < np.abs(shifts).max() <= 3
        assert np.std(shifts) == pytest.approx(3 / math.sqrt(3), rel=0.05)
    turned = draw_coefficients(Augmentation(rotation=30), (20, 30), 3, 10_000, draw)
    angles = np.degrees(np.arctan2(turned[1, :, 1], turned[0, :, 1]))
    assert 29 < np.abs(angles).max() <= 30.001
    np.testing.assert_allclose(np.hypot(turned[0, :, 1:], turned[1, :, 1:]), 1, atol=1e-6)


def test_strokes_become_wider_and_narrower() -> None:
    bar = np.zeros((3, 5, 5))
    bar[:, :, 2] = 1
    change_stroke_width(bar, np.array([0.5, -0.25, 0.0]))
    assert bar[0, 2].tolist() == [0, 0.5, 1, 0.5, 0]
    assert bar[1, 2].tolist() == [0, 0, 0.75, 0, 0]
    assert bar[2, 2].tolist() == [0, 0, 1, 0, 0]
