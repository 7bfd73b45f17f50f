"""What a strip says: marks of its digits, spaces and other writing, in reading order along the row.

The symbols of a row are the classes of the digits, followed by one for a space and one for other writing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_MARK = -1
MAX_MARKS = 64  # of a strip
COLUMNS = ("symbol", "left", "right")  # of a mark; the ends in pixels of the strip
# Other writing that is cut off at an edge counts if this part of its width is visible, or that many pixels.
PART, PIXELS = 0.5, 12


@dataclass(frozen=True)
class Sign:
    """A sign on a line. symbol: class of a digit, or of other writing; number: index of the number it belongs to."""

    symbol: int
    left: float
    right: float
    number: int = NO_MARK


def space_symbol(classes: int) -> int:
    """Return the symbol of the paper between two numbers."""
    return classes


def other_symbol(classes: int) -> int:
    """Return the symbol of a word, a letter, a sign or an operator."""
    return classes + 1


def make_marks(signs: Iterable[Sign], classes: int, start: float, stop: float) -> NDArray[np.float32]:
    """Return the marks of the signs of a line, in reading order, that are visible from `start` to `stop`.

    The result is an array, (MAX_MARKS, 3), with the columns COLUMNS, whose unused rows are NO_MARK. Other writing
    without a digit in between has one mark; between two numbers without other writing there is a space.
    """
    space, other = space_symbol(classes), other_symbol(classes)
    marks, before = list[tuple[int, float, float]](), None
    for sign in signs:
        left, right = max(sign.left, start), min(sign.right, stop)
        if sign.symbol == other and right - left < min(PART * (sign.right - sign.left), PIXELS):
            continue
        if before and before.symbol == other == sign.symbol:
            _, first, last = marks.pop()
            left, right = min(first, left), max(last, right)
        if before and other not in (before.symbol, sign.symbol) and before.number != sign.number:
            marks.append((space, marks[-1][2], left))
        marks.append((sign.symbol, left, right))
        before = sign
    rows = np.full((MAX_MARKS, len(COLUMNS)), NO_MARK, np.float32)
    rows[: len(marks)] = np.reshape(marks[:MAX_MARKS], (-1, len(COLUMNS)))
    return rows


def read_marks(marks: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the text of a strip: the symbols of its marks, in order."""
    return np.asarray(marks[marks[:, 0] != NO_MARK, 0], np.intp)
