"""Drawn examples, in addition to the images of a data set: digits in other styles, and negative examples.

The digits are in the styles of several countries, drawn from strokes, for networks that should also read them. Negative
examples are images that are not digits, from which a network learns to reject letters and pieces of digits: a network
trained only on digits predicts one for every image. Splitting a row of touching digits also requires distinguishing one
digit from a part of one and from more than one.
(LeCun, Bottou, Bengio & Haffner 1998, section V)
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.data.ink import INK_SAMPLES, centre_by_mass, measure_digit_box, to_ink
from pipeline.data.synthetic.shapes import SIGNS, STYLED_DIGITS, Stroke, load_digits, load_glyphs, parse_shape
from pipeline.data.synthetic.strokes import Generator, draw_by_hand, draw_polylines, shrink
from pipeline.engine.float_arrays import Array

FONT_SHARE = 0.25  # share of the digits that are from the Hershey fonts
NEGATIVE_SHARES = {"glyph": 0.4, "sign": 0.1, "doodle": 0.15, "piece": 0.35}
OVERLAP, PIECE_GAP = 3, 1  # pixels: of two digits in a row
PIECE_SHARES = 0.35, 0.7  # of a digit's width that a piece shows
MIN_SIGN_WIDTH = 10  # pixels: minimum width of a digit that is cut
MIN_PIECE = 7  # pixels: minimum width of a part of one digit; narrower ones look like a 1
CURVE = 12  # points of a scribble between two of its corners
SOFT_EDGE = 0.25  # ink of the soft edge of a stroke, relative to the brightest pixel


def choose_strokes(generator: Generator) -> tuple[str, list[Stroke]]:
    """Return the name and the strokes of a random digit, from the fonts or from the styles."""
    if generator.random() < FONT_SHARE:
        fonts, digit = load_digits(), int(generator.integers(10))
        return str(digit), fonts[generator.integers(len(fonts))][digit]
    name, shape = STYLED_DIGITS[generator.integers(len(STYLED_DIGITS))]
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


def make_negatives(images: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Return `count` negative examples, uint8 (count, h, w); always the same for the same images.

    images: raw, (n, h, w); pieces of them are used. The ink of the negatives is as large as that of the images (the
    median of its longer side).
    """
    generator = np.random.default_rng(0)
    peaks = images.max(axis=(1, 2)) / 255
    faint = SOFT_EDGE * peaks.max()
    inked = np.flatnonzero(peaks > faint)
    box = measure_digit_box(images[inked[:INK_SAMPLES]])
    glyphs = load_glyphs()

    def choose_digit() -> Array:
        digit = to_ink(images[generator.choice(inked)])
        return digit[:, digit.max(axis=0) > faint]

    makers: dict[str, Callable[[], Array]] = {
        "glyph": lambda: draw_by_hand(glyphs[generator.integers(len(glyphs))], box, generator),
        "sign": lambda: draw_by_hand(parse_shape(SIGNS[generator.integers(len(SIGNS))]), box, generator),
        "doodle": lambda: draw_polylines(make_doodle(generator), box, generator),
        "piece": lambda: cut_piece(choose_digit(), choose_digit(), generator),
    }
    kinds = generator.choice(list(NEGATIVE_SHARES), count, p=list(NEGATIVE_SHARES.values()))
    negatives = [centre_by_mass(shrink(makers[kind](), box), images.shape[1:]) for kind in kinds]
    return np.array(negatives, np.uint8).reshape(-1, *images.shape[1:])


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


def cut_piece(first: Array, second: Array, generator: Generator) -> Array:
    """Return the ink, in [0, 1], of a part of a digit, of two joined digits, or of a digit and a part."""
    kind = generator.integers(5)
    if kind == 0 and first.shape[1] >= MIN_SIGN_WIDTH:
        return cut_part(first, generator)
    if kind in (1, 3):
        first = first[:, _cut(first, generator) :]
    if kind in (2, 3):
        second = second[:, : second.shape[1] - _cut(second, generator)]
    return join_digits(first, second, generator)


def cut_part(digit: Array, generator: Generator) -> Array:
    """Return the left or the right part of a digit whose width is at least MIN_SIGN_WIDTH."""
    width = max(round(generator.uniform(*PIECE_SHARES) * digit.shape[1]), MIN_PIECE)
    return digit[:, :width] if generator.random() < 0.5 else digit[:, -width:]


def _cut(digit: Array, generator: Generator) -> int:
    """Draw the number of columns to cut off; none of a narrow digit."""
    width = digit.shape[1]
    return width - round(generator.uniform(*PIECE_SHARES) * width) if width >= MIN_SIGN_WIDTH else 0


def join_digits(first: Array, second: Array, generator: Generator) -> Array:
    """Return two digits side by side, touching or overlapping, at slightly different heights."""
    second = np.roll(second, generator.integers(-2, 3), axis=0)
    offset = max(first.shape[1] + generator.integers(-OVERLAP, PIECE_GAP + 1), 0)
    row = np.zeros((len(first), max(offset + second.shape[1], first.shape[1])), np.float32)
    row[:, : first.shape[1]] = first
    part = row[:, offset : offset + second.shape[1]]
    np.maximum(part, second, out=part)
    return row
