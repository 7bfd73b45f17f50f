import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.composition.composing import COLUMNS, HEIGHT, MAX_DIGITS, WIDTH, compose, cut_margins, list_digits
from pipeline.composition.lines import AROUND_DIGITS, KINDS, Ruler
from pipeline.composition.signs import Glyphs, Hand, choose_hand
from pipeline.composition.writing import Placed, Style, _write_row, choose_style, paste
from tests.drawings import sample_digits

DIGIT_NAMES = tuple("0123456789")


def glyphs(names: tuple[str, ...] = DIGIT_NAMES) -> Glyphs:
    images, labels = sample_digits()
    return Glyphs(images, labels, names)


def rows(digits: NDArray[np.float32]) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in digits.tolist() if row[0] >= 0]


def test_pictures_show_all_classes_sizes_and_none() -> None:
    pictures, found = zip(*(compose(glyphs(), np.random.default_rng(seed)) for seed in range(100)), strict=True)
    assert {(each.shape, each.dtype) for each in pictures} == {((HEIGHT, WIDTH), np.dtype(np.uint8))}
    assert {each.shape for each in found} == {(MAX_DIGITS, len(COLUMNS))}
    made = [*map(rows, found)]
    digits = [row for each in made for row in each]
    assert {row["label"] for row in digits} == set(range(10))
    assert min(row["size"] for row in digits) < 10
    assert max(row["size"] for row in digits) > 40
    assert all(0 < row["visible"] <= 1 for row in digits)
    assert any(row["visible"] < 0.8 for row in digits)
    assert not all(made)


def test_ink_is_where_the_digits_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.composition.writing.PUNCTUATION", 0)
    for seed in range(20):
        generator, ink = np.random.default_rng(seed), np.zeros((HEIGHT, WIDTH), np.float32)
        (placed,) = _write_row(ink, glyphs(), choose_style(choose_hand(generator), 24, generator), 48, 60, 1, generator)
        digits = list_digits([placed], (0, 0, WIDTH, HEIGHT))
        (row,) = rows(digits)
        (top, bottom), (left, right) = (np.flatnonzero((ink > 0.3).any(axis=axis))[[0, -1]] for axis in (1, 0))
        assert abs(row["y"] - (top + bottom + 1) / 2) < 1.5
        assert abs(row["x"] - (left + right + 1) / 2) < 1.5
        assert abs(row["size"] - max(bottom - top, right - left) - 1) < 2.5


def test_what_remains_between_cut_margins_stays_where_it_was() -> None:
    grey = np.random.default_rng(0).uniform(0, 255, (HEIGHT, WIDTH)).astype(np.float32)
    placed, cut = [Placed(1, 40, 70, 20, (62, 30, 78, 50))], 0
    for seed in range(40):
        levels, (left, top, right, bottom) = cut_margins(grey, placed, np.random.default_rng(seed))
        inner = np.s_[top:bottom, left:right]
        assert levels.shape == grey.shape
        assert np.array_equal(levels[inner], grey[inner].astype(np.uint8))
        assert min(right - left, bottom - top) >= 12
        cut += not np.array_equal(levels, grey.astype(np.uint8))
    assert 8 < cut < 20


@pytest.mark.parametrize(("by_ink", "least", "most"), [(False, -2, 2), (True, -30, -8)])
def test_gap_is_between_the_ink_or_the_boxes_of_neighbours(by_ink: bool, least: float, most: float) -> None:
    """Slanted strokes whose ink touches have boxes that overlap."""
    slanted = (255 * (np.eye(28)[:, ::-1] + np.eye(28, k=1)[:, ::-1])).astype(np.uint8)
    style = Style(Hand(0.0, 0.0, 1.0, 0.0, outline=False), 20, gap=0, std=0, by_ink=by_ink)
    few = Glyphs(slanted[np.newaxis], np.zeros(1, int), ("a", "b"))
    placed = _write_row(np.zeros((96, 160), np.float32), few, style, 40, 10, 6, np.random.default_rng(1))
    gaps = [after.box[0] - before.box[2] for before, after in itertools.pairwise(placed)]
    assert least <= np.median(gaps) <= most


def test_other_glyphs_come_only_from_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    other, generator = glyphs(tuple("abcdefghij")), np.random.default_rng(1)
    assert {other.draw_class(generator)[0].shape for _ in range(100)} == {(28, 28)}
    for name in ("draw_by_hand", "draw_text", "load_glyphs"):  # of letters and signs
        monkeypatch.delattr(f"pipeline.composition.signs.{name}")
    assert all(other.draw_sign(generator).any() for _ in range(100))
    monkeypatch.setattr("pipeline.composition.writing.PUNCTUATION", 0)
    for seed in range(100):
        compose(other, np.random.default_rng(seed))


@pytest.mark.parametrize("kind", [*KINDS, *AROUND_DIGITS])
def test_every_kind_of_lines_leaves_ink(kind: Any) -> None:
    placed = [Placed(1, 40, x, 20, (x - 8, 30, x + 8, 50)) for x in (40, 70, 100)]
    inks = []
    for seed in range(5):
        ruler = Ruler((HEIGHT, WIDTH), placed, 0.01, 1.2, 0.8, np.random.default_rng(seed))
        kind(ruler)
        inks.append(ruler.ink())
    assert np.max(inks) > 0.3
    assert np.min(inks) == 0
    assert np.mean(inks) < 0.5


@pytest.mark.parametrize(("top", "left"), [(-3, 4), (8, -2), (9, 9), (50, 3), (-50, 0)])
def test_ink_beyond_the_page_is_lost(top: int, left: int) -> None:
    sheet, ink = np.zeros((12, 10), np.float32), np.ones((5, 4), np.float32)
    paste(sheet, ink, top, left)
    larger = np.zeros((112, 110), np.float32)
    larger[50 + top : 55 + top, 50 + left : 54 + left] = 1
    assert np.array_equal(sheet, larger[50:62, 50:60])
