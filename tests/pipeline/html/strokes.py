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


DIGITS: dict[int, Strokes] = {
    0: [arc(0.5, 0.5, 0.32, 0.5, -90, -460)],
    1: [line("50 0, 50 100")],
    2: [curve("20 25, 35 4, 65 3, 78 27, 60 58, 20 98") + line("20 98, 82 97")],
    3: [arc(0.45, 0.25, 0.3, 0.25, -150, 90) + arc(0.45, 0.75, 0.35, 0.25, -90, 150)],
    4: [line("25 0, 15 55, 85 55"), line("68 10, 68 100")],
    5: [line("28 3, 25 42") + arc(0.45, 0.68, 0.32, 0.3, -120, 140), line("28 3, 78 3")],
    6: [curve("68 2, 35 30, 22 68, 42 97, 72 85, 72 60, 48 52, 25 70")],
    7: [line("15 3, 85 3, 42 100")],
    8: [curve("70 12, 48 0, 27 18, 48 45, 75 75, 50 100, 24 78, 50 46, 74 20, 66 8")],
    9: [arc(0.48, 0.28, 0.27, 0.28, 0, -360) + line("75 28, 68 100")],
}

DOT: Strokes = [[(0.5, 0.5), (0.505, 0.5)]]


def place(strokes: Strokes, left: float, top: float, size: float) -> Strokes:
    """Scale strokes to `size` and move them to the corner (left, top)."""
    return [[(left + size * x, top + size * y) for x, y in stroke] for stroke in strokes]


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
