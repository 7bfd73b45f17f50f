"""Draw lines around writing: combs, rings around words, underlines, and the lines of forms and notebooks."""

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipeline.reader.rows.labels import SHEET
from pipeline.reader_training.synthesis.habits import HABITS
from pipeline.reader_training.synthesis.line_writing import Comb, Line
from pipeline.reader_training.synthesis.number_writing import NOTHING, Piece, Style
from pipeline.reader_training.synthesis.ruling import Ruler, draw_lines
from pipeline.reader_training.synthesis.signs import Generator, Ink

LINE_SHARE, BESIDE_COMBS = 0.5, 0.15  # shares of the lines without and with combs that have other lines around them
RULE_BESIDE, BESIDE_BY = 0.05, (0.1, 0.6)  # share of the lines that end at a rule, and distance, in sizes
RULE_PENS = 0.5, 1.8  # pixels: width of the lines
COMB_FORMS = {"boxes": 0.5, "apart": 0.2, "ticks": 0.3}  # of combs


def draw_surroundings(line: Line, style: Style, middle: float, generator: Generator) -> Ink:
    """Return the ink of the lines around the writing. middle: height of the writing in the middle of the sheet."""
    digits = line.digits
    ink = np.zeros(SHEET, np.float32)
    if generator.random() < (BESIDE_COMBS if line.combs else LINE_SHARE):
        ink = draw_lines(digits, generator)
    slope = float(np.tan(style.hand.angle))
    ruler = Ruler(digits, slope, generator.uniform(*RULE_PENS), generator.uniform(0.25, 1), generator)
    if line.combs:
        _draw_combs(ruler, line.combs, style.size, middle - slope * SHEET[1] / 2)
    if line.rules:
        _draw_cells(ruler, line.rules, style.size, middle - slope * SHEET[1] / 2)
    if digits and generator.random() < RULE_BESIDE:  # that of a column or of the margin
        away = style.size * generator.uniform(*BESIDE_BY)
        ruler.down(digits[-1].right + away if generator.random() < 0.7 else digits[0].left - away)
    if digits and generator.random() < HABITS.rule_through:
        _rule_through(ruler, middle - slope * SHEET[1] / 2, style.size)
    if not (line.combs or line.rules) and digits and generator.random() < HABITS.column_through:
        for _ in range(generator.integers(1, 4)):  # as those of the columns of an account book
            ruler.down(generator.uniform(digits[0].left - style.size, digits[-1].right + style.size))
    for group in _group(line.pieces):
        if generator.random() < HABITS.ringed:
            _ring(ruler, group)
        left, top, right, bottom = _find_box(group)
        if generator.random() < HABITS.boxed:
            x, y = style.size * generator.uniform(0.1, 0.4, 2)
            ruler.box(left - x, top - y, right + x, bottom + y)
        for y, down, share in ((bottom, 1, HABITS.underlined), (top, -1, HABITS.overlined)):
            if generator.random() < share:
                y += down * generator.uniform(-0.05, 0.25) * style.size
                ruler.line([(left - 2, y + generator.normal(0, 1)), (right + 2, y + generator.normal(0, 1))])
    return np.maximum(ink, ruler.ink())


def _rule_through(ruler: Ruler, middle: float, size: float) -> None:
    """Draw rules, one of which is at the feet of the digits or through them. middle: at the left of the sheet."""
    generator = ruler.generator
    at_feet = generator.random() < 0.65
    y = middle + size * (generator.normal(0.5, 0.08) if at_feet else generator.uniform(-0.45, 0.45))
    pitch = size * generator.uniform(1.2, 2.6)
    for row in range(-2, 3) if generator.random() < 0.8 else range(1):
        ruler.across(y + row * pitch)


def _draw_combs(ruler: Ruler, combs: Sequence[Comb], size: float, middle: float) -> None:
    """Draw cells of one height around the digits of each comb. middle: middle of the line at the left of the sheet."""
    generator = ruler.generator
    form = str(generator.choice(list(COMB_FORMS), p=list(COMB_FORMS.values())))
    tall, moved = size * generator.uniform(1.05, 1.9), generator.normal(0, 0.06) * size
    top, bottom = middle + moved - tall / 2, middle + moved + tall / 2
    inset = generator.uniform(0.02, 0.12) if form == "apart" else 0.0
    tick = bottom - tall * generator.uniform(0.2, 0.7)
    for comb in combs:
        edges = comb.left + comb.pitch * np.arange(comb.count + 1)
        if form == "ticks":
            for x in edges.tolist():
                ruler.down(x, tick + ruler.slope * x, bottom + ruler.slope * x)
            ruler.line([(x, bottom + ruler.slope * x) for x in (edges[0], edges[-1])])
        else:
            for left in edges[:-1].tolist():
                ruler.box(left + inset * comb.pitch, top, left + (1 - inset) * comb.pitch, bottom)


def _draw_cells(ruler: Ruler, edges: Sequence[float], size: float, middle: float) -> None:
    """Draw the rules of a row of cells, each of which holds a number: of a grid, of columns, or boxes of their own."""
    generator = ruler.generator
    tall = size * generator.uniform(1.15, 2.4)
    counts = Counter(digit.number for digit in ruler.digits)
    # Boxes; those of single digits would be a comb.
    if max(counts.values(), default=0) > 1 and generator.random() < 0.4:
        inset = generator.uniform(0, 0.12)
        for left, right in itertools.pairwise(edges):
            margin = inset * (right - left)
            ruler.box(left + margin, middle - tall / 2, right - margin, middle + tall / 2)
        return
    for x in edges if generator.random() < 0.7 else edges[1:-1]:
        ruler.down(x)
    if generator.random() < 0.7:
        for row in range(-3, 4):
            ruler.across(middle + (row - 0.5) * tall)


def _group(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces of each number and each other sign."""
    by_number = itertools.groupby(pieces, lambda piece: (piece.number, piece.number == NOTHING and id(piece)))
    return [list(group) for _, group in by_number]


def _ring(ruler: Ruler, group: Sequence[Piece]) -> None:
    """Draw a closed curve around a word or a number, as people single out an answer; its ends need not meet."""
    generator, (left, top, right, bottom) = ruler.generator, _find_box(group)
    wide = (right - left) / 2 * generator.uniform(1.1, 1.4) + 3
    high = (bottom - top) / 2 * generator.uniform(1.1, 1.6) + 2
    start, turn = generator.uniform(0, 2 * np.pi), generator.uniform(1.9, 2.2) * np.pi
    angles = start + np.linspace(0, turn, 40)
    growth = 1 + generator.uniform(-0.12, 0.12) * np.linspace(0, 1, 40)
    x = (left + right) / 2 + wide * growth * np.cos(angles)
    y = (top + bottom) / 2 + high * growth * np.sin(angles)
    ruler.line(zip(x.tolist(), y.tolist(), strict=True))


def _find_box(group: Sequence[Piece]) -> tuple[int, int, int, int]:
    lefts, tops, rights, bottoms = zip(*(piece.box for piece in group), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
