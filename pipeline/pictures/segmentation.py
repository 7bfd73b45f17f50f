"""Ink falls into pieces, and pieces that belong together are a digit; digits stand beside each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Ink = NDArray[np.float32]

SURE, PERHAPS = 0.5, 0.25  # ink: pieces have some of the first, and go on where there is the second
LEAST = 7  # pixels that a digit is high or wide
MOST = 64  # digits; what has more, or four times as many pieces, is a texture
SPECK = 0.15  # of the height of the largest piece
FRAGMENT = 0.6  # of it; what is lower may be a part of a digit, as the bar of a 5
COVERED = 0.5  # of the narrower one's width that is shared by two parts of a digit
NEAR = 0.15  # of the height, between a fragment and its digit
LINE = 8  # times as wide as high or more, and as wide as half the picture, is a line on the paper


@dataclass(frozen=True)
class Piece:
    """Where some ink lies: rows [top, bottom), columns [left, right); labels: of the connected parts that it is."""

    top: int
    bottom: int
    left: int
    right: int
    labels: tuple[int, ...]

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left


def split(ink: Ink) -> list[Ink]:
    """Each digit in some ink, (h, w) in [0, 1], by itself with a margin; line by line, from left to right."""
    labels, _ = ndimage.label(ink >= PERHAPS, np.ones((3, 3)))
    sure = set(np.unique(labels[ink >= SURE]).tolist()) - {0}
    pieces = [
        Piece(rows.start, rows.stop, columns.start, columns.stop, (label,))
        for label, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1)
        if label in sure
    ]
    pieces = drop_marks(pieces, ink.shape)
    digits = order(merge(pieces)) if len(pieces) <= 4 * MOST else []
    return [cut_out(ink, labels, digit) for digit in digits] if len(digits) <= MOST else []


def drop_marks(pieces: Sequence[Piece], shape: tuple[int, ...]) -> list[Piece]:
    """Without specks, lines, and what lies around the paper, if there is anything else."""
    height, width = shape
    large = [piece for piece in pieces if max(piece.height, piece.width) >= LEAST]
    inner = [
        piece
        for piece in large
        if (piece.top > 0 and piece.left > 0 and piece.bottom < height and piece.right < width)
        and not (piece.width >= LINE * piece.height and piece.width >= width / 2)
    ]
    tallest = max((piece.height for piece in inner), default=0)
    kept = inner if tallest >= max((piece.height for piece in large), default=0) / 8 else large
    size = max((max(piece.height, min(piece.width, 2 * piece.height)) for piece in kept), default=0)
    return [piece for piece in kept if max(piece.height, piece.width) >= SPECK * size]


def merge(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces that are parts of one digit as one."""
    pieces = sorted(pieces, key=lambda piece: piece.left)
    tall = max((piece.height for piece in pieces), default=0)
    digits: list[Piece] = []
    for piece in pieces:
        while other := next((digit for digit in digits if belong_together(digit, piece, tall)), None):
            digits.remove(other)
            top, bottom = min(other.top, piece.top), max(other.bottom, piece.bottom)
            left, right = min(other.left, piece.left), max(other.right, piece.right)
            piece = Piece(top, bottom, left, right, other.labels + piece.labels)
        digits.append(piece)
    return digits


def belong_together(one: Piece, other: Piece, tall: int) -> bool:
    """Whether two pieces are parts of a digit. tall: the height of the tallest piece.

    Large ones are if one lies over the other; beside each other they are two digits, also where slanted ones overlap.
    A fragment is if it is above or below, or near.
    """
    lower = min(one, other, key=lambda piece: piece.height)
    shared = min(one.right, other.right) - max(one.left, other.left)
    apart = max(one.top, other.top) - min(one.bottom, other.bottom)
    over = shared >= COVERED * min(one.width, other.width)
    if lower.height >= FRAGMENT * tall:
        return over and -lower.height / 2 < apart < 0
    near = shared >= -NEAR * tall and apart < NEAR * tall
    return (over or near) and apart < 2 * NEAR * tall


def order(pieces: Iterable[Piece]) -> list[Piece]:
    """Line by line, each from left to right. Pieces are in one line if half of the lower one is beside the other."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.top):
        line = next((line for line in lines if any(_are_beside(piece, other) for other in line)), None)
        if line is None:
            lines.append([piece])
        else:
            line.append(piece)
    return [piece for line in lines for piece in sorted(line, key=lambda piece: piece.left)]


def _are_beside(one: Piece, other: Piece) -> bool:
    return min(one.bottom, other.bottom) - max(one.top, other.top) >= min(one.height, other.height) / 2


def cut_out(ink: Ink, labels: NDArray[np.int32], piece: Piece) -> Ink:
    """The ink of one piece without that of others, with a margin in which its edges fade out."""
    margin = 2 + max(piece.height, piece.width) // 16
    rows, columns = slice(piece.top, piece.bottom + 2 * margin), slice(piece.left, piece.right + 2 * margin)
    cut, own = np.pad(ink, margin)[rows, columns], np.pad(labels, margin)[rows, columns]
    others = (own > 0) & ~np.isin(own, piece.labels)
    cut[~ndimage.binary_dilation(np.isin(own, piece.labels), iterations=2) | others] = 0
    return np.asarray(cut / cut.max())
