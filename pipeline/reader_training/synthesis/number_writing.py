"""Numbers in ink: digits by one hand, apart, close, touching or overlapping, with separators or in a comb."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.reader.rows.labels import SEPARATORS
from pipeline.reader_training.synthesis.habits import HABITS
from pipeline.reader_training.synthesis.hands import Hands
from pipeline.reader_training.synthesis.number_text import GROUP
from pipeline.reader_training.synthesis.signs import Generator, Hand, Ink, choose

NOTHING = -1  # symbol of a separator that is not within a number, number of a word

# Gaps between the digits of a number: between their boxes or, if they touch, their ink. Shares of the lines, range of
# the mean of a number, and largest gap; in sizes.
SPACINGS = {"apart": 0.33, "far": 0.09, "close": 0.17, "touching": 0.2, "overlapping": 0.21}
MEANS = {
    "apart": (0.1, 0.4),
    "far": (0.45, 0.65),
    "close": (-0.05, 0.12),
    "touching": (0, 0),
    "overlapping": (-0.12, -0.03),
}
MEANS["comb"] = (0, 0)  # its cells have one pitch
MOST_TOUCHING = {"apart": 0.5, "far": 0.75, "close": 0.3}
BY_INK = ("touching", "overlapping")
FAR_DIGITS = 3  # that a number has at least if they are far apart; two might be two numbers
DEVIATION = 0.05, 0.02  # of a gap between boxes and of one between ink, relative to the size
CELL = 0.95, 2.0  # pitch of the cells of a comb, relative to the size
BETWEEN_GROUPS = 0.3, 0.7  # gap between the groups of a number, in sizes
BEFORE_SEPARATOR = -0.04, 0.2  # gap between a digit and a separator, in sizes
AFTER_SEPARATOR = 0.0, 0.22  # gap between a separator and a digit, in sizes
STANDING_OFF = 0.2, 0.7  # the same, of a hand that stands off
UNEVEN_SHARE = 0.15  # share of the numbers whose digits differ much in size
EVEN_SIZES = 0.07  # standard deviation of the logarithm of the sizes of the others
UNEVEN_SIZES = 0.12, 0.22  # range of that of uneven ones
LARGEST_SLOPE = 0.32  # largest difference of such a logarithm
TOUCHING_INK = 0.3  # ink that touches other ink
LIFTED = -1e9  # pixels: last column with ink where there is none
HALF = 44  # rows of pixels above and below the middle of a line that its ink may reach


@dataclass(frozen=True, eq=False)
class Piece:
    """Ink on a line. top, left: pixels from the middle of the line and from its start.

    symbol: what it says, or NOTHING. number: index of the number it belongs to. separator: whether it is a separator,
    not a digit.
    """

    ink: Ink
    top: int
    left: int
    symbol: int
    number: int = NOTHING
    separator: bool = False

    @property
    def is_digit(self) -> bool:
        """Whether it is a digit of a number."""
        return self.number != NOTHING and not self.separator

    @property
    def right(self) -> int:
        """Pixels from the start of the line to its right side."""
        return self.left + int(self.ink.shape[1])

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom, in pixels."""
        return self.left, self.top, self.right, self.top + self.ink.shape[0]

    @property
    def y(self) -> float:
        """Height of its centre."""
        return self.top + len(self.ink) / 2

    @property
    def x(self) -> float:
        """Place of its centre along the line."""
        return (self.left + self.right) / 2

    @property
    def size(self) -> int:
        """Its longer side."""
        return int(max(self.ink.shape))


@dataclass(frozen=True)
class Style:
    """How numbers are written. size: of their digits, in pixels. spacing: one of SPACINGS. jitter: pixels up or down.

    pitch: width of the cells of a comb, in pixels, or 0 without a comb.
    """

    hand: Hand
    size: float
    spacing: str
    jitter: float
    pitch: float


def choose_style(hand: Hand, size: float, in_comb: bool, generator: Generator) -> Style:
    """Return a random style of numbers."""
    spacing = choose(SPACINGS, generator)
    pitch = size * math.exp(generator.uniform(*np.log(CELL))) if in_comb else 0
    return Style(hand, size, spacing, size * generator.uniform(0, 0.1), pitch)


