"""Strokes of digits and of other drawings: points in the unit square, y downwards."""

import itertools
import math

import numpy as np

Point = tuple[float, float]
Strokes = list[list[Point]]


def parse(text: str) -> list[Point]:
    """Parse points in percent of the unit square, as "20 0, 80 100"."""
    return [(float(x) / 100, float(y) / 100) for x, y in map(str.split, text.split(","))]


def line(text: str, steps: int = 5) -> list[Point]:
    """Return a polyline through the points."""
    corners = parse(text)
    points = corners[:1]
    for (ax, ay), (bx, by) in itertools.pairwise(corners):
        points += [(ax + (bx - ax) * i / steps, ay + (by - ay) * i / steps) for i in range(1, steps + 1)]
    return points


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float, steps: int = 20) -> list[Point]:
    """Return an arc of an ellipse around (x, y); angles in degrees, 0 is right, 90 is down."""
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


def curve(text: str, steps: int = 5) -> list[Point]:
    """Return a Catmull-Rom spline through the points.  (Catmull & Rom 1974)"""
    points = parse(text)
    knots = np.array([points[0], *points, points[-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    segments = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False)
    ]
    return [(float(x), float(y)) for x, y in (*np.concatenate(segments), points[-1])]


# Several styles of each digit.
STYLES: dict[int, list[Strokes]] = {
    0: [
        [arc(0.5, 0.5, 0.32, 0.5, -90, -460)],
        [arc(0.5, 0.5, 0.4, 0.5, -60, 300)],
        [curve("60 2, 28 20, 20 60, 42 97, 74 75, 78 30, 56 2")],
    ],
    1: [
        [line("50 0, 50 100")],
        [line("60 0, 42 100")],
        [line("32 22, 55 0, 55 100")],
    ],
    2: [
        [curve("20 25, 35 4, 65 3, 78 27, 60 58, 20 98") + line("20 98, 82 97")],
        [arc(0.5, 0.27, 0.3, 0.27, -170, 40) + line("70 47, 20 100, 85 100")],
        [curve("15 30, 40 2, 75 15, 65 50, 25 90, 15 82, 30 80, 55 95, 88 92")],
    ],
    3: [
        [arc(0.45, 0.25, 0.3, 0.25, -150, 90) + arc(0.45, 0.75, 0.35, 0.25, -90, 150)],
        [curve("20 12, 50 0, 75 20, 45 46, 78 68, 55 98, 18 88")],
        [curve("22 6, 70 6, 72 25, 42 45, 74 55, 76 85, 45 100, 20 90")],
    ],
    4: [
        [line("25 0, 15 55, 85 55"), line("68 10, 68 100")],
        [line("60 0, 12 66, 90 66"), line("62 30, 62 100")],
        [curve("20 2, 17 40, 40 52, 72 45"), line("76 0, 68 100")],
    ],
    5: [
        [line("28 3, 25 42") + arc(0.45, 0.68, 0.32, 0.3, -120, 140), line("28 3, 78 3")],
        [line("78 2, 32 3, 26 45") + curve("26 45, 55 40, 78 64, 60 95, 20 93")],
        [line("30 5, 22 50") + curve("22 50, 60 45, 70 75, 45 100, 15 90"), line("30 5, 80 0")],
    ],
    6: [
        [curve("68 2, 35 30, 22 68, 42 97, 72 85, 72 60, 48 52, 25 70")],
        [curve("55 0, 30 40, 22 75, 40 100, 70 90, 68 65, 45 60, 26 80")],
        [line("40 0, 24 60") + arc(0.5, 0.72, 0.27, 0.28, 190, -160)],
    ],
    7: [
        [line("15 3, 85 3, 42 100")],
        [curve("15 8, 50 6, 84 4, 70 35, 50 65, 42 100")],
        [line("15 5, 82 2, 38 100"), line("38 50, 76 50")],
    ],
    8: [
        [curve("70 12, 48 0, 27 18, 48 45, 75 75, 50 100, 24 78, 50 46, 74 20, 66 8")],
        [arc(0.5, 0.24, 0.24, 0.24, 90, 450), arc(0.5, 0.74, 0.3, 0.26, -90, 270)],
        [curve("62 5, 32 10, 36 36, 66 62, 60 96, 30 90, 36 58, 70 26, 58 2")],
    ],
    9: [
        [arc(0.48, 0.28, 0.27, 0.28, 0, -360) + line("75 28, 68 100")],
        [curve("72 15, 45 0, 25 25, 42 48, 70 32, 74 10, 70 50, 62 100")],
        [arc(0.5, 0.27, 0.25, 0.25, -20, -350) + curve("75 30, 74 60, 60 95, 30 95")],
    ],
}

DIGITS: dict[int, Strokes] = {digit: styles[0] for digit, styles in STYLES.items()}

DOT: Strokes = [[(0.5, 0.5), (0.505, 0.5)]]

NON_DIGITS: dict[str, Strokes] = {
    "zigzag": [line(", ".join(f"{5 + 90 * (i % 2)} {11 * i}" for i in range(10)))],
    "hatching": [line(f"{16 * i} 0, {16 * i} 100") for i in range(7)]
    + [line(f"0 {16 * i}, 100 {16 * i}") for i in range(7)],
    "tangle": [[(0.5 + 0.5 * math.sin(3.1 * t), 0.5 + 0.5 * math.cos(4.7 * t)) for t in np.linspace(0, 12, 150)]],
    "spiral": [[(0.5 + 0.02 * t * math.cos(t), 0.5 + 0.02 * t * math.sin(t)) for t in np.linspace(0, 25, 200)]],
    "star": [line("50 0, 79 90, 2 35, 98 35, 21 90, 50 0")],
    "filled": [line(", ".join(f"{2 + 96 * (i % 2)} {3.4 * i}" for i in range(30)), steps=3)],
    "square": [line("5 5, 95 5, 95 95, 5 95, 5 5")],
    "triangle": [line("50 5, 95 90, 5 90, 50 5")],
    "cross": [line("50 0, 50 100"), line("0 50, 100 50")],
}

# Letters that do not look like digits.
LETTERS: dict[str, Strokes] = {
    "A": [line("10 100, 50 0, 90 100"), line("28 60, 72 60")],
    "E": [line("80 0, 20 0, 20 100, 80 100"), line("20 50, 70 50")],
    "F": [line("80 0, 20 0, 20 100"), line("20 48, 70 48")],
    "H": [line("15 0, 15 100"), line("85 0, 85 100"), line("15 50, 85 50")],
    "K": [line("20 0, 20 100"), line("80 0, 20 55, 85 100")],
    "M": [line("5 100, 15 0, 50 70, 85 0, 95 100")],
    "N": [line("15 100, 15 0, 85 100, 85 0")],
    "R": [line("20 100, 20 0") + curve("20 0, 75 8, 75 42, 20 50") + line("20 50, 80 100")],
    "T": [line("5 0, 95 0"), line("50 0, 50 100")],
    "W": [line("0 0, 25 100, 50 30, 75 100, 100 0")],
    "X": [line("10 0, 90 100"), line("90 0, 10 100")],
    "m": [curve("5 100, 6 40, 8 30, 28 25, 42 45, 44 95"), curve("44 95, 48 40, 70 25, 86 45, 90 100")],
}


def place(strokes: Strokes, left: float, top: float, size: float) -> Strokes:
    """Scale strokes to `size` and move them to the corner (left, top)."""
    return [[(left + size * x, top + size * y) for x, y in stroke] for stroke in strokes]


def write_number(digits: str, generator: np.random.Generator) -> Strokes:
    """Return a row of distorted digits, as wide as a canvas of 4 : 3 around the unit square."""
    row: Strokes = []
    right = 0.0
    for digit in digits:
        styles = STYLES[int(digit)]
        strokes = wobble(styles[generator.integers(len(styles))], generator)
        height, low = generator.uniform(0.85, 1.15), generator.uniform(-0.08, 0.08)
        left = min(x for stroke in strokes for x, _ in stroke)
        row += place(strokes, right - height * left, low - height / 2, height)
        right = max(x for stroke in row for x, _ in stroke) + generator.uniform(0.15, 0.4)
    return place(row, -0.1, 0.5, min(0.65, 1.2 / right))


def wobble(strokes: Strokes, generator: np.random.Generator) -> Strokes:
    """Distort strokes at random: slant, stretch, rotation and waves."""
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
    """Move strokes into the unit square, scaled down if needed."""
    points = np.array([point for stroke in strokes for point in stroke])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(1.0, 1 / float((high - low).max()))
    return [
        [tuple(((np.array(point) - (low + high) / 2) * scale + 0.5).tolist()) for point in stroke] for stroke in strokes
    ]
