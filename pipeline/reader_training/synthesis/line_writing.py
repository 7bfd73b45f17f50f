"""Lines of writing: numbers and other writing side by side, with gaps that tell them apart."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image, ImageDraw

from pipeline.data.ink import to_ink
from pipeline.reader.rows.labels import SHEET
from pipeline.reader_training.synthesis.habits import HABITS
from pipeline.reader_training.synthesis.hands import Hands
from pipeline.reader_training.synthesis.line_text import Token
from pipeline.reader_training.synthesis.notes import LOWERED, RAISED, SIGN, STRUCK
from pipeline.reader_training.synthesis.number_writing import NOTHING, Piece, Style, draw_number, find_widest_gap
from pipeline.reader_training.synthesis.paper import paste
from pipeline.reader_training.synthesis.signs import FINER, Generator

# Chosen by eye, and by reading pictures that were generated from validation images.
# The gap between two numbers with nothing but paper between them.
BETWEEN = 0.75  # in sizes
SINGLE = 0.8  # the same, of two single digits, which might be one number written far apart
RATIO = 1.9  # relative to the gaps within the numbers
MOST_BETWEEN = 1.3  # of the least of these gaps, before a random part in sizes
EVEN = 0.6  # share of the lines whose gaps between numbers are even
EVEN_GAPS = 0.06  # their standard deviation, in sizes
AFTER_COMMA = 0.03, 0.3  # gap after the comma of a list, in sizes
AFTER_COMMA_SPACE = 0.3, 1.0  # the same, if a space follows the comma
DASHES = ("-", "–", "/")  # which, unlike separators, stand clear of the numbers beside them
EMPTY_CELLS = 4  # exclusive, before the first and after the last number in a comb
RAISED_SIZE = 0.5, 0.75  # of an exponent, relative to its line
RAISED_BY = 0.3, 0.6  # height of its middle above that of the line, in sizes
LARGE_LETTERS = 1.1, 1.7  # by what factor letters are larger than usual, beside small numbers in running writing
STRIKES = 4  # lines through a number that was struck out, exclusive
OFF_CENTRE = 2.2  # pixels: standard deviation of the height of a line, or of what is taken for one, in its image


@dataclass(frozen=True)
class Comb:
    """The cells of a number. left: where the first begins, in pixels from the start of the line. pitch: their width."""

    left: float
    count: int
    pitch: float


@dataclass(frozen=True, eq=False)
class Line:
    """Pieces of ink in the order of writing, the combs of the numbers, and where rules part them, in pixels."""

    pieces: list[Piece]
    combs: list[Comb] = field(default_factory=list)
    rules: list[float] = field(default_factory=list)

    @property
    def digits(self) -> list[Piece]:
        """The pieces of the line that are digits."""
        return _find_digits(self.pieces)


def write_line(tokens: Sequence[Token], style: Style, hands: Hands, room: float, generator: Generator) -> Line:
    """Write numbers and other writing from left to right, up to where the digits would need more than `room` pixels."""
    line, number = Line([]), list[Piece]()  # number: the one before, if only paper is between
    letter_size = style.size * math.exp(generator.normal(0, 0.15))
    if generator.random() < HABITS.large_letters:
        letter_size *= generator.uniform(*LARGE_LETTERS)
    wider = _choose_wider(style, generator)
    for index, (before, token, after) in enumerate(zip([None, *tokens], tokens, [*tokens[1:], None], strict=False)):
        right = max((piece.right for piece in line.pieces), default=0)
        gap = _choose_gap(before, token, after, generator) * style.size
        if token.is_number:
            if token.is_shifted and not style.pitch:
                shifted = _shift_number(token.text, right, style, hands, index, generator)
                if len(_keep(shifted, line, room)) < len(shifted):
                    break
                line.pieces.extend(shifted)
                number = []
                continue
            written = draw_number(token.text.lstrip(RAISED + LOWERED), style, hands, index, generator)
            start = right + gap
            if number:
                start = _find_digits(number)[-1].right + _choose_space(number, written, style, wider)
                if number[-1].separator:  # as in a list
                    space = generator.uniform(*(AFTER_COMMA if token.joined else AFTER_COMMA_SPACE))
                    start = number[-1].right + style.size * space - _find_digits(written)[0].left
            elif not style.pitch:
                start -= min(piece.left for piece in written)
            if style.pitch and line.combs:
                last = line.combs[-1]
                start = max(start, last.left + (last.count + generator.uniform(0.3, 1)) * last.pitch)
            written = [replace(piece, left=piece.left + round(start)) for piece in written]
            kept = _keep(written, line, room)
            if len(kept) < len(written) and (number or not kept):
                break
            number = kept
            if style.pitch:
                line.combs.append(Comb(start, len(_find_digits(kept)), style.pitch))
            line.pieces.extend(kept)
        elif token.is_struck:
            line.pieces.append(_strike(token.text.lstrip(STRUCK), round(right + gap), style, hands, generator))
            number = []
        else:
            line.pieces.append(_write_word(token.text, round(right + gap), letter_size, style, hands, generator))
            number = []
    return _add_empty_cells(line, generator)


def _keep(number: Sequence[Piece], line: Line, room: float) -> list[Piece]:
    """Return the first pieces of a number, up to `room` pixels from the first piece of a number in the line; the last
    piece returned is a digit.
    """
    first = next((piece for piece in line.pieces if piece.number != NOTHING), number[0])
    kept = list(itertools.takewhile(lambda piece: piece.right <= first.left + room, number))
    while kept and kept[-1].symbol != NOTHING and kept[-1].separator:
        del kept[-1]
    return kept


def _choose_gap(before: Token | None, token: Token, after: Token | None, generator: Generator) -> float:
    """Return the gap before a token, in sizes, unless it is between two numbers."""
    if before is None:
        return 0
    if token.joined:
        return float(generator.uniform(0.02, 0.25))
    if before.text in DASHES or (token.text in DASHES and after and not after.joined):
        return float(generator.uniform(BETWEEN, 1.3))
    return float(generator.uniform(0.3, 0.9) + generator.exponential(0.25))


def _choose_wider(style: Style, generator: Generator) -> Callable[[], tuple[float, float]]:
    """Return a function that draws by what factor, and by how many pixels more, a gap between numbers is wider than the
    least one: of an even line always by about the same, as in a row of single digits.
    """
    is_even, factor, more = generator.random() < EVEN, generator.uniform(1, MOST_BETWEEN), generator.exponential(0.5)

    def draw() -> tuple[float, float]:
        if is_even:
            return factor, style.size * max(0, more + generator.normal(0, EVEN_GAPS))
        return generator.uniform(1, MOST_BETWEEN), style.size * generator.exponential(0.5)

    return draw


def _choose_space(
    number: Sequence[Piece], following: Sequence[Piece], style: Style, draw: Callable[[], tuple[float, float]]
) -> float:
    """Return the gap between the last digit of a number and the start of the next one, in pixels."""
    single = len(_find_digits(number)) == len(_find_digits(following)) == 1
    within = max(find_widest_gap(number), find_widest_gap(following))
    least = max((SINGLE if single else BETWEEN) * style.size, RATIO * within) + 1  # pixels are rounded
    factor, more = draw()
    return least * factor + more - _find_digits(following)[0].left


def _find_digits(pieces: Sequence[Piece]) -> list[Piece]:
    return [piece for piece in pieces if piece.is_digit]


def _shift_number(text: str, right: float, style: Style, hands: Hands, index: int, generator: Generator) -> list[Piece]:
    """Return a number above or below the line, such as an exponent or an index, close to what ends at `right`."""
    small = replace(style, size=style.size * generator.uniform(*RAISED_SIZE), spacing="apart")
    left = round(right + generator.uniform(0.0, 0.2) * style.size)
    up = round(generator.uniform(*RAISED_BY) * style.size) * (1 if text[0] == RAISED else -1)
    written = draw_number(text[1:], small, hands, index, generator)
    return [replace(piece, left=piece.left + left, top=piece.top - up) for piece in written]


def _strike(text: str, left: int, style: Style, hands: Hands, generator: Generator) -> Piece:
    """Return a number with lines through it, which counts as other writing."""
    pieces = draw_number(text, replace(style, pitch=0), hands, NOTHING, generator)
    first, top = min(piece.left for piece in pieces), min(piece.top for piece in pieces)
    width = max(piece.right for piece in pieces) - first
    height = max(piece.box[3] for piece in pieces) - top
    ink = np.zeros((height, width), np.float32)
    for piece in pieces:
        paste(ink, piece.ink, piece.top - top, piece.left - first)
    sheet = Image.new("L", (FINER * width, FINER * height))
    pen, strokes = ImageDraw.Draw(sheet), int(generator.integers(1, STRIKES))
    for _ in range(strokes):
        ends = generator.uniform(0.15, 0.85, 2) * FINER * height
        points = [(0, ends[0]), (FINER * width, ends[1])]
        if strokes == 3:  # a zigzag
            x = np.linspace(0, FINER * width, int(generator.integers(4, 10)))
            points = [(at, FINER * height * (0.15 + 0.7 * (i % 2))) for i, at in enumerate(x.tolist())]
        pen.line(points, 255, max(1, round(FINER * generator.uniform(0.06, 0.14) * style.size)))
    lines = to_ink(np.asarray(sheet.reduce(FINER)))
    return Piece(np.maximum(ink, lines), top, left, hands.other)


def _write_word(text: str, left: int, letter_size: float, style: Style, hands: Hands, generator: Generator) -> Piece:
    """Return a word on the line of the digits; a sign without a name is as large as they are."""
    drawn, scale = hands.draw_word(text), style.size if SIGN in text else letter_size
    ink = hands.write(drawn.ink, max(drawn.size * scale, 3), style.size, style.hand)
    middle = style.size / 2 + drawn.middle * scale + generator.normal(0, 0.03 * style.size)
    return Piece(ink, round(middle - ink.shape[0] / 2), left, hands.other)


def _add_empty_cells(line: Line, generator: Generator) -> Line:
    """Return the line with empty cells before its first and after its last piece, if they are in a comb."""
    if not line.combs:
        return line
    combs = list(line.combs)
    for index, piece in ((0, line.pieces[0]), (-1, line.pieces[-1])):
        if piece.number != NOTHING:
            added, comb = int(generator.integers(EMPTY_CELLS)), combs[index]
            left = comb.left - (added * comb.pitch if index == 0 else 0)
            combs[index] = replace(comb, left=left, count=comb.count + added)
    return replace(line, combs=combs)


def place(line: Line, start: float, middle: float, slope: float) -> Line:
    """Return a line on the sheet: its start, its height in the middle of the sheet, and its slope."""

    def move(piece: Piece) -> Piece:
        left = piece.left + round(start)
        down = slope * (left + piece.ink.shape[1] / 2 - SHEET[1] / 2)
        return replace(piece, left=left, top=round(piece.top + middle + down))

    combs = [replace(comb, left=comb.left + round(start)) for comb in line.combs]
    return Line([move(piece) for piece in line.pieces], combs, [rule + round(start) for rule in line.rules])
