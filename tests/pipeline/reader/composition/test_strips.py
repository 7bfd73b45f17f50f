"""Strips of a line of writing, and the marks of what they say."""

import functools
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.reader.composition.hands import Hands
from pipeline.reader.composition.lettering import list_faces
from pipeline.reader.composition.line_text import (
    LIKE_DIGITS,
    RAISED,
    STRUCK,
    Token,
    make_line,
    make_word,
    tokenize,
)
from pipeline.reader.composition.line_writing import BETWEEN, RATIO, SINGLE, Line, write_cells, write_line
from pipeline.reader.composition.number_text import GROUP, MOST
from pipeline.reader.composition.number_writing import (
    SPACINGS,
    Piece,
    Style,
    choose_style,
    find_widest_gap,
    write_number,
)
from pipeline.reader.composition.signs import Ink, SourceImages, choose_hand
from pipeline.reader.composition.strips import (
    KINDS,
    REACH,
    Composed,
    choose_window,
    compose_any,
    compose_strip,
    continue_beyond,
)
from pipeline.reader.composition.transcript import make_marks
from pipeline.reader.rows import marks
from pipeline.reader.rows.columns import read_marks
from pipeline.reader.rows.marks import (
    DIGIT_COLUMNS,
    MAX_DIGITS,
    MAX_MARKS,
    OUTER,
    SHEET,
    SIDE,
    WIDTH,
    decode_contrast,
    encode_contrast,
)
from tests.drawings import sample_digits

CLASSES, SIZE, ROOM = 10, 20.0, 220
SPACE, OTHER = CLASSES + marks.SPACE, CLASSES + marks.OTHER
DIGIT_NAMES = tuple("0123456789")


def source(names: tuple[str, ...] = DIGIT_NAMES) -> SourceImages:
    return SourceImages(*sample_digits(), names)


@functools.cache
def faces() -> tuple[Path, ...]:
    return list_faces("script")


@functools.cache
def composed() -> list[Composed]:
    return [compose_any(source(), faces(), np.random.default_rng(seed)) for seed in range(100)]


def write(texts: list[str], spacing: str, seed: int) -> tuple[Line, Style]:
    generator = np.random.default_rng(seed)
    hands = Hands(source(), {"script": faces(), "print": list_faces("print")}, generator)
    style = replace(choose_style(choose_hand(generator), SIZE, False, generator), spacing=spacing)
    return write_line([Token(text, joined=False) for text in texts], style, hands, ROOM, generator), style


def test_a_seed_gives_one_strip_and_another_seed_another() -> None:
    strips: list[Any] = [compose_strip(source(), faces(), np.random.default_rng(seed)) for seed in (3, 3, 4)]
    one, same, other = strips
    assert all(map(np.array_equal, one, same))
    assert not np.array_equal(one[0], other[0])
    assert [(each.shape, each.dtype) for each in other] == [
        (SHEET, np.uint8),
        ((MAX_MARKS, 3), np.float32),
        ((MAX_DIGITS, len(DIGIT_COLUMNS)), np.float32),
    ]


def test_local_contrast_survives_its_coding() -> None:
    contrast = np.linspace(-4, 4, 100, dtype=np.float32)
    assert np.abs(decode_contrast(encode_contrast(contrast)) - contrast).max() < 0.03
    clipped = np.mean([np.isin(each.levels, (0, 255)).mean() for each in composed()])
    assert clipped < 1e-3


def test_marks_are_in_order_within_the_strip_and_digits_where_stretching_leaves_them() -> None:
    for each in composed():
        symbols, left, right = each.marks[each.marks[:, 0] >= 0].T
        assert (left >= 0).all()
        assert (right <= SHEET[1]).all()
        assert (left < right).all()
        digits = symbols < CLASSES
        assert (np.diff((left + right)[digits]) >= 0).all()
        assert (left[digits] >= SIDE + REACH).all()
        assert (right[digits] <= SIDE + WIDTH - REACH).all()


