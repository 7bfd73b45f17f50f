"""Handwritten digits in five forms, and drawings that are no digit, distorted at random.

The shapes were drawn before they were read by any network, and are not adapted to its predictions.
"""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from tests.pipeline.html.strokes import Strokes, arc, curve, line, place, wobble

Generator = np.random.Generator

# Five shapes of each digit.
FORMS: Mapping[int, Mapping[str, Strokes]] = {
    0: {
        "oval": [curve("55 0, 28 14, 16 50, 28 86, 52 100, 74 84, 84 48, 72 12, 52 0")],
        "round": [arc(0.5, 0.5, 0.46, 0.48, -100, 262)],
        "overlapping": [curve("66 8, 42 0, 20 22, 14 60, 32 96, 62 96, 82 62, 76 22, 52 3, 32 14")],
        "open": [arc(0.5, 0.5, 0.34, 0.5, -68, 250)],
        "pointed": [curve("52 0, 28 28, 24 72, 48 100, 70 74, 74 30, 50 0")],
    },
    1: {
        "plain": [line("52 0, 48 100")],
        "upstroke": [line("36 17, 54 0, 51 100")],
        "long upstroke": [line("14 46, 56 0, 54 100")],
        "foot": [line("34 18, 52 0, 52 100"), line("24 100, 80 99")],
        "leaning": [line("68 0, 34 100")],
    },
    2: {
        "straight": [curve("18 24, 36 3, 66 3, 78 26, 62 56, 18 99") + line("18 99, 84 98")],
        "looped": [curve("18 22, 44 0, 74 14, 66 48, 30 88, 14 90, 20 76, 40 82, 62 98, 88 92")],
        "wavy foot": [curve("16 30, 40 0, 72 16, 62 50, 18 96") + curve("18 96, 44 88, 66 100, 88 88")],
        "flat top": [curve("14 14, 44 2, 74 10, 70 40, 44 70, 15 98") + line("15 98, 86 96")],
        "hooked": [curve("32 34, 18 24, 38 2, 74 10, 76 40, 48 72, 16 98") + line("16 98, 82 100")],
    },
    3: {
        "round": [curve("18 14, 44 0, 74 16, 66 40, 42 48") + curve("42 48, 72 56, 82 78, 54 100, 16 88")],
        "flat top": [line("18 2, 78 2, 42 40") + curve("42 40, 72 46, 82 74, 52 100, 16 90")],
        "looped": [curve("20 12, 52 0, 74 20, 54 46, 34 50, 46 41, 76 60, 72 90, 42 100, 14 84")],
        "smooth": [curve("22 8, 60 2, 72 22, 48 46, 74 62, 72 88, 40 100, 16 92")],
        "small top": [curve("28 10, 52 0, 66 16, 46 36") + curve("46 36, 82 46, 86 82, 48 100, 12 84")],
    },
    4: {
        "open": [line("22 0, 16 56, 84 56"), line("66 14, 62 100")],
        "closed": [line("60 0, 10 64, 90 64"), line("60 0, 60 100")],
        "one stroke": [line("24 4, 20 50, 68 46, 76 2, 64 100")],
        "open and round": [curve("20 2, 16 40, 44 54, 90 44"), line("78 4, 68 100")],
        "closed, long bar": [line("56 0, 6 68, 94 66"), line("66 34, 58 100")],
    },
    5: {
        "two strokes": [line("30 4, 26 44") + curve("26 44, 58 38, 78 64, 62 96, 18 94"), line("30 4, 80 3")],
        "one stroke": [line("78 2, 32 4, 26 46") + curve("26 46, 56 38, 78 66, 56 98, 16 92")],
        "like S": [curve("78 6, 42 2, 28 34, 60 48, 76 74, 48 100, 16 88")],
        "small bow": [line("34 2, 28 54") + curve("28 54, 56 50, 66 74, 48 98, 18 94"), line("34 2, 82 6")],
        "loose bar": [line("26 10, 22 50") + curve("22 50, 60 44, 74 72, 46 100, 14 92"), line("36 4, 88 0")],
    },
    6: {
        "curved": [curve("70 2, 38 28, 22 64, 38 96, 68 92, 76 68, 52 54, 26 70")],
        "straight": [line("46 0, 24 62") + curve("24 62, 28 92, 56 100, 76 78, 58 56, 26 72")],
        "small bowl": [curve("62 0, 32 40, 24 80, 42 100, 60 84, 48 70, 28 80")],
        "large bowl": [curve("66 0, 30 22, 14 60, 32 96, 72 96, 86 62, 56 40, 20 60")],
        "curl": [curve("74 12, 62 0, 34 22, 22 66, 40 98, 70 88, 68 60, 44 58, 30 76, 40 84")],
    },
    7: {
        "plain": [line("14 2, 84 2, 44 100")],
        "barred": [line("14 4, 82 2, 40 100"), line("34 50, 80 48")],
        "serif": [line("14 18, 16 2, 84 2, 46 100")],
        "curved": [curve("14 8, 48 5, 82 2") + curve("82 2, 58 40, 46 72, 42 100")],
        "barred, serif": [line("16 16, 18 3, 82 4") + curve("82 4, 58 44, 44 100"), line("30 54, 74 52")],
    },
    8: {
        "one stroke": [curve("68 10, 46 0, 28 18, 48 44, 74 72, 50 100, 24 76, 48 46, 70 20, 60 4")],
        "two circles": [arc(0.5, 0.24, 0.25, 0.24, -80, 290), arc(0.5, 0.74, 0.3, 0.26, -90, 270)],
        "from the middle": [curve("50 46, 28 22, 50 0, 72 22, 50 46, 26 74, 50 100, 76 74, 52 48")],
        "open top": [curve("76 8, 48 2, 30 22, 52 48, 72 74, 48 100, 24 78, 48 50, 80 22")],
        "small top": [curve("64 10, 46 0, 28 16, 46 36, 78 66, 54 100, 18 74, 44 38, 64 20, 56 4")],
    },
    9: {
        "straight": [arc(0.48, 0.28, 0.26, 0.28, -20, -375) + line("74 22, 68 100")],
        "curved": [arc(0.5, 0.27, 0.26, 0.26, -20, -370) + curve("76 26, 76 62, 58 96, 26 94")],
        "looped": [curve("72 14, 46 0, 24 24, 40 48, 68 36, 75 8, 72 52, 62 100")],
        "like 6": [curve("76 34, 50 46, 26 30, 36 4, 66 2, 78 28, 68 68, 34 100")],
        "two strokes": [arc(0.46, 0.25, 0.28, 0.25, 0, 360), line("75 6, 72 100")],
    },
}


