"""Strips of a line of writing, and the marks of what they say."""

import functools
from typing import Any

import numpy as np
import pytest

from pipeline.reader.composition.composing import (
    KINDS,
    REACH,
    Composed,
    compose_any,
    compose_strip,
)
from pipeline.reader.composition.signs import Ink
from pipeline.reader.learning.columns import read_marks
from pipeline.reader.rows import marks
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
from tests.pipeline.reader.composition.common import CLASSES, OTHER, SPACE, faces, source


@functools.cache
def composed() -> list[Composed]:
    return [compose_any(source(), faces(), np.random.default_rng(seed)) for seed in range(100)]


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
    only: dict[str, Any] = {"KINDS": {"digits": 1}, "NEIGHBOUR_KINDS": {"digits": 1}, "NEIGHBOURS": 1}
    plain = {"BLEED": 0, "GRAIN": 0, "SMALL_PRINT": 0, "surround": lambda *_: np.zeros(SHEET, np.float32)}
    inks, heights = list[Ink](), list[float]()

    def expose(ink: Ink, _: object) -> Ink:
        inks.append(ink)
        return 255 * (1 - ink)

    for name, value in {**only, **plain, "expose": expose}.items():
        monkeypatch.setattr(f"pipeline.reader.composition.composing.{name}", value)
    monkeypatch.setattr("pipeline.reader.composition.windows.CUT", {})
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
        elif each.kind != "signs":  # which may stand beside digits
            assert text <= {OTHER}


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
