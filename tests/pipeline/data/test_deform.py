import itertools
import math

import numpy as np
import pytest
from scipy.ndimage import grey_dilation, grey_erosion, map_coordinates

from pipeline.data.augmentation import Augmentation
from pipeline.data.deform import Augmenter, draw_count
from pipeline.engine.float_arrays import Array

STRONG = Augmentation(shift=2, rotation=25, scale=0.3, shear=0.3, elastic=1.5, elastic_sigma=4, stroke_width=0.6)


def images(count: int, height: int, width: int) -> Array:
    return np.random.default_rng(0).standard_normal((count, height, width)).astype(np.float32)


def deformed(augmentation: Augmentation, given: Array, seed: int = 1, max_batch: int = 20) -> Array:
    _, height, width = given.shape
    out = np.full((len(given), height * width), np.nan, np.float32)
    augment = Augmenter(augmentation, height, width, max_batch)
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
    np.testing.assert_allclose(deformed(augmentation, given), reference(augmentation, given), atol=2e-3)


def test_drawn_count_has_the_expected_mean() -> None:
    generator = np.random.default_rng(0)
    drawn = [draw_count(1.2, generator) for _ in range(10_000)]
    assert set(drawn) == {1, 2}
    assert np.mean(drawn) == pytest.approx(1.2, abs=0.02)


def test_zero_strengths_copy_bit_for_bit() -> None:
    given = images(5, 4, 6)
    assert deformed(Augmentation(), given).tobytes() == given.tobytes()


def test_result_depends_on_the_seed_only() -> None:
    given = images(8, 10, 10)
    assert deformed(STRONG, given).tobytes() == deformed(STRONG, given, max_batch=8).tobytes()
    assert not np.allclose(deformed(STRONG, given), deformed(STRONG, given, seed=2), atol=0.1)