HEART = curve("50 30, 38 8, 14 6, 4 30, 20 62, 50 98") + curve("50 98, 80 62, 96 30, 86 6, 62 8, 50 30")

# Drawings that are no digit: capital letters, and others.
KINDS: Mapping[str, Strokes] = {
    "A": [line("10 100, 50 0, 90 100"), line("28 60, 72 60")],
    "E": [line("80 0, 20 0, 20 100, 80 100"), line("20 50, 70 50")],
    "H": [line("15 0, 15 100"), line("85 0, 85 100"), line("15 50, 85 50")],
    "K": [line("20 0, 20 100"), line("80 0, 20 55, 85 100")],
    "M": [line("5 100, 15 0, 50 70, 85 0, 95 100")],
    "R": [line("20 100, 20 0") + curve("20 0, 75 8, 75 42, 20 50") + line("20 50, 80 100")],
    "W": [line("0 0, 25 100, 50 30, 75 100, 100 0")],
    "heart": [HEART],
    "star": [line("50 0, 79 90, 2 35, 98 35, 21 90, 50 0")],
    "house": [line("15 100, 15 45, 50 2, 85 45, 85 100, 15 100"), line("42 100, 42 68, 60 68, 60 100")],
    "spiral": [[(0.5 + 0.02 * t * math.cos(t), 0.5 + 0.02 * t * math.sin(t)) for t in np.linspace(0, 25, 200)]],
    "scribble": [[(0.5 + 0.5 * math.sin(3.1 * t), 0.5 + 0.5 * math.cos(4.7 * t)) for t in np.linspace(0, 12, 150)]],
    "arrow": [line("2 50, 98 50"), line("70 24, 98 50, 70 76")],
    "hash": [line("34 0, 26 100"), line("74 0, 66 100"), line("4 34, 98 32"), line("2 68, 96 66")],
}


def write_digits(seed: int = 3) -> Iterator[tuple[int, str, Strokes]]:
    """Yield 100 digits, (digit, form, strokes): each form twice, distorted, in random sizes and places."""
    generator = np.random.default_rng(seed)
    for digit, forms in FORMS.items():
        for name, form in [*forms.items()] * 2:
            yield digit, name, scatter(wobble(form, generator), generator)


def draw_non_digits(seed: int = 4) -> Iterator[tuple[str, Strokes]]:
    """Yield three drawings of each kind, (kind, strokes), distorted, in random sizes and places."""
    generator = np.random.default_rng(seed)
    for kind in [*KINDS] * 3:
        yield kind, scatter(wobble(KINDS[kind], generator), generator)


def scatter(strokes: Strokes, generator: Generator) -> Strokes:
    """Scale strokes to 30% to 90% of the unit square, at a random place in it."""
    size = generator.uniform(0.3, 0.9)
    left, top = generator.uniform(0.02, 0.98 - size, 2)
    return place(strokes, left, top, size)
