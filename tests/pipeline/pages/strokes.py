"""Digits as people write them: strokes of points in the unit square, y downwards, and what is no digit."""

import math
from collections.abc import Sequence

import numpy as np

Point = tuple[float, float]
Strokes = list[list[Point]]


def line(*corners: Point, steps: int = 12) -> list[Point]:
    """Through all corners, straight."""
    points = [corners[0]]
    for (ax, ay), (bx, by) in zip(corners, corners[1:], strict=False):
        points += [(ax + (bx - ax) * i / steps, ay + (by - ay) * i / steps) for i in range(1, steps + 1)]
    return points


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float, steps: int = 32) -> list[Point]:
    """Of an ellipse around (x, y), from one angle to another, in degrees: 0 is right, 90 is down."""
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


def curve(*points: Point, steps: int = 12) -> list[Point]:
    """Through all points, smoothly (Catmull & Rom 1974)."""
    knots = np.array([points[0], *points, points[-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False)
    ]
    return [(float(x), float(y)) for x, y in (*np.concatenate(pieces), points[-1])]


# Each digit in several hands.
HANDS: dict[int, list[Strokes]] = {
    0: [
        [arc(0.5, 0.5, 0.32, 0.5, -90, -460)],
        [arc(0.5, 0.5, 0.4, 0.5, -60, 300)],
        [curve((0.6, 0.02), (0.28, 0.2), (0.2, 0.6), (0.42, 0.97), (0.74, 0.75), (0.78, 0.3), (0.56, 0.02))],
    ],
    1: [
        [line((0.5, 0), (0.5, 1))],
        [line((0.6, 0), (0.42, 1))],
        [line((0.32, 0.22), (0.55, 0), (0.55, 1))],
    ],
    2: [
        [curve((0.2, 0.25), (0.35, 0.04), (0.65, 0.03), (0.78, 0.27), (0.6, 0.58), (0.2, 0.98)) + line((0.2, 0.98), (0.82, 0.97))],
        [arc(0.5, 0.27, 0.3, 0.27, -170, 40) + line((0.7, 0.47), (0.2, 1), (0.85, 1))],
        [curve((0.15, 0.3), (0.4, 0.02), (0.75, 0.15), (0.65, 0.5), (0.25, 0.9), (0.15, 0.82), (0.3, 0.8), (0.55, 0.95), (0.88, 0.92))],
    ],
    3: [
        [arc(0.45, 0.25, 0.3, 0.25, -150, 90) + arc(0.45, 0.75, 0.35, 0.25, -90, 150)],
        [curve((0.2, 0.12), (0.5, 0), (0.75, 0.2), (0.45, 0.46), (0.78, 0.68), (0.55, 0.98), (0.18, 0.88))],
        [curve((0.22, 0.06), (0.7, 0.06), (0.72, 0.25), (0.42, 0.45), (0.74, 0.55), (0.76, 0.85), (0.45, 1.0), (0.2, 0.9))],
    ],
    4: [
        [line((0.25, 0), (0.15, 0.55), (0.85, 0.55)), line((0.68, 0.1), (0.68, 1))],
        [line((0.6, 0), (0.12, 0.66), (0.9, 0.66)), line((0.62, 0.3), (0.62, 1))],
        [curve((0.2, 0.02), (0.17, 0.4), (0.4, 0.52), (0.72, 0.45)), line((0.76, 0), (0.68, 1))],
    ],
    5: [
        [line((0.28, 0.03), (0.25, 0.42)) + arc(0.45, 0.68, 0.32, 0.3, -120, 140), line((0.28, 0.03), (0.78, 0.03))],
        [line((0.78, 0.02), (0.32, 0.03), (0.26, 0.45)) + curve((0.26, 0.45), (0.55, 0.4), (0.78, 0.64), (0.6, 0.95), (0.2, 0.93))],
        [line((0.3, 0.05), (0.22, 0.5)) + curve((0.22, 0.5), (0.6, 0.45), (0.7, 0.75), (0.45, 1.0), (0.15, 0.9)), line((0.3, 0.05), (0.8, 0.0))],
    ],
    6: [
        [curve((0.68, 0.02), (0.35, 0.3), (0.22, 0.68), (0.42, 0.97), (0.72, 0.85), (0.72, 0.6), (0.48, 0.52), (0.25, 0.7))],
        [curve((0.55, 0), (0.3, 0.4), (0.22, 0.75), (0.4, 1.0), (0.7, 0.9), (0.68, 0.65), (0.45, 0.6), (0.26, 0.8))],
        [line((0.4, 0.0), (0.24, 0.6)) + arc(0.5, 0.72, 0.27, 0.28, 190, -160)],
    ],
    7: [
        [line((0.15, 0.03), (0.85, 0.03), (0.42, 1))],
        [curve((0.15, 0.08), (0.5, 0.06), (0.84, 0.04), (0.7, 0.35), (0.5, 0.65), (0.42, 1.0))],
        [line((0.15, 0.05), (0.82, 0.02), (0.38, 1)), line((0.38, 0.5), (0.76, 0.5))],
    ],
    8: [
        [curve((0.7, 0.12), (0.48, 0.0), (0.27, 0.18), (0.48, 0.45), (0.75, 0.75), (0.5, 1.0), (0.24, 0.78), (0.5, 0.46), (0.74, 0.2), (0.66, 0.08))],
        [arc(0.5, 0.24, 0.24, 0.24, 90, 450), arc(0.5, 0.74, 0.3, 0.26, -90, 270)],
        [curve((0.62, 0.05), (0.32, 0.1), (0.36, 0.36), (0.66, 0.62), (0.6, 0.96), (0.3, 0.9), (0.36, 0.58), (0.7, 0.26), (0.58, 0.02))],
    ],
    9: [
        [arc(0.48, 0.28, 0.27, 0.28, 0, -360) + line((0.75, 0.28), (0.68, 1))],
        [curve((0.72, 0.15), (0.45, 0.0), (0.25, 0.25), (0.42, 0.48), (0.7, 0.32), (0.74, 0.1), (0.7, 0.5), (0.62, 1.0))],
        [arc(0.5, 0.27, 0.25, 0.25, -20, -350) + curve((0.75, 0.3), (0.74, 0.6), (0.6, 0.95), (0.3, 0.95))],
    ],
}  # fmt: skip

DIGITS: dict[int, Strokes] = {digit: hands[0] for digit, hands in HANDS.items()}

DOT: Strokes = [[(0.5, 0.5), (0.505, 0.5)]]

NO_DIGITS: dict[str, Strokes] = {
    "zigzag": [line(*((0.05 + 0.9 * (i % 2), i / 9) for i in range(10)), steps=4)],
    "hatching": [line((i / 6, 0), (i / 6, 1)) for i in range(7)] + [line((0, i / 6), (1, i / 6)) for i in range(7)],
    "tangle": [[(0.5 + 0.5 * math.sin(3.1 * t), 0.5 + 0.5 * math.cos(4.7 * t)) for t in np.linspace(0, 12, 200)]],
    "spiral": [[(0.5 + 0.02 * t * math.cos(t), 0.5 + 0.02 * t * math.sin(t)) for t in np.linspace(0, 25, 300)]],
    "star": [line(*((0.5 + 0.5 * math.sin(2.513 * i), 0.5 - 0.5 * math.cos(2.513 * i)) for i in range(6)))],
    "filled": [line(*((0.02 + 0.96 * (i % 2), i / 29) for i in range(30)), steps=4)],
}


def place(strokes: Strokes, left: float, top: float, size: float) -> Strokes:
    """The same strokes in a square of that corner and size."""
    return [[(left + size * x, top + size * y) for x, y in stroke] for stroke in strokes]


def wobble(strokes: Strokes, generator: np.random.Generator) -> Strokes:
    """The same strokes by a hand that is not quite steady: slanted, stretched, turned a little, and uneven."""
    slant, turn = generator.normal(0, 0.12), generator.normal(0, 0.08)
    wide, tall = generator.uniform(0.75, 1.15), generator.uniform(0.9, 1.05)
    waves = generator.normal(0, 0.012, (2, 3))
    phases = generator.uniform(0, 2 * np.pi, (2, 3))

    def moved(point: Point) -> Point:
        x, y = point[0] - 0.5, point[1] - 0.5
        for number in range(3):
            x += waves[0, number] * math.sin((number + 1) * 4 * point[1] + phases[0, number])
            y += waves[1, number] * math.sin((number + 1) * 4 * point[0] + phases[1, number])
        x, y = wide * (x - slant * y), tall * y
        return (x * math.cos(turn) - y * math.sin(turn) + 0.5, x * math.sin(turn) + y * math.cos(turn) + 0.5)

    return fit([[moved(point) for point in stroke] for stroke in strokes])


def fit(strokes: Strokes) -> Strokes:
    """The same strokes, moved and made smaller, if needed, to lie within the unit square."""
    points = np.array([point for stroke in strokes for point in stroke])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(1.0, 1 / float((high - low).max()))
    return [
        [tuple(((np.array(point) - (low + high) / 2) * scale + 0.5).tolist()) for point in stroke] for stroke in strokes
    ]


def largest_side(strokes: Sequence[Sequence[Point]]) -> float:
    """Of the box around all points."""
    points = np.array([point for stroke in strokes for point in stroke])
    return float((points.max(axis=0) - points.min(axis=0)).max())
