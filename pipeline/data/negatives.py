"""Negative examples: images that are no digit, from which a network learns to reject letters and pieces of digits.

A network trained only on digits predicts one for every image. Splitting a row of touching digits also requires
distinguishing one digit from a part of one and from more than one.
(LeCun, Bottou, Bengio & Haffner 1998, section V)
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipeline.data.glyphs import Stroke, load_glyphs
from pipeline.data.ink import centre_by_mass, measure_sides, to_ink

Array = NDArray[np.floating[Any]]
Generator = np.random.Generator

SHARES = {"glyph": 0.45, "doodle": 0.15, "piece": 0.4}
SUBPIXELS = 4  # drawn pixels per pixel of the image
PEN = 0.08, 0.22  # width of a stroke relative to the box
SLANT, STRETCH, WAVE = 0.3, 0.3, 0.06  # maximum distortions of a glyph, relative to its size
OVERLAP, GAP = 3, 1  # pixels: of two digits in a row
PART = 0.35, 0.7  # of a digit's width that a piece shows
MIN_WIDTH = 10  # pixels: minimum width of a digit that is cut
MIN_PIECE = 7  # pixels: minimum width of a part of one digit; narrower ones look like a 1
CURVE = 12  # points of a scribble between two of its corners
FAINT = 0.25  # ink of the soft edge of a stroke, relative to the brightest pixel
SAMPLES = 2_000  # images that determine the size of the box


def make_negatives(images: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Return `count` negative examples, uint8 (count, h, w); always the same for the same images.

    images: raw, (n, h, w); pieces of them are used. The ink of the negatives is as large as that of the images (the
    median of its longer side).
    """
    generator = np.random.default_rng(0)
    peaks = images.max(axis=(1, 2)) / 255
    faint = FAINT * peaks.max()
    inked = np.flatnonzero(peaks > faint)
    box = max(int(np.median(np.maximum(*measure_sides(to_ink(images[inked[:SAMPLES]]))))), 1)
    glyphs = load_glyphs()

    def choose_digit() -> Array:
        digit = to_ink(images[generator.choice(inked)])
        return digit[:, digit.max(axis=0) > faint]

    makers: dict[str, Callable[[], Array]] = {
        "glyph": lambda: draw(distort(glyphs[generator.integers(len(glyphs))], generator), box, generator),
        "doodle": lambda: draw(make_doodle(generator), box, generator),
        "piece": lambda: cut_piece(choose_digit(), choose_digit(), generator),
    }
    kinds = generator.choice(list(SHARES), count, p=list(SHARES.values()))
    negatives = [centre_by_mass(shrink(makers[kind](), box), images.shape[1:]) for kind in kinds]
    return np.array(negatives, np.uint8).reshape(-1, *images.shape[1:])


def distort(strokes: list[Stroke], generator: Generator) -> list[Stroke]:
    """Apply a random slant, stretch and wave to the strokes of a glyph."""
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), np.ptp(points, axis=0).max() or 1
    slant = generator.uniform(-SLANT, SLANT, 2) * (1, 0.3)
    stretch = 1 + generator.uniform(-STRETCH, STRETCH, 2)
    wave, phases = generator.uniform(0, WAVE, 2), generator.uniform(0, 2 * np.pi, 2)

    def move(stroke: Stroke) -> Stroke:
        unit = (stroke - low) / size * stretch
        return np.asarray(unit + slant * unit[:, ::-1] + wave * np.sin(5 * unit[:, ::-1] + phases))

    return [move(stroke) for stroke in strokes]


