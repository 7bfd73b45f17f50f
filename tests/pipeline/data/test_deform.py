import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import grey_dilation, grey_erosion, map_coordinates

from pipeline.data.augmentation import Augmentation
from pipeline.data.deform import Array, Deformer, displacement_fields, draw_coefficients, draw_count, thicken

STRONG = Augmentation(shift=2, rotation=25, scale=0.3, shear=0.3, elastic=1.5, elastic_sigma=4, stroke_width=0.6)


def pictures(count: int, height: int, width: int, dtype: type = np.float64) -> Array:
    drawn: Array = np.random.default_rng(0).normal(size=(count, height, width)).astype(dtype)
    return drawn


def deformed(
    augmentation: Augmentation, given: Array, numbers: list[int] | None = None, seed: int = 1, room: int = 20
) -> Array:
    numbers = list(range(len(given))) if numbers is None else numbers
    _, height, width = given.shape
    out = np.full((len(numbers), height * width), np.nan, given.dtype)
    deformer = Deformer(augmentation, height, width, room, given.dtype)
    deformer(given.reshape(len(given), -1), np.array(numbers, np.intp), np.random.default_rng(seed), out)
    return out.reshape(-1, height, width)


def reference(augmentation: Augmentation, given: Array, seed: int = 1) -> Array:
    """Slow and obvious: one picture, one pixel, one formula after another. Only the draws are in the same order."""
    count, height, width = given.shape
    generator = np.random.default_rng(seed)
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    bent = draw_count(augmentation.augment_fraction * count, generator)
    affine = generator.uniform(-1, 1, (bent, 6)) if augmentation.moves else np.zeros((bent, 6))
    sigma = augmentation.elastic_sigma
    grid = [
        (row, column)
        for row in np.arange(-sigma, height + sigma, sigma)
        for column in np.arange(-sigma, width + sigma, sigma)
    ]
    bumps: Array = np.zeros((bent, 2, len(grid)))
    if augmentation.elastic:
        bumps = generator.standard_normal((bent, 2, len(grid)), np.float32)
    shares = augmentation.stroke_width * np.asarray(generator.uniform(-1, 1, bent))
    result = given.copy()
    for n, (turn, slant, scale_x, scale_y, shift_x, shift_y) in enumerate(affine):
        t = math.radians(augmentation.rotation * turn)
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
                x += augmentation.elastic * sum(h * b for h, b in zip(heights, bumps[n, 0], strict=True)) / length
                y += augmentation.elastic * sum(h * b for h, b in zip(heights, bumps[n, 1], strict=True)) / length
            result[n, row, column] = between(given[n], x, y)
        neighbours = (grey_dilation if shares[n] > 0 else grey_erosion)(result[n], footprint=CROSS, mode="nearest")
        result[n] += abs(shares[n]) * (neighbours - result[n])
    return result


CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])