def test_spaces_are_between_digits_and_other_writing_is_one_mark() -> None:
    seen = set[int]()
    for each in composed():
        text = read_marks(each.marks).tolist()
        padded = [OTHER, *text, OTHER]
        for index, symbol in enumerate(text):
            neighbours = padded[index], padded[index + 2]
            if symbol == SPACE or symbol > OTHER:
                assert all(each < CLASSES for each in neighbours)
            if symbol == OTHER and 0 < index < len(text) - 1:
                assert OTHER not in neighbours
        seen.update(text)
    assert seen >= set(range(CLASSES + 2))
    assert seen <= set(range(CLASSES + 2 + len(marks.SEPARATORS)))


def test_digits_stand_where_the_ink_is_on_the_lines_above_and_below_too(monkeypatch: pytest.MonkeyPatch) -> None:
    only: dict[str, Any] = {"KINDS": {"digits": 1}, "NEIGHBOUR_KINDS": {"digits": 1}, "NEIGHBOURS": 1, "CUT": {}}
    plain = {"BLEED": 0, "GRAIN": 0, "SMALL_PRINT": 0, "surround": lambda *_: np.zeros(SHEET, np.float32)}
    inks, heights = list[Ink](), list[float]()

    def expose(ink: Ink, _: object) -> Ink:
        inks.append(ink)
        return 255 * (1 - ink)

    for name, value in {**only, **plain, "expose": expose}.items():
        monkeypatch.setattr(f"pipeline.reader.composition.strips.{name}", value)
    for share in ("SEPARATED", "PLAIN_FORMS"):
        monkeypatch.setattr(f"pipeline.reader.composition.number_text.{share}", 0)
    rows, columns = (np.arange(side) + 0.5 for side in SHEET)
    for seed in range(10):
        digits = compose_any(source(), faces(), np.random.default_rng(seed)).digits
        digits, inked, around = digits[digits[:, 0] >= 0], inks[-1] > 0, np.zeros(SHEET, bool)
        for _, y, x, size, visible in digits:
            box = np.ix_(np.abs(rows - y) < size / 2, np.abs(columns - x) < size / 2)
            around[box] = True
            if visible == 1:
                assert max(np.ptp(np.flatnonzero(inked[box].any(axis=axis))) for axis in (0, 1)) == size - 1
        assert not inked[~around].any()
        heights += digits[:, 1].tolist()
    assert min(heights) < OUTER
    assert max(heights) > SHEET[0] - OUTER


def test_paper_continues_beyond_the_edges_of_a_picture() -> None:
    left, top, right, bottom = window = 30, 20, 200, 70
    inner, sheet = np.s_[top:bottom, left:right], np.zeros(SHEET, np.uint8)
    sheet[inner] = 200
    sheet[40:50, 90:110] = 30
    shown = continue_beyond(sheet, window)
    assert np.array_equal(shown[inner], sheet[inner])
    shown[inner] = 200
    assert (shown == 200).all()


def test_kinds_have_their_shares_and_their_symbols() -> None:
    kinds = [each.kind for each in composed()]
    for kind, share in KINDS.items():
        assert abs(kinds.count(kind) / len(kinds) - share) < 0.12
    for each in composed():
        text = set(read_marks(each.marks).tolist())
        if each.kind in ("digits", "cells"):
            assert text & set(range(CLASSES))
            assert OTHER not in text
        elif each.kind == "line":
            assert text
        else:
            assert text <= {OTHER}


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
    """The text of the marks of a line."""
    line, _ = write(texts, spacing, 1)
    return list(map(int, read_marks(make_marks(line.pieces, CLASSES, -99, 999))))


def test_separators_within_a_number_have_a_symbol() -> None:
    point, slash = (CLASSES + marks.SEPARATORS[each] for each in "./")
    line, _ = write(["12.5.", "3/4"], "close", 1)
    assert [piece.symbol for piece in line.digits] == [1, 2, 5, 3, 4]
    assert read_line(["12.5.", "3/4"]) == [1, 2, point, 5, SPACE, 3, slash, 4]


def test_groups_are_one_number_and_what_is_struck_out_is_none() -> None:
    assert read_line([f"030{GROUP}12"]) == [0, 3, 0, 1, 2]
    assert read_line([f"{STRUCK}417", "12"]) == [OTHER, 1, 2]
    assert read_line(["5", f"{RAISED}2"]) == [5, SPACE, 2]
    line, style = write(["5", f"{RAISED}2"], "apart", 1)
    assert line.digits[1].y < line.digits[0].y - 0.2 * style.size