def make_doodle(generator: Generator) -> list[Stroke]:
    """Return a random scribble, polygon, star or bundle of lines."""
    kind = generator.integers(5)
    if kind <= 1:  # a smooth curve through many points, closed or open
        through = generator.uniform(size=(generator.integers(7, 16), 2))
        steps = np.linspace(0, len(through), CURVE * len(through))
        curve = np.stack([_smooth(steps, axis) for axis in through.T], axis=1)
        return [curve[kind * CURVE :]]
    if kind == 2:  # a polygon or, with every other corner further inward, a star
        corners = int(generator.integers(3, 6))
        inner = generator.choice([np.cos(np.pi / corners), 0.4])  # of a polygon, of a star
        angles = np.arange(2 * corners + 1) * np.pi / corners + generator.uniform(0, np.pi)
        radii = np.where(np.arange(2 * corners + 1) % 2, inner, 1)
        return [np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)]
    angle = generator.uniform(0, np.pi)
    offsets = np.linspace(-1, 1, generator.integers(3, 6))[:, np.newaxis]
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    lines = [np.stack([offset * across - along, offset * across + along]) for offset in offsets]
    return lines if kind == 3 else [*lines, *(line[:, ::-1] * (1, -1) for line in lines)]


def _smooth(steps: Stroke, corners: Stroke) -> Stroke:
    """Interpolate a closed curve by cosines between its corners."""
    i = np.floor(steps).astype(int)
    weight = (1 - np.cos(np.pi * (steps - i))) / 2
    return np.asarray((1 - weight) * corners[i % len(corners)] + weight * corners[(i + 1) % len(corners)])


def draw(strokes: list[Stroke], box: int, generator: Generator, pens: tuple[float, float] = PEN) -> Array:
    """Draw strokes with a random pen, their longer side the box: ink in [0, 1], SUBPIXELS times as fine."""
    size = SUBPIXELS * box
    pen = max(1, round(generator.uniform(*pens) * size))
    points = np.concatenate(strokes)
    low, scale = points.min(axis=0), (size - pen) / max(np.ptp(points, axis=0).max(), 1e-6)
    page = Image.new("L", (size, size))
    canvas = ImageDraw.Draw(page)
    for stroke in strokes:
        places = [(x, y) for x, y in ((stroke - low) * scale + pen / 2).tolist()]
        canvas.line(places, fill=255, width=pen, joint="curve")
        for x, y in (places[0], places[-1]):  # round ends
            canvas.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return np.asarray(page, np.float32) / 255


def cut_piece(first: Array, second: Array, generator: Generator) -> Array:
    """Return a part of a digit, two joined digits, or one and a part: ink in [0, 1]."""
    kind = generator.integers(5)
    if kind == 0 and first.shape[1] >= MIN_WIDTH:
        width = max(round(generator.uniform(*PART) * first.shape[1]), MIN_PIECE)
        return first[:, :width] if generator.random() < 0.5 else first[:, -width:]
    if kind in (1, 3):
        first = first[:, _cut(first, generator) :]
    if kind in (2, 3):
        second = second[:, : second.shape[1] - _cut(second, generator)]
    return join(first, second, generator)


def _cut(digit: Array, generator: Generator) -> int:
    """Draw the number of columns to cut off; none of a narrow digit."""
    width = digit.shape[1]
    return width - round(generator.uniform(*PART) * width) if width >= MIN_WIDTH else 0


def join(first: Array, second: Array, generator: Generator) -> Array:
    """Return two digits side by side, touching or overlapping, at slightly different heights."""
    second = np.roll(second, generator.integers(-2, 3), axis=0)
    offset = max(first.shape[1] + generator.integers(-OVERLAP, GAP + 1), 0)
    row = np.zeros((len(first), max(offset + second.shape[1], first.shape[1])), np.float32)
    row[:, : first.shape[1]] = first
    part = row[:, offset : offset + second.shape[1]]
    np.maximum(part, second, out=part)
    return row


def shrink(ink: Array, box: int) -> Array:
    """Crop to the ink and resize its longer side to the box."""
    rows, columns = (np.flatnonzero((ink >= 0.5 * ink.max()).any(axis=axis)) for axis in (1, 0))
    cropped = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = box / max(cropped.shape)
    height, width = (max(1, round(side * scale)) for side in cropped.shape)
    picture = Image.fromarray(np.ascontiguousarray(cropped, np.float32))
    return np.asarray(np.clip(np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC)), 0, 1))