def between(picture: Array, x: float, y: float) -> float:
    height, width = picture.shape
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    left, top = math.floor(x), math.floor(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    upper = picture[top, left] * (left + 1 - x) + picture[top, right] * (x - left)
    lower = picture[bottom, left] * (left + 1 - x) + picture[bottom, right] * (x - left)
    return float(upper * (top + 1 - y) + lower * (y - top))


@pytest.mark.parametrize(
    "augmentation",
    [
        STRONG,
        Augmentation(shift=1.5),
        Augmentation(rotation=90),
        Augmentation(scale=0.5),
        Augmentation(shear=0.5),
        Augmentation(elastic=2, elastic_sigma=3),
        Augmentation(stroke_width=1),
        Augmentation(shift=100),
        replace(STRONG, augment_fraction=0.5),
        Augmentation(augment_fraction=0.3, stroke_width=1),
        replace(STRONG, augment_fraction=0),
    ],
    ids=str,
)
@pytest.mark.parametrize(("height", "width"), [(9, 9), (5, 12), (1, 7), (6, 1), (1, 1), (2, 2)])
def test_it_is_what_the_slow_and_obvious_way_gives(augmentation: Augmentation, height: int, width: int) -> None:
    given = pictures(6, height, width)
    np.testing.assert_allclose(deformed(augmentation, given), reference(augmentation, given), atol=2e-4)


@pytest.mark.parametrize("bent", [1, 0.5, 0])
def test_each_picture_that_is_asked_for_is_bent_or_left_bit_for_bit(bent: float) -> None:
    given, numbers, augmentation = pictures(6, 7, 8), [4, 0, 4, 2], replace(STRONG, augment_fraction=bent)
    found, asked = deformed(augmentation, given, numbers), given[numbers]
    np.testing.assert_allclose(found, reference(augmentation, asked), atol=2e-4)
    changed = round(bent * len(numbers))
    assert not any(np.allclose(a, b, atol=0.1) for a, b in zip(found[:changed], asked[:changed], strict=True))
    assert found[changed:].tobytes() == asked[changed:].tobytes()


@pytest.mark.parametrize("expected", [0.3, 1.2, 38.4])
def test_a_share_comes_out_right_in_the_mean_however_few_there_are(expected: float) -> None:
    generator = np.random.default_rng(0)
    drawn = [draw_count(expected, generator) for _ in range(10_000)]
    assert set(drawn) == {math.floor(expected), math.ceil(expected)}
    assert np.mean(drawn) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("expected", [0.0, 1.0, 128.0])
def test_a_whole_share_is_no_matter_of_luck(expected: float) -> None:
    generator = np.random.default_rng(0)
    assert {draw_count(expected, generator) for _ in range(1000)} == {expected}


def test_the_places_are_sampled_as_scipy_samples_them() -> None:
    given, augmentation = pictures(10, 28, 28), Augmentation(shift=2, rotation=25, scale=0.3, shear=0.3, elastic=1.5)
    fields = displacement_fields(28, 28, augmentation)
    generator = np.random.default_rng(1)
    count = draw_count(10, generator)
    x, y = draw_coefficients(augmentation, (28, 28), len(fields), count, generator) @ fields
    expected = [
        map_coordinates(picture, (rows.reshape(28, 28), columns.reshape(28, 28)), order=1, mode="nearest")
        for picture, columns, rows in zip(given, x, y, strict=True)
    ]
    np.testing.assert_allclose(deformed(augmentation, given), expected, atol=2e-4)


def test_without_any_strength_pictures_are_copied_bit_for_bit() -> None:
    given = pictures(5, 4, 6, np.float32)
    assert deformed(Augmentation(), given, [4, 0, 4]).tobytes() == given[[4, 0, 4]].tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_single_and_double_precision_agree(dtype: type) -> None:
    given = pictures(8, 28, 28)
    found = deformed(STRONG, given.astype(dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, deformed(STRONG, given), atol=2e-3)


def test_the_same_generator_gives_the_same_pictures_and_another_does_not() -> None:
    given = pictures(8, 10, 10, np.float32)
    assert deformed(STRONG, given).tobytes() == deformed(STRONG, given, room=8).tobytes()
    assert not np.allclose(deformed(STRONG, given), deformed(STRONG, given, seed=2), atol=0.1)


def test_every_picture_is_deformed_in_its_own_way_and_in_another_each_time() -> None:
    one = np.repeat(pictures(1, 12, 12), 8, axis=0)
    first = deformed(STRONG, one)
    assert all(not np.allclose(a, b, atol=0.1) for a, b in itertools.combinations(first, 2))


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1)])
def test_a_single_picture_of_a_single_row_or_column_is_deformed_too(shape: tuple[int, int]) -> None:
    given = pictures(1, *shape)
    np.testing.assert_allclose(deformed(STRONG, given), reference(STRONG, given), atol=2e-4)


def test_no_pictures_are_deformed_to_none() -> None:
    assert deformed(STRONG, pictures(3, 5, 5), []).shape == (0, 5, 5)


def test_the_unsteady_hand_moves_every_pixel_as_far_as_asked_and_neighbours_alike() -> None:
    augmentation = Augmentation(elastic=1.5, elastic_sigma=5)
    fields = displacement_fields(28, 28, augmentation)
    coefficients = draw_coefficients(augmentation, (28, 28), len(fields), 4000, np.random.default_rng(0))
    moved = (coefficients @ fields).reshape(2, 4000, 28, 28) - np.mgrid[:28, :28][::-1, np.newaxis]
    deviations = np.sqrt(np.mean(moved**2, axis=1))
    np.testing.assert_allclose(deviations, 1.5, rtol=0.08)
    assert abs(moved.mean()) < 0.05
    steps = np.diff(moved, axis=3)
    assert np.sqrt(np.mean(steps**2)) < 1.5 / 5


def test_each_strength_is_the_most_that_is_drawn_and_is_drawn_evenly() -> None:
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


def test_strokes_get_thicker_and_thinner() -> None:
    bar = np.zeros((3, 5, 5))
    bar[:, :, 2] = 1
    thicken(bar, np.array([0.5, -0.25, 0.0]))
    assert bar[0, 2].tolist() == [0, 0.5, 1, 0.5, 0]
    assert bar[1, 2].tolist() == [0, 0, 0.75, 0, 0]
    assert bar[2, 2].tolist() == [0, 0, 1, 0, 0]
