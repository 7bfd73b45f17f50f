"""Digits in the styles of several countries, drawn from strokes, for networks that should read them, too."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.data.glyphs import Stroke, load_digits
from pipeline.data.ink import centre_by_mass, measure_digit_box
from pipeline.data.shapes import DIGITS, parse_shape
from pipeline.data.strokes import draw_by_hand, shrink

FONTS = 0.25  # share of the digits that are from the Hershey fonts


def choose_strokes(generator: np.random.Generator) -> tuple[str, list[Stroke]]:
    """Return the name and the strokes of a random digit, from the fonts or from the styles."""
    if generator.random() < FONTS:
        fonts, digit = load_digits(), int(generator.integers(10))
        return str(digit), fonts[generator.integers(len(fonts))][digit]
    name, shape = DIGITS[generator.integers(len(DIGITS))]
    return name, list(parse_shape(shape))


def make_styles(
    images: NDArray[np.uint8], class_names: Sequence[str], count: int
) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Return `count` drawn digits, uint8 (count, h, w), and their labels; always the same for the same images.

    images: raw, (n, h, w). The ink of the digits is as large as theirs (the median of its longer side). class_names:
    the ten digits.
    """
    generator = np.random.default_rng(1)
    box, drawn, labels = measure_digit_box(images), [], []
    for _ in range(count):
        name, strokes = choose_strokes(generator)
        drawn.append(centre_by_mass(shrink(draw_by_hand(strokes, box, generator), box), images.shape[1:]))
        labels.append(class_names.index(name))
    return np.array(drawn, np.uint8).reshape(-1, *images.shape[1:]), np.array(labels, np.intp)
