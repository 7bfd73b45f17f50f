"""Line images, and the labels of what they say."""

import functools
from typing import Any

import numpy as np
import pytest

from pipeline.reader.rows import labels
from pipeline.reader.rows.labels import (
    DIGIT_COLUMNS,
    LINE_IMAGE_WIDTH,
    MAX_DIGITS,
    MAX_LABELS,
    OUTER,
    SHEET,
    SIDE,
    decode_contrast,
    encode_contrast,
)
from pipeline.reader_training.columns import read_labels
from pipeline.reader_training.synthesis.line_images import (
    LINE_SHARES,
    REACH,
    SyntheticLine,
    synthesise_any,
    synthesise_line,
)
from pipeline.reader_training.synthesis.signs import Ink
from tests.pipeline.reader_training.synthesis.common import CLASSES, OTHER, SPACE, fonts, source


@functools.cache
def synthetic() -> list[SyntheticLine]:
    return [synthesise_any(source(), fonts(), np.random.default_rng(seed)) for seed in range(100)]


def test_a_seed_gives_one_line_and_another_seed_another() -> None:
    line_images: list[Any] = [synthesise_line(source(), fonts(), np.random.default_rng(seed)) for seed in (3, 3, 4)]
    one, same, other = line_images
    assert all(map(np.array_equal, one, same))
    assert not np.array_equal(one[0], other[0])
    assert [(each.shape, each.dtype) for each in other] == [
        (SHEET, np.uint8),
        ((MAX_LABELS, 3), np.float32),
        ((MAX_DIGITS, len(DIGIT_COLUMNS)), np.float32),
    ]


@pytest.mark.slow
def test_local_contrast_survives_its_coding() -> None:
    contrast = np.linspace(-4, 4, 100, dtype=np.float32)
    assert np.abs(decode_contrast(encode_contrast(contrast)) - contrast).max() < 0.03
    clipped = np.mean([np.isin(each.levels, (0, 255)).mean() for each in synthetic()])
    assert clipped < 1e-3


@pytest.mark.slow
def test_labels_are_in_order_within_the_line_and_digits_where_stretching_leaves_them() -> None:
    for each in synthetic():
        symbols, left, right = each.labels[each.labels[:, 0] >= 0].T
        assert (left >= 0).all()
        assert (right <= SHEET[1]).all()
        assert (left < right).all()
        digits = symbols < CLASSES
        assert (np.diff((left + right)[digits]) >= 0).all()
        assert (left[digits] >= SIDE + REACH).all()
        assert (right[digits] <= SIDE + LINE_IMAGE_WIDTH - REACH).all()


@pytest.mark.slow
def test_spaces_are_between_digits_and_other_writing_has_one_label() -> None:
    seen = set[int]()
    for each in synthetic():
        text = read_labels(each.labels).tolist()
        padded = [OTHER, *text, OTHER]
        for index, symbol in enumerate(text):
            neighbours = padded[index], padded[index + 2]
            if symbol == SPACE or symbol > OTHER:
                assert all(each < CLASSES for each in neighbours)
            if symbol == OTHER and 0 < index < len(text) - 1:
                assert OTHER not in neighbours
        seen.update(text)
    assert seen >= set(range(CLASSES + 2))
    assert seen <= set(range(CLASSES + 2 + len(labels.SEPARATORS)))


def test_digits_stand_where_the_ink_is_on_the_lines_above_and_below_too(monkeypatch: pytest.MonkeyPatch) -> None:
    only: dict[str, Any] = {"LINE_SHARES": {"digits": 1}, "NEIGHBOUR_KINDS": {"digits": 1}, "NEIGHBOURS": 1}
    plain = {"BLEED": 0, "GRAIN": 0, "SMALL_PRINT": 0, "draw_surroundings": lambda *_: np.zeros(SHEET, np.float32)}
    inks, heights = list[Ink](), list[float]()

    def expose(ink: Ink, *_: object) -> Ink:
        inks.append(ink)
        return 255 * (1 - ink)

    for name, value in {**only, **plain, "expose": expose}.items():
        monkeypatch.setattr(f"pipeline.reader_training.synthesis.line_images.{name}", value)
    for name, value in {"CUT": {}, "BESIDE_NUMBER": 0.6}.items():
        monkeypatch.setattr(f"pipeline.reader_training.synthesis.line_images.{name}", value)
    for share in ("SEPARATED", "PLAIN_FORMS"):
        monkeypatch.setattr(f"pipeline.reader_training.synthesis.number_text.{share}", 0)
    rows, columns = (np.arange(side) + 0.5 for side in SHEET)
    for seed in range(10):
        digits = synthesise_any(source(), fonts(), np.random.default_rng(seed)).digits
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


@pytest.mark.slow
def test_kinds_have_their_shares_and_their_symbols() -> None:
    kinds = [each.kind for each in synthetic()]
    for kind, share in LINE_SHARES.items():
        assert abs(kinds.count(kind) / len(kinds) - share) < 0.12
    for each in synthetic():
        text = set(read_labels(each.labels).tolist())
        if each.kind in ("digits", "cells", "wide row"):
            assert text & set(range(CLASSES))
            assert OTHER not in text
        elif each.kind == "line":
            assert text
        elif each.kind != "signs":  # which may stand beside digits
            assert text <= {OTHER}


def test_lines_of_other_classes_come_only_from_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters and digits from other sources than the images would have the look of other classes."""
    for name in ("hands.draw_lettering", "hands.parse_shape", "signs.load_glyphs"):
        monkeypatch.delattr(f"pipeline.reader_training.synthesis.{name}")
    for module in ("hands", "signs"):
        monkeypatch.delattr(f"pipeline.reader_training.synthesis.{module}.draw_by_hand")
    other, seen = source(tuple("abcdefghij")), set[int]()
    for seed in range(40):
        seen.update(read_labels(synthesise_any(other, fonts(), np.random.default_rng(seed)).labels).tolist())
    assert seen == set(range(CLASSES + 2))