def test_each_cell_has_a_number_of_its_own() -> None:
    generator = np.random.default_rng(2)
    hands = Hands(source(), {"script": faces(), "print": list_faces("print")}, generator)
    style = choose_style(choose_hand(generator), SIZE, False, generator)
    for _ in range(20):
        line = write_cells(["4", "17", "3"], style, hands, ROOM, generator)
        text = read_marks(make_marks(line.pieces, CLASSES, -99, 999)).tolist()
        assert text.count(SPACE) == len({piece.number for piece in line.digits}) - 1
        edges = sorted({*line.rules})
        within = [np.searchsorted(edges, [piece.left, piece.right]).tolist() for piece in line.digits]
        assert all(left == right for left, right in within)


def test_line_ends_where_its_digits_would_need_more_room() -> None:
    line, _ = write(["1234567890", "kg", "1234567890", "12"], "far", 5)
    assert 3 <= len(line.digits) < 22
    assert max(piece.right for piece in line.digits) - line.digits[0].left <= ROOM


def test_numbers_have_one_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.reader.composition.hands.DIGIT_SHARES", {"print": 1.0})
    generator = np.random.default_rng(1)
    hands = Hands(source(), {"script": faces(), "print": list_faces("print")}, generator)
    draw = hands.choose_number()
    assert np.array_equal(draw(4), draw(4))
    style = choose_style(choose_hand(generator), SIZE, True, generator)
    pieces = write_number("40414", style, hands, 0, generator)
    assert [piece.symbol for piece in pieces] == [4, 0, 4, 1, 4]
    middles = np.array([(piece.left + piece.right) / 2 for piece in pieces])
    assert np.abs(np.diff(middles) - style.pitch).max() < 0.3 * SIZE


def test_words_can_be_told_from_numbers() -> None:
    words = [make_word(np.random.default_rng(seed)) for seed in range(300)]
    assert all(3 * sum(letter not in LIKE_DIGITS for letter in word) >= len(word) >= 2 for word in words)
    assert any(letter in LIKE_DIGITS for word in words for letter in word)
    assert any(word.islower() for word in words)
    assert any(word.isupper() for word in words)


def test_line_says_numbers_and_other_writing() -> None:
    tokens = tokenize("Tel. 030/1234-56 (12) 5kg 8:30, a=7")
    assert [token.text for token in tokens] == ["Tel.", "030/1234-56", "(", "12", ")", "5", "kg", "8:30,", "a=", "7"]
    assert [token.joined for token in tokens] == [False, False, False, True, True, False, True, False, False, True]
    lines = [make_line(np.random.default_rng(seed)) for seed in range(400)]
    numbers = [[token for token in tokenize(line) if token.is_number] for line in lines]
    assert all(found or STRUCK in line for found, line in zip(numbers, lines, strict=True))
    assert max(sum(map(str.isdigit, token.text)) for line in numbers for token in line) == MOST
    assert any("/" in line for line in lines)


def test_strips_of_other_classes_come_only_from_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters and digits from other sources than the images would have the look of other classes."""
    for name in ("hands.draw_lettering", "hands.draw_strokes", "signs.draw_print", "signs.load_glyphs"):
        monkeypatch.delattr(f"pipeline.reader.composition.{name}")
    for module in ("hands", "signs"):
        monkeypatch.delattr(f"pipeline.reader.composition.{module}.draw_by_hand")
    other, seen = source(tuple("abcdefghij")), set[int]()
    for seed in range(40):
        seen.update(read_marks(compose_any(other, faces(), np.random.default_rng(seed)).marks).tolist())
    assert seen == set(range(CLASSES + 2))


def test_tight_crop_of_a_thin_sign_shows_some_of_it() -> None:
    line = Line([Piece(np.ones((20, 2), np.float32), 30, 100, 1, 0)], [])
    windows = np.array([choose_window(line, "digits", np.random.default_rng(seed)) for seed in range(2000)])
    assert (windows[:, :2] < windows[:, 2:]).all()
