"""Lines of writing: the gaps within and between numbers, separators, cells."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from pipeline.reader.rows import labels
from pipeline.reader_training.columns import read_labels
from pipeline.reader_training.synthesis.hands import Hands
from pipeline.reader_training.synthesis.lettering import list_fonts
from pipeline.reader_training.synthesis.line_text import Token
from pipeline.reader_training.synthesis.line_writing import BETWEEN, RATIO, SINGLE, Line, write_line
from pipeline.reader_training.synthesis.notes import LOWERED, RAISED, STRUCK
from pipeline.reader_training.synthesis.number_text import GROUP
from pipeline.reader_training.synthesis.number_writing import (
    SPACINGS,
    Style,
    choose_style,
    draw_number,
    find_widest_gap,
)
from pipeline.reader_training.synthesis.row_writing import write_cells, write_wide_row
from pipeline.reader_training.synthesis.signs import choose_hand
from pipeline.reader_training.synthesis.transcript import make_labels
from tests.pipeline.reader_training.synthesis.common import CLASSES, OTHER, SPACE, fonts, source

SIZE, ROOM = 20.0, 220


def write(texts: list[str], spacing: str, seed: int) -> tuple[Line, Style]:
    generator = np.random.default_rng(seed)
    hands = Hands(source(), {"script": fonts(), "print": list_fonts("print")}, generator)
    style = replace(choose_style(choose_hand(generator), SIZE, False, generator), spacing=spacing)
    return write_line([Token(text, joined=False) for text in texts], style, hands, ROOM, generator), style


@pytest.mark.parametrize("spacing", SPACINGS)
def test_gap_between_numbers_is_clearly_wider_than_those_within(spacing: str) -> None:
    found = 0
    for seed in range(25):
        line, _ = write(["417", "28"] if seed % 2 else ["5", "6"], spacing, seed)
        groups = [[piece for piece in line.pieces if piece.number == number] for number in (0, 1)]
        if not groups[1]:
            continue
        gap = groups[1][0].left - groups[0][-1].right
        least = BETWEEN if seed % 2 else SINGLE
        assert gap >= least * SIZE - 0.5
        assert gap >= RATIO * max(map(find_widest_gap, groups)) - 0.5
        found += 1
    assert found > 10


def test_most_rows_of_single_digits_have_even_gaps_and_each_digit_is_a_number() -> None:
    spreads = []
    for seed in range(80):
        line, _ = write(list("5683"), "apart", seed)
        assert len({piece.number for piece in line.pieces}) == len(line.pieces)
        gaps = [after.left - before.right for before, after in itertools.pairwise(line.pieces)]
        spreads.append(np.ptp(gaps))
    assert 0.5 < np.mean(np.array(spreads) < 0.35 * SIZE) < 0.9


@pytest.mark.parametrize(("spacing", "low", "high"), [("apart", 1, 8), ("far", 8, 19), ("close", -2, 5)])
def test_digits_of_a_number_are_as_far_apart_as_its_spacing_says(spacing: str, low: float, high: float) -> None:
    gaps = []
    for seed in range(12):
        pieces = write(["31415"], spacing, seed)[0].pieces
        gaps += [after.left - before.right for before, after in itertools.pairwise(pieces)]
    assert low <= np.mean(gaps) <= high


def test_two_digits_are_never_so_far_apart_that_they_might_be_two_numbers() -> None:
    widest = [find_widest_gap(write(["34"], "far", seed)[0].pieces) for seed in range(30)]
    assert max(widest) < BETWEEN * SIZE


def test_digits_that_touch_have_no_paper_between_their_ink() -> None:
    for seed in range(12):
        line = write(["80808"], "touching", seed)[0]
        ink = np.zeros((60, 400))
        for piece in line.pieces:
            part = ink[30 + piece.top :, 20 + piece.left :][: piece.ink.shape[0], : piece.ink.shape[1]]
            np.maximum(part, piece.ink, out=part)
        first, last = line.pieces[0].left + 20, line.pieces[-1].right + 20
        assert (ink[:, first:last].max(axis=0) > 0.05).mean() > 0.93


def read_line(texts: list[str], spacing: str = "apart") -> list[int]:
    """The text of the labels of a line."""
    line, _ = write(texts, spacing, 1)
    return list(map(int, read_labels(make_labels(line.pieces, CLASSES, -99, 999))))


def test_separators_within_a_number_have_a_symbol() -> None:
    point, slash = (CLASSES + labels.SEPARATORS[each] for each in "./")
    line, _ = write(["12.5.", "3/4"], "close", 1)
    assert [piece.symbol for piece in line.digits] == [1, 2, 5, 3, 4]
    assert read_line(["12.5.", "3/4"]) == [1, 2, point, 5, SPACE, 3, slash, 4]


def test_numbers_of_a_list_are_apart_however_close_they_stand() -> None:
    assert read_line(["2,", "4,", "10"]) == [2, SPACE, 4, SPACE, 1, 0]
    gaps = {joined: list[float]() for joined in (False, True)}
    for joined, seed in itertools.product(gaps, range(20)):
        generator, (_, style) = np.random.default_rng(seed), write(["1"], "apart", seed)
        hands = Hands(source(), {"script": fonts(), "print": list_fonts("print")}, generator)
        line = write_line([Token("2,", False), Token("4", joined)], style, hands, ROOM, generator)
        gaps[joined].append(line.digits[1].left - line.digits[0].right)
    assert np.mean(gaps[True]) < 0.65 * SIZE < np.mean(gaps[False])


def test_digits_of_a_wide_row_are_one_number_where_they_stand_close_and_apart_where_far() -> None:
    pitches = {False: list[float](), True: list[float]()}
    for seed in range(60):
        generator, (_, style) = np.random.default_rng(seed), write(["1"], "apart", seed)
        hands = Hands(source(), {"script": fonts(), "print": list_fonts("print")}, generator)
        pieces = write_wide_row(list("2480"), style, hands, ROOM, generator).pieces
        assert all(after.left > before.right for before, after in itertools.pairwise(pieces))
        pitch = np.diff([piece.x for piece in pieces]).mean() / SIZE
        assert 0.75 < pitch < 2.8
        pitches[len({piece.number for piece in pieces}) == 1].append(float(pitch))
    assert np.mean(pitches[True]) < 1.5 < np.mean(pitches[False])
    pieces = write_wide_row(["24", "8"], style, hands, ROOM, generator).pieces
    assert [piece.number for piece in pieces] == [0, 0, 1]


def test_groups_are_one_number_and_what_is_struck_out_is_none() -> None:
    assert read_line([f"030{GROUP}12"]) == [0, 3, 0, 1, 2]
    assert read_line([f"{STRUCK}417", "12"]) == [OTHER, 1, 2]
    assert read_line(["5", f"{RAISED}2"]) == [5, SPACE, 2]
    for shift, direction in ((RAISED, -1), (LOWERED, 1)):
        line, style = write(["5", f"{shift}2"], "apart", 1)
        assert direction * (line.digits[1].y - line.digits[0].y) > 0.1 * style.size


def test_each_cell_has_a_number_of_its_own() -> None:
    generator = np.random.default_rng(2)
    hands = Hands(source(), {"script": fonts(), "print": list_fonts("print")}, generator)
    style = choose_style(choose_hand(generator), SIZE, False, generator)
    for _ in range(20):
        line = write_cells(["4", "17", "3"], style, hands, ROOM, generator)
        text = read_labels(make_labels(line.pieces, CLASSES, -99, 999)).tolist()
        assert text.count(SPACE) == len({piece.number for piece in line.digits}) - 1
        edges = sorted({*line.rules})
        within = [np.searchsorted(edges, [piece.left, piece.right]).tolist() for piece in line.digits]
        assert all(left == right for left, right in within)


def test_line_ends_where_its_digits_would_need_more_room() -> None:
    line, _ = write(["1234567890", "kg", "1234567890", "12"], "far", 5)
    assert 3 <= len(line.digits) < 22
    assert max(piece.right for piece in line.digits) - line.digits[0].left <= ROOM


def test_numbers_have_one_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.reader_training.synthesis.hands.DIGIT_SHARES", {"print": 1.0})
    generator = np.random.default_rng(1)
    hands = Hands(source(), {"script": fonts(), "print": list_fonts("print")}, generator)
    draw = hands.choose_number()
    assert np.array_equal(draw(4), draw(4))
    style = choose_style(choose_hand(generator), SIZE, True, generator)
    pieces = draw_number("40414", style, hands, 0, generator)
    assert [piece.symbol for piece in pieces] == [4, 0, 4, 1, 4]
    middles = np.array([(piece.left + piece.right) / 2 for piece in pieces])
    assert np.abs(np.diff(middles) - style.pitch).max() < 0.3 * SIZE
