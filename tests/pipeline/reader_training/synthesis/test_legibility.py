"""Which digits can be seen, and which are lost."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.pictures.contrast import local_contrast
from pipeline.reader_training.synthesis.legibility import LineView, measure_legibility, measure_visibility
from pipeline.reader_training.synthesis.line_images import LEGIBLE
from pipeline.reader_training.synthesis.signs import Ink
from tests.drawings import sample_digits

SHAPE, TOP, LEFT = (44, 120), 12, 50


def digit() -> Ink:
    ink = sample_digits()[0][3] / np.float32(255)
    return np.asarray(ink[ink.any(axis=1)][:, ink.any(axis=0)], np.float32)


def measure(
    contrast: float = 80, noise: float = 2, others: Ink | None = None, light: NDArray[np.float32] | float = 1
) -> float:
    """Return the legibility of a digit on paper."""
    writing = np.zeros(SHAPE, np.float32)
    ink = digit()
    writing[TOP : TOP + ink.shape[0], LEFT : LEFT + ink.shape[1]] = ink
    others = np.zeros(SHAPE, np.float32) if others is None else others
    grey = (200 - contrast * np.maximum(writing, others)) * light
    grey = grey + noise * np.random.default_rng(0).standard_normal(SHAPE)
    return measure_legibility(measure_visibility(local_contrast(grey), writing, others), ink, TOP, LEFT, is_word=False)


def draw_rules(width: int, pitch: int) -> Ink:
    """Return squared paper in the ink of the digit."""
    rules = np.zeros(SHAPE, np.float32)
    for start in range(width):
        rules[(start + 4) :: pitch] = rules[:, (start + 4) :: pitch] = 1
    return rules


def test_clear_digit_is_legible_and_one_without_contrast_is_not() -> None:
    assert measure() > 3 * LEGIBLE
    assert measure(contrast=0) < LEGIBLE


def test_legibility_falls_with_the_noise() -> None:
    found = [measure(noise=noise) for noise in (2, 20, 60, 200)]
    assert found == sorted(found, reverse=True)
    assert found[1] > LEGIBLE > found[3]


@pytest.mark.parametrize(("width", "pitch"), [(1, 9), (2, 14), (2, 30)])
def test_rules_through_a_digit_are_not_noise(width: int, pitch: int) -> None:
    assert measure(others=draw_rules(width, pitch)) > LEGIBLE


def test_digit_under_a_blot_is_lost() -> None:
    blot = np.zeros(SHAPE, np.float32)
    blot[:, LEFT - 5 : LEFT + 30] = 1
    assert measure(others=blot) < LEGIBLE


def test_digit_in_a_shadow_is_legible() -> None:
    dark = np.where(np.arange(SHAPE[1]) < LEFT - 15, 1, 0.5).astype(np.float32)
    assert measure(light=dark) > LEGIBLE


def test_digit_mostly_beyond_the_line_is_lost() -> None:
    ink, dark = np.ones((20, 10), np.float32), np.full(SHAPE, 9, np.float32)
    dark[:, 6:] = 8  # without a shape there is no correlation
    line_image = LineView(dark, dark, dark, np.ones(SHAPE, bool))
    assert measure_legibility(line_image, ink, 5, -4, is_word=False) > LEGIBLE
    assert measure_legibility(line_image, ink, 5, -6, is_word=False) == 0
    assert measure_legibility(line_image, ink, -30, 5, is_word=False) == 0
    assert measure_legibility(line_image, ink, 5, 119, is_word=True) > LEGIBLE  # it is enough that there is some
