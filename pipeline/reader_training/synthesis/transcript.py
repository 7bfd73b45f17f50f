"""Label what a line image says: digits, spaces and other writing, in reading order along the row."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.reader.rows.labels import DIGIT_COLUMNS, MAX_DIGITS, MAX_LABELS, NO_LABEL, OTHER_WRITING, SPACE
from pipeline.reader_training.synthesis.number_writing import NOTHING, Piece

# Other writing that is cut off at an edge counts if this part of its width is visible, or that many pixels.
VISIBLE_PART, LEAST_PIXELS = 0.5, 12


def make_labels(pieces: Iterable[Piece], classes: int, start: float, stop: float) -> NDArray[np.float32]:
    """Return the labels of the pieces of a line, in reading order, that are visible from `start` to `stop`.

    The result is an array, (MAX_LABELS, 3); see `pipeline.reader.rows.labels`. Other writing without a digit in between
    has one label; between two numbers without other writing there is a space. Separators have a label if they
    are within a number.
    """
    space, other = classes + SPACE, classes + OTHER_WRITING
    labels, before = list[tuple[int, float, float]](), None
    for piece in pieces:
        left, right = max(piece.left, start), min(piece.right, stop)
        cut_off = piece.symbol == other and right - left < min(VISIBLE_PART * (piece.right - piece.left), LEAST_PIXELS)
        if cut_off or piece.symbol == NOTHING:
            continue
        if before and before.symbol == other == piece.symbol:
            _, first, last = labels.pop()
            left, right = min(first, left), max(last, right)
        if before and other not in (before.symbol, piece.symbol) and before.number != piece.number:
            end = labels[-1][2]
            labels.append((space, end, max(left, end + 1)))  # an exponent may begin before its base ends
        labels.append((piece.symbol, left, right))
        before = piece
    rows = np.full((MAX_LABELS, 3), NO_LABEL, np.float32)
    rows[: len(labels)] = np.reshape(labels[:MAX_LABELS], (-1, 3))
    return rows


def place_digits(pieces: Iterable[Piece], window: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Return digits as an array, (MAX_DIGITS, 5), with the columns DIGIT_COLUMNS; unused rows are NO_LABEL.

    window: left, top, right and bottom of the part of the sheet that the picture shows.
    """
    rows = []
    for piece in pieces:
        left, top, right, bottom = piece.box
        wide, high = min(right, window[2]) - max(left, window[0]), min(bottom, window[3]) - max(top, window[1])
        if wide > 0 and high > 0:
            rows.append((piece.symbol, piece.y, piece.x, piece.size, wide * high / piece.ink.size))
    digits = np.full((MAX_DIGITS, len(DIGIT_COLUMNS)), NO_LABEL, np.float32)
    digits[: len(rows)] = np.reshape(rows[:MAX_DIGITS], (-1, len(DIGIT_COLUMNS)))
    return digits
