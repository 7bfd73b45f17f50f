"""Shapes that are easily confused, and words whose letters move."""

import math

import numpy as np
import pytest

from pipeline.data.synthetic.shapes import parse_shape
from pipeline.reader_training.synthesis.confusable import DIGIT_STROKES, SHAPES, choose_digit, choose_sign_maker
from pipeline.reader_training.synthesis.lettering import draw_lettering, draw_loosely, list_fonts


@pytest.mark.parametrize("text", [*SHAPES, *(text for texts in DIGIT_STROKES.values() for text in texts)])
def test_shapes_are_strokes_of_about_one_height(text: str) -> None:
    points = np.concatenate(parse_shape(text))
    assert points.shape[1] == 2
    assert 0.5 < np.ptp(points, axis=0).max() < 1.3


def test_digits_without_such_a_shape_have_none() -> None:
    generator = np.random.default_rng(0)
    assert [name for name in "0123456789" if choose_digit(name, generator) is None] == ["5", "9"]


def test_no_sign_is_one_upright_stroke() -> None:
    generator = np.random.default_rng(1)
    for _ in range(300):
        strokes = choose_sign_maker(generator)()
        if len(strokes) == 1 and len(strokes[0]) == 2:
            wide, high = np.ptp(strokes[0], axis=0)
            assert math.atan2(wide, high) > 0.7  # radians; a slanted 1 leans less


def test_letters_move_but_the_word_stays_on_its_line() -> None:
    font = list_fonts("print")[0]
    plain = draw_lettering(font, "hand", 0)
    loose = [draw_loosely(font, "hand", 0, np.random.default_rng(seed)) for seed in range(8)]
    assert not np.array_equal(loose[0].ink, loose[1].ink)
    assert np.mean([each.middle for each in loose]) == pytest.approx(plain.middle, abs=0.1)
    assert np.mean([each.size for each in loose]) == pytest.approx(plain.size, rel=0.2)
