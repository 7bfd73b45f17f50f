"""Shapes of digits that are easily confused, and of signs that resemble a digit, as strokes.

The notation is that of `pipeline.data.synthetic.shapes`.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from pipeline.data.synthetic.shapes import Stroke, parse_shape
from pipeline.reader_training.synthesis.signs import Generator

DIGIT_STROKES = {
    "0": (  # open at the top
        "~42,4 14,18 2,52 14,90 50,102 88,88 98,50 90,18 68,2",
        "~30,4 8,26 2,60 22,98 58,102 92,78 98,40 80,6",
        "~56,14 40,2 10,20 2,62 26,100 70,98 98,62 90,20 70,6",
    ),
    "1": (  # with a short hook or a long serif
        "42,10 54,0 52,100",
        "46,6 54,0 56,100",
        "~40,12 50,7 56,0 56,40 54,100",
        "4,40 60,0 56,100",
    ),
    "2": (  # crossed
        "~12,28 20,4 55,-4 88,12 78,45 45,72 12,98 | 12,98 92,97 | 28,58 76,54",
        "10,6 84,4 12,96 92,96 | 26,52 74,50",
        "~10,22 34,-2 84,6 76,40 14,96 | 14,96 94,92",
    ),
    "3": (  # with a flat top
        "14,4 84,4 44,42 | ~44,42 96,48 90,96 46,106 8,90",
        "12,4 82,2 48,40 | ~48,40 80,44 88,70 66,98 14,96",
        "~10,6 50,2 84,4 52,34 40,44 84,52 88,90 40,104 8,92",
    ),
    "4": (  # like a d, or closed
        "~60,14 30,42 6,62 20,70 60,68 92,66 | 72,2 68,100",
        "~58,34 24,44 8,62 30,70 78,66 | 76,0 72,100",
        "66,4 16,52 80,50 | 70,4 64,100",
    ),
    "6": ("~72,0 44,22 14,60 24,100 66,100 76,70 46,58 18,74", "64,0 16,62 | ~16,62 24,100 70,100 74,66 40,56 16,70"),
    "7": (  # narrow, with a short hook or a long serif
        "20,10 80,6 44,100",
        "30,10 76,4 50,100",
        "~18,14 40,4 80,6 62,50 48,100",
        "6,36 10,4 88,4 44,100",
    ),
    "8": (  # slanted and thin
        "~92,4 70,-2 56,16 56,40 48,74 30,104 8,98 16,72 48,44 84,24 92,4",
        "~70,8 52,-2 40,14 50,40 60,72 48,104 32,94 40,68 60,36 74,16 70,8",
    ),
}

SHAPES = (
    "~80,8 62,-4 48,16 46,60 44,100 | 18,42 78,40",  # f
    "~84,10 66,-2 52,20 46,70 26,104 | 22,40 80,38",
    "50,0 50,88 | 20,26 82,24",  # t
    "~50,0 50,60 54,96 78,94 | 20,28 80,26",
    "~80,6 60,-4 50,20 50,80 40,104 20,96",  # an integral
    "88,4 12,4 56,50 12,98 90,96",  # a sum
    "6,10 94,8 | 30,10 26,96 | ~70,10 68,70 74,98 90,92",  # pi
    "0,58 14,52 34,100 56,0 110,0",  # a root
    "~50,50 28,20 4,30 4,70 28,80 50,50 72,20 96,30 96,70 72,80 50,50",  # infinity
    "~90,10 40,4 6,50 40,98 90,92 | 8,50 84,50",  # element of
    "0,0 50,100 100,0 | 20,42 80,42",  # for all
    "10,0 90,0 90,100 10,100 | 20,50 90,50",  # there is
    "0,30 100,30 | 0,70 100,70 | 74,6 26,96",  # unequal
    "50,0 50,66 | 12,34 88,34 | 12,96 88,96",  # plus or minus
    "0,50 96,50 | 70,26 96,50 70,76 | 0,30 0,70",  # an arrow
    "0,0 0,96 96,96",  # corners
    "50,0 50,96 | 0,96 100,96",
    "0,4 100,4 | 50,4 50,100",
    "10,0 20,70 | 60,0 64,100 | 0,40 96,34",  # kana
    "0,24 100,20 | 48,0 42,62 | ~20,50 60,40 92,60 80,94 40,104",
    "0,20 96,20 | ~52,0 48,50 10,100 | ~50,40 70,80 100,98",
    "20,0 12,100 | ~56,14 80,10 100,14 | ~50,70 60,96 104,90",
    "~0,40 40,30 100,26 | ~60,0 50,60 20,100",
    "14,0 10,40 94,36 | 50,14 46,104",
    "20,10 50,24 | 10,44 40,58 | ~14,104 60,90 100,30",
    "0,16 92,12 | 0,56 96,50 | 40,0 60,104",
    "64,0 34,0 34,100 64,100",  # brackets
    "36,0 66,0 66,100 36,100",
    "~70,0 44,2 52,40 26,50 26,50 52,60 44,98 70,100",
    "~76,2 24,20 22,80 72,100",
    "~24,2 76,20 78,80 28,100",
    "36,0 36,100 | 64,0 64,100 | 0,34 100,30 | 0,68 100,64",  # number sign
    "~14,82 2,90 10,102 26,98 26,84 14,82 | 26,90 26,10 96,0 96,80 | ~84,72 72,80 80,92 96,88 96,74 84,72",  # notes
    "26,14 96,4 | 26,90 26,0 96,-10 96,80 | ~14,82 2,90 10,102 26,98 14,82 | ~84,72 72,80 80,92 96,88 84,72",
    "0,100 20,0 | 20,100 40,0 | 40,100 60,0 | 60,100 80,0 | 80,100 100,0",  # hatching
    "0,60 60,0 | 0,100 100,0 | 40,100 100,40",
)


def choose_digit(name: str, generator: Generator) -> Sequence[Stroke] | None:
    """Return the strokes of a digit that is easily confused; None if there are none of it."""
    shapes = DIGIT_STROKES.get(name)
    return parse_shape(shapes[generator.integers(len(shapes))]) if shapes else None


def choose_sign_maker(generator: Generator) -> Callable[[], list[Stroke]]:
    """Return a function that draws variants of a sign that resembles a digit, but is none."""
    kind = int(generator.choice(6, p=[0.17, 0.17, 0.12, 0.12, 0.22, 0.2]))
    shape = parse_shape(SHAPES[generator.integers(len(SHAPES))])
    quarter = int(generator.integers(4))
    lean = generator.uniform(0.75, 1.15) * (1 if generator.random() < 0.75 else -1)
    seed = int(generator.integers(2**32))
    makers: tuple[Callable[[], list[Stroke]], ...] = (
        lambda: _make_angle(quarter, generator),
        lambda: _make_arc(quarter, generator),
        lambda: _make_slash(lean, generator),
        lambda: _make_cross(generator),
        lambda: list(shape),
        lambda: _make_crossing(np.random.default_rng(seed)),
    )
    return makers[kind]


def _turn(points: Stroke, quarter: int) -> Stroke:
    """Return points around the origin, turned by quarters of a circle."""
    for _ in range(quarter):
        points = points[:, ::-1] * (-1, 1)
    return points


def _make_angle(quarter: int, generator: Generator) -> list[Stroke]:
    """Return an angle that points up, right, down or left; its legs are of like length, so it is no 1 and no 7."""
    half = generator.uniform(0.42, 0.8)
    legs = np.exp(generator.normal(0, 0.06, 2))
    points = np.array([(-legs[0] * math.sin(half), legs[0] * math.cos(half)), (0, 0), (0, 0)])
    points[2] = legs[1] * math.sin(half), legs[1] * math.cos(half)
    return [_turn(points, quarter)]


def _make_arc(quarter: int, generator: Generator) -> list[Stroke]:
    """Return an arc that is open on one side."""
    half = generator.uniform(1.3, 2.1)
    angles = np.linspace(-half, half, 16)
    arc = np.column_stack([np.sin(angles) * generator.uniform(0.85, 1.15), -np.cos(angles)])
    flat = generator.uniform(0.7, 1.1)  # as deep as wide, or less
    return [_turn(arc * (1, flat), quarter)]


def _make_slash(lean: float, generator: Generator) -> list[Stroke]:
    """Return one to three parallel strokes that lean more than a hand leans a 1. lean: in radians, from upright."""
    count = int(generator.choice(3, p=[0.6, 0.3, 0.1])) + 1
    along = np.array([math.sin(lean), -math.cos(lean)])
    ends = np.array([-0.5, 0.5])[:, np.newaxis] * along
    apart = np.array([generator.uniform(0.3, 0.6), 0])
    return [ends * generator.uniform(0.85, 1.1) + number * apart for number in range(count)]


def _make_cross(generator: Generator) -> list[Stroke]:
    """Return two to four strokes through one point."""
    count = int(generator.choice([2, 2, 2, 3, 4]))
    first = generator.choice([0, math.pi / 4]) if count == 2 else generator.uniform(0, 1)
    strokes = []
    for number in range(count):
        turn = first + math.pi * number / count + generator.normal(0, 0.06)
        strokes.append(np.outer([-0.5, 0.5], [math.cos(turn), math.sin(turn)]) + generator.normal(0, 0.04, 2))
    return strokes


def _make_crossing(generator: Generator) -> list[Stroke]:
    """Return a bar and a stem that cross well within their lengths, with one or two more strokes."""
    bend = generator.normal(0, 0.12)
    along = np.linspace(0, 1, 9)
    cross = generator.uniform(0.35, 0.65, 2)
    bar = np.column_stack([along - cross[0], generator.normal(0, 0.1) * (along - 0.5) + 0 * along])
    lean = generator.normal(0, 0.2)
    stem = np.column_stack([lean * (along - cross[1]) + bend * np.sin(math.pi * along), 1.2 * (along - cross[1])])
    strokes = [bar * generator.uniform(0.8, 1.2), stem]
    for _ in range(int(generator.integers(1, 3))):
        at = generator.uniform((-0.5, -0.2), (0.5, 0.7))
        kind = generator.integers(3)
        if kind == 0:  # another bar
            strokes.append(np.column_stack([along - 0.5, 0 * along]) * generator.uniform(0.5, 1) + (0, at[1]))
        elif kind == 1:  # a short stroke
            turn = generator.uniform(0.3, 1.2) * generator.choice([-1, 1])
            strokes.append(at + 0.35 * np.outer([0, 1], [math.sin(turn), math.cos(turn)]))
        else:  # a hook
            angles = np.linspace(0, generator.uniform(1.5, 3), 10) + generator.uniform(0, 6.3)
            strokes.append(at + 0.3 * np.column_stack([np.cos(angles), np.sin(angles)]))
    return strokes
