"""Rows of numbers that each stand for themselves: in cells of a table, a grid or a column, or wide apart."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from pipeline.data.synthetic.strokes import distort
from pipeline.reader_training.synthesis.confusable import choose_sign_maker
from pipeline.reader_training.synthesis.habits import HABITS
from pipeline.reader_training.synthesis.hands import Drawing, Hands
from pipeline.reader_training.synthesis.line_writing import Line
from pipeline.reader_training.synthesis.notes import SIGN
from pipeline.reader_training.synthesis.number_writing import Piece, Style, draw_number
from pipeline.reader_training.synthesis.signs import Generator

# Chosen by eye, and by reading pictures that were generated from validation images.
# Numbers in cells of their own.
CELL_PITCHES = 1.65, 3.4  # in sizes; narrower boxes are those of one number
COLUMN = 0.3, 1.3  # gap around a number in a column, which is as wide as its number, in sizes
EMPTY_SHARE = 0.15  # of the cells
COLUMN_SHARE = 0.3  # of the rows of cells
RULED = 0.75  # share of the others that have rules
# Rows whose digits stand wide apart.
WIDE_PITCHES = 0.95, 2.2  # distance of the middles of single digits, in sizes
WIDE_UNEVEN = 0.02, 0.2  # its standard deviation, relative to it
LEAST_GAP = 0.06  # between two digits, in sizes
GROUP_GAPS = 0.65, 1.6  # between numbers of two digits, in sizes
ALL_TOGETHER = 1.2  # distance up to which all digits are one number
ALL_APART = 1.9  # distance from which each digit is one


def write_cells(texts: Sequence[str], style: Style, hands: Hands, room: float, generator: Generator) -> Line:
    """Write numbers and signs into cells of a table, a grid or a wide, even row: each is a number of its own."""
    line, in_columns = Line([]), generator.random() < COLUMN_SHARE
    draw_sign = _choose_sign(hands, generator) if SIGN in texts else None
    style = replace(style, pitch=0, spacing="apart" if style.spacing == "far" else style.spacing)
    pitch = style.size * math.exp(generator.uniform(*np.log(CELL_PITCHES)))
    edge, edges, first = 0.0, [0.0], None
    for index, text in enumerate(texts):
        if draw_sign and text == SIGN:
            written = [_write_sign(draw_sign(), style, hands, generator)]
        else:
            written = draw_number(text, style, hands, index, generator)
        start, stop = min(piece.left for piece in written), max(piece.right for piece in written)
        around = style.size * generator.uniform(*COLUMN)
        width = stop - start + 2 * around if in_columns else max(pitch, stop - start + 0.5 * style.size)
        room_left = width - (stop - start)
        moved = generator.uniform(0.15, 0.85) * room_left if in_columns else room_left / 2
        left = round(edge + max(moved + generator.normal(0, 0.06) * style.size, 0.15 * style.size)) - start
        kept = [replace(piece, left=piece.left + left) for piece in written]
        origin = kept[0].left if first is None else first
        if max(piece.right for piece in kept) > origin + room:
            continue
        first = origin
        if generator.random() >= EMPTY_SHARE or index == 0:
            line.pieces.extend(kept)
        edge += width
        edges.append(edge)
    return replace(line, rules=edges if in_columns or generator.random() < RULED else [])


def write_wide_row(texts: Sequence[str], style: Style, hands: Hands, room: float, generator: Generator) -> Line:
    """Write a row whose digits stand wide apart: numbers of one or two digits, or, the more likely the narrower the row
    is, one number of all its digits. Their distances are uneven.
    """
    line, pitch, uneven = Line([]), generator.uniform(*WIDE_PITCHES), generator.uniform(*WIDE_UNEVEN)
    is_single = max(map(len, texts)) == 1
    together = is_single and generator.random() < (ALL_APART - pitch) / (ALL_APART - ALL_TOGETHER)
    row = draw_number("".join(texts), replace(style, pitch=0, spacing="close"), hands, 0, generator)
    middle, right = 0.0, -math.inf
    for index, text in enumerate(texts):
        group, row = row[: len(text)], row[len(text) :]
        half = (group[-1].right - group[0].left) / 2
        if not is_single and index:
            middle = right + half + style.size * generator.uniform(*GROUP_GAPS)
        left = round(max(middle - half, right + LEAST_GAP * style.size)) - group[0].left
        written = [replace(each, left=each.left + left, number=0 if together else index) for each in group]
        if line.pieces and written[-1].right > line.pieces[0].left + room:
            break
        line.pieces.extend(written)
        right = written[-1].right
        middle += style.size * pitch * (1 + generator.normal(0, uneven))
    return line


def _choose_sign(hands: Hands, generator: Generator) -> Callable[[], Drawing]:
    """Return a function that draws signs, all of one kind or each of another one."""
    if not hands.source.has_digits:  # a sign that resembles a digit might be one of the classes
        return lambda: hands.source.draw_sign(generator)
    make = choose_sign_maker(generator) if generator.random() < HABITS.same_sign else None
    return lambda: distort((make or choose_sign_maker(generator))(), generator)


def _write_sign(drawing: Drawing, style: Style, hands: Hands, generator: Generator) -> Piece:
    """Return a sign about as large as a digit."""
    own = hands.write(drawing, style.size * math.exp(generator.normal(-0.1, 0.2)), style.size, style.hand)
    return Piece(own, round(-len(own) / 2 + generator.normal(0, 0.08) * style.size), 0, hands.other)
