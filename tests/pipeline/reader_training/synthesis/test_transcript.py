"""From the signs of a line to labels, a text and the places of the digits."""

import numpy as np
import pytest

from pipeline.reader.rows.labels import MAX_LABELS, NO_LABEL
from pipeline.reader_training.columns import read_labels
from pipeline.reader_training.synthesis.number_writing import Piece
from pipeline.reader_training.synthesis.transcript import make_labels, place_digits

SPACE, OTHER = 10, 11


def digit(symbol: int, left: int, number: int) -> Piece:
    return Piece(np.ones((20, 10), np.float32), 10, left, symbol, number)


def word(left: int, right: int) -> Piece:
    return Piece(np.ones((20, right - left), np.float32), 10, left, OTHER)


def labels(*signs: Piece, stop: float = 256) -> list[list[float]]:
    made = make_labels(signs, 10, 0, stop)
    assert made.shape == (MAX_LABELS, 3)
    assert (made[len(read_labels(made)) :] == NO_LABEL).all()
    return [row for row in made.tolist() if row[0] != NO_LABEL]


def test_space_spans_the_gap_between_two_numbers() -> None:
    assert labels(digit(3, 20, 0), digit(4, 32, 0), digit(5, 80, 1)) == [
        [3, 20, 30],
        [4, 32, 42],
        [SPACE, 42, 80],
        [5, 80, 90],
    ]


def test_other_writing_is_joined_and_takes_the_place_of_a_space() -> None:
    signs = digit(3, 20, 0), word(40, 60), word(62, 70), digit(5, 80, 3), word(95, 100)
    assert labels(*signs) == [[3, 20, 30], [OTHER, 40, 70], [5, 80, 90], [OTHER, 95, 100]]


@pytest.mark.parametrize(
    ("left", "right", "counts"),
    [(-8, 11, True), (-40, 13, True), (-40, 11, False), (250, 262, True), (252, 270, False)],
)
def test_word_across_an_edge_counts_if_half_of_it_or_twelve_pixels_are_visible(
    left: int, right: int, counts: bool
) -> None:
    found = labels(word(left, right))
    expected = [[OTHER, max(left, 0), min(right, 256)]] if counts else []
    assert found == expected


def test_text_is_the_symbols_in_order() -> None:
    text = read_labels(make_labels([digit(7, 20, 0), digit(7, 60, 1)], 10, 0, 256))
    assert text.tolist() == [7, SPACE, 7]
    assert text.dtype == np.intp


def test_digits_have_their_centre_their_size_and_the_part_within_the_picture() -> None:
    ink = np.ones((20, 10), np.float32)
    pieces = [Piece(ink, 30, 50, 7), Piece(ink, 5, 95, 8), Piece(ink, 5, 100, 9)]
    digits = place_digits(pieces, (0, 10, 100, 88))
    assert digits[:2].tolist() == [[7, 40, 55, 20, 1], [8, 15, 100, 20, 0.375]]
    assert (digits[2:] == NO_LABEL).all()