def draw_number(text: str, style: Style, hands: Hands, index: int, generator: Generator) -> list[Piece]:
    """Return the digits and the separators of a number, the index-th of its line, from the start of the line."""
    if style.pitch:
        style = replace(style, spacing="comb")
        text = "".join(filter(str.isdigit, text))
    elif style.spacing == "far" and (GROUP in text or sum(map(str.isdigit, text)) < FAR_DIGITS):
        style = replace(style, spacing="apart")
    draw, gap = hands.choose_number(), generator.uniform(*MEANS[style.spacing])
    between, last_digit = generator.uniform(*BETWEEN_GROUPS), text.rfind(next(filter(str.isdigit, reversed(text))))
    after_separator = STANDING_OFF if generator.random() < HABITS.gap_after_separator else AFTER_SEPARATOR
    before_separator = STANDING_OFF if generator.random() < HABITS.gap_before_separator else BEFORE_SEPARATOR
    is_uneven = generator.random() < UNEVEN_SHARE
    deviation, on_line = (
        (generator.uniform(*UNEVEN_SIZES), generator.random() < 0.6) if is_uneven else (EVEN_SIZES, False)
    )
    pieces, right, border = list[Piece](), 0.0, np.full(2 * HALF, LIFTED)
    after_digit = False
    for place, character in enumerate(text):
        if character == GROUP:
            right += style.size * between * math.exp(generator.normal(0, 0.1))
        elif character.isdigit():
            label = hands.find_label(character)
            own = style.size * math.exp(np.clip(generator.normal(0, deviation), -LARGEST_SLOPE, LARGEST_SLOPE))
            ink = np.float32(generator.uniform(0.85, 1)) * hands.write(draw(label), own, own, style.hand)
            foot = (style.size if on_line else ink.shape[0]) / 2
            top = round(foot - ink.shape[0] + generator.normal(0, style.jitter))
            top = max(-HALF, min(top, HALF - ink.shape[0]))
            beside = border[HALF + top :][: len(ink)]
            if style.pitch:
                middle = (len(pieces) + 0.5) * style.pitch + generator.normal(0, 0.05 * style.size)
                left = round(middle - ink.shape[1] / 2)
            elif after_digit:
                before = pieces[-1]
                least = (before.left + before.right - ink.shape[1]) // 2 + 1  # else digits are not in order
                left = max(least, round(_find_left(ink, beside, right, style, gap, generator)))
            else:
                left = round(right + (style.size * generator.uniform(*after_separator) if pieces else 0))
            if style.spacing in BY_INK:
                move_border(ink > TOUCHING_INK, beside, left)
            pieces.append(Piece(ink, top, left, label, index))
        else:
            drawing, relative, below = hands.draw_separator(character)
            ink = hands.write(drawing, max(relative * style.size, 2), style.size, style.hand)
            top = round(below * style.size - ink.shape[0] / 2)
            left = round(right + style.size * generator.uniform(*before_separator))
            within = pieces and place < last_digit and character in SEPARATORS
            symbol = len(hands.source.class_names) + SEPARATORS[character] if within else NOTHING
            pieces.append(Piece(ink, top, left, symbol, index, separator=True))
        if character != GROUP:
            right = pieces[-1].right
        after_digit = character.isdigit()
    return pieces


def _find_left(
    ink: Ink, border: NDArray[np.float64], right: float, style: Style, gap: float, generator: Generator
) -> float:
    """Return the left side of a digit that follows another one, which ends at `right`. gap: mean, in sizes."""
    if style.spacing in BY_INK:
        touch = find_touch(ink > TOUCHING_INK, border, right, style.size)
        return touch + style.size * generator.normal(gap, DEVIATION[1])
    return right + style.size * min(generator.normal(gap, DEVIATION[0]), MOST_TOUCHING[style.spacing])


def find_widest_gap(pieces: Sequence[Piece]) -> float:
    """Return the largest gap between neighbours in a number, in pixels; 0 for a single digit."""
    return max((after.left - before.right for before, after in itertools.pairwise(pieces)), default=0)


def find_touch(inked: NDArray[np.bool_], border: NDArray[np.float64], right: float, size: float) -> float:
    """Return the left side of a sign that touches the ink before it, `right` if this is far away at its height.

    inked: (h, w). border: (h,), the last column with ink at each height, or LIFTED. size: of the signs, in pixels.
    """
    first = np.where(inked.any(axis=1), inked.argmax(axis=1), inked.shape[1])
    reach = float(np.max(border + 1 - first, initial=LIFTED))
    return reach if reach > right - 1.5 * size else right


def move_border(inked: NDArray[np.bool_], border: NDArray[np.float64], left: int) -> None:
    """Move the border, in place, to the last columns of a sign that begins at `left`."""
    last = np.where(inked.any(axis=1), left + inked.shape[1] - 1 - inked[:, ::-1].argmax(axis=1), LIFTED)
    np.maximum(border, last, out=border)
