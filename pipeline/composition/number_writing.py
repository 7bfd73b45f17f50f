"""Numbers in ink: digits by one hand, apart, close, touching or overlapping, with separators or in a comb."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.composition.hands import Hands
from pipeline.composition.signs import Generator, Hand, Ink, choose, write
from pipeline.composition.writing import NOTHING, PEN_UP, find_touch, move_border

# Gaps between the digits of a number, relative to their size, between their boxes or, if they touch, their ink: share
# of the lines, mean, largest value.
SPACINGS = {
    "apart": (0.4, (0.1, 0.4), 0.5),
    "far": (0.1, (0.45, 0.95), 1.05),
    "close": (0.17, (-0.05, 0.12), 0.3),
    "touching": (0.17, (0.0, 0.0), 0.0),
    "overlapping": (0.16, (-0.14, -0.03), 0.0),
}
BY_INK = ("touching", "overlapping")
FAR_DIGITS = 3  # that a number has at least if they are far apart; two might be two numbers
DEVIATION = 0.05, 0.02  # of a gap between boxes and of one between ink, relative to the size
CELL = 0.95, 2.2  # pitch of the cells of a comb, relative to the size
HALF = 44  # rows of pixels above and below the middle of a line that its ink may reach


@dataclass(frozen=True, eq=False)
class Piece:
    """Ink on a line. top, left: pixels from the middle of the line and from its start; symbol: NOTHING of a separator.

    number: index of the number it belongs to.
    """

    ink: Ink
    top: int
    left: int
    symbol: int
    number: int = NOTHING

    @property
    def right(self) -> int:
        """Pixels from the start of the line to its right side."""
        return self.left + int(self.ink.shape[1])

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom, in pixels."""
        return self.left, self.top, self.right, self.top + self.ink.shape[0]


@dataclass(frozen=True)
class Style:
    """How numbers are written. size: of their digits, in pixels. spacing: of SPACINGS. jitter: up and down, pixels.

    pitch: of the cells of a comb, in pixels, or 0 without one.
    """

    hand: Hand
    size: float
    spacing: str
    jitter: float
    pitch: float


def choose_style(hand: Hand, size: float, in_comb: bool, generator: Generator) -> Style:
    """Return a random style of numbers."""
    spacing = choose({name: share for name, (share, *_) in SPACINGS.items()}, generator)
    pitch = size * math.exp(generator.uniform(*np.log(CELL))) if in_comb else 0
    return Style(hand, size, spacing, size * generator.uniform(0, 0.1), pitch)


def write_number(text: str, style: Style, hands: Hands, index: int, generator: Generator) -> list[Piece]:
    """Return the digits and the separators of a number, the index-th of its line, from the start of the line."""
    if sum(map(str.isdigit, text)) < FAR_DIGITS and style.spacing == "far":
        style = replace(style, spacing="apart")
    _, means, most = SPACINGS[style.spacing]
    mean, draw, size = generator.uniform(*means), hands.choose_number(), style.size
    border = np.full(2 * HALF, PEN_UP)
    pieces, right, after_digit = list[Piece](), 0.0, False
    for character in text:
        if not character.isdigit():
            if hands.glyphs.has_digits and not style.pitch:
                ink, relative, below = hands.draw_separator(character)
                ink = write(ink, max(relative * size, 2), style.hand, generator)
                start = round(right + size * generator.uniform(-0.04, 0.2))
                pieces.append(Piece(ink, round(below * size - ink.shape[0] / 2), start, NOTHING, index))
                right, after_digit = pieces[-1].right, False
            continue
        label = hands.find_label(character)
        ink = write(draw(label), size * math.exp(generator.normal(0, 0.07)), style.hand, generator)
        top = round(-ink.shape[0] / 2 + generator.normal(0, style.jitter))
        inked, beside = ink > 0.3, border[HALF + top :][: len(ink)]
        if style.pitch:
            middle = (sum(piece.symbol != NOTHING for piece in pieces) + 0.5) * style.pitch
            left = middle - ink.shape[1] / 2 + generator.normal(0, 0.05 * size)
        elif not after_digit:
            left = right + (size * generator.uniform(0, 0.22) if pieces else 0)
        elif style.spacing in BY_INK:
            left = find_touch(inked, beside, right, size) + size * generator.normal(mean, DEVIATION[1])
        else:
            left = right + size * min(generator.normal(mean, DEVIATION[0]), most)
        move_border(inked, beside, round(left))
        pieces.append(Piece(np.float32(generator.uniform(0.85, 1)) * ink, top, round(left), label, index))
        right, after_digit = pieces[-1].right, True
    return pieces


def find_widest_gap(pieces: Sequence[Piece]) -> float:
    """Return the largest gap between neighbours in a number, in pixels; 0 for a single digit."""
    return max((after.left - before.right for before, after in itertools.pairwise(pieces)), default=0)
