"""Lines of writing: numbers and other writing side by side, with gaps that tell them apart."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.reader.composition.hands import Hands
from pipeline.reader.composition.line_text import SIGN, Token
from pipeline.reader.composition.number_writing import NOTHING, Piece, Style, find_widest_gap, write_number
from pipeline.reader.composition.signs import Generator, write

# The gap between two numbers with nothing but paper between them: in sizes, relative to the gaps within them, and in
# sizes between two single digits, which might be one number written far apart.
BETWEEN, RATIO, SINGLE = 0.6, 1.9, 1.6
MOST_BETWEEN = 1.3  # of the least of these gaps, before a random part in sizes
DASHES = ("-", "–", "/")  # which, unlike separators, stand clear of the numbers beside them
EMPTY_CELLS = 4  # exclusive, before the first and after the last number in a comb


@dataclass(frozen=True)
class Comb:
    """Cells of a number. left: of the first one, in pixels from the start of the line; pitch: their width."""

    left: float
    count: int
    pitch: float


@dataclass(frozen=True, eq=False)
class Line:
    """Pieces of ink in the order of writing, and the combs of the numbers."""

    pieces: list[Piece]
    combs: list[Comb]

    @property
    def digits(self) -> list[Piece]:
        """The digits."""
        return [piece for piece in self.pieces if piece.number != NOTHING and piece.symbol != NOTHING]


def write_line(tokens: Sequence[Token], style: Style, hands: Hands, room: float, generator: Generator) -> Line:
    """Write numbers and other writing from left to right, up to where the digits would need more than `room` pixels."""
    line, number = Line([], []), list[Piece]()  # number: the one before, if only paper is between
    letter_size = style.size * math.exp(generator.normal(0, 0.15))
    for index, (before, token, after) in enumerate(zip([None, *tokens], tokens, [*tokens[1:], None], strict=False)):
        right = max((piece.right for piece in line.pieces), default=0)
        gap = _choose_gap(before, token, after, generator) * style.size
        if token.is_number:
            written = write_number(token.text, style, hands, index, generator)
            start = right + gap
            if number:
                start = _find_digits(number)[-1].right + _choose_space(number, written, style, generator)
            elif not style.pitch:
                start -= min(piece.left for piece in written)
            if style.pitch and line.combs:
                last = line.combs[-1]
                start = max(start, last.left + (last.count + generator.uniform(0.3, 1)) * last.pitch)
            written = [replace(piece, left=piece.left + round(start)) for piece in written]
            first = next((piece for piece in line.pieces if piece.number != NOTHING), written[0])
            kept = _keep(written, first.left + room)
            if len(kept) < len(written) and (number or not kept):
                break
            number = kept
            if style.pitch:
                line.combs.append(Comb(start, len(_find_digits(kept)), style.pitch))
            line.pieces.extend(kept)
        else:
            line.pieces.append(_write_word(token.text, round(right + gap), letter_size, style, hands, generator))
            number = []
    return _add_empty_cells(line, generator)


def _keep(number: Sequence[Piece], end: float) -> list[Piece]:
    """Return the first pieces of a number, up to those beyond `end`."""
    return list(itertools.takewhile(lambda piece: piece.right <= end, number))


def _choose_gap(before: Token | None, token: Token, after: Token | None, generator: Generator) -> float:
    """Return the gap before a token, in sizes, unless it is between two numbers."""
    if before is None:
        return 0
    if token.joined:
        return float(generator.uniform(0.02, 0.25))
    if before.text in DASHES or (token.text in DASHES and after and not after.joined):
        return float(generator.uniform(BETWEEN, 1.3))
    return float(generator.uniform(0.3, 0.9) + generator.exponential(0.25))


def _choose_space(number: Sequence[Piece], following: Sequence[Piece], style: Style, generator: Generator) -> float:
    """Return the gap between the last digit of a number and the start of the next one, in pixels."""
    single = len(_find_digits(number)) == len(_find_digits(following)) == 1
    within = max(find_widest_gap(number), find_widest_gap(following))
    least = max((SINGLE if single else BETWEEN) * style.size, RATIO * within) + 1  # pixels are rounded
    gap = least * generator.uniform(1, MOST_BETWEEN) + style.size * generator.exponential(0.5)
    return float(gap - _find_digits(following)[0].left)


def _find_digits(pieces: Sequence[Piece]) -> list[Piece]:
    return [piece for piece in pieces if piece.symbol != NOTHING]


def _write_word(text: str, left: int, letter_size: float, style: Style, hands: Hands, generator: Generator) -> Piece:
    """Return a word on the line on which the digits stand; a sign without a name is as large as these."""
    drawn, scale = hands.draw_word(text), style.size if SIGN in text else letter_size
    ink = write(drawn.ink, max(drawn.size * scale, 3), style.hand, generator)
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
