"""Ticks are above their word or below its line, so that none is a 1 beside it."""

import numpy as np
import pytest

from pipeline.reader_training.synthesis import ticks
from pipeline.reader_training.synthesis.lettering import (
    Lettering,
    draw_lettering,
    find_digit_height,
    find_x_height,
    list_fonts,
)
from pipeline.reader_training.synthesis.signs import crop
from pipeline.reader_training.synthesis.ticks import Tick, add_ticks

PLAIN = list_fonts("print")[0]


def write(text: str, place: str, monkeypatch: pytest.MonkeyPatch, seed: int = 0) -> tuple[Lettering, Lettering]:
    """A word without and with long ticks, all at one place."""
    monkeypatch.setattr(ticks, "TICK_PLACES", {place: 1.0})
    drawn = draw_lettering(PLAIN, text, 0)
    return drawn, add_ticks(drawn, Tick(0.6, 0.2, 0.0), find_x_height(PLAIN), np.random.default_rng(seed))


def ends(drawn: Lettering) -> tuple[float, float]:
    """The top and the bottom of a word, below the line of writing, in heights of a digit."""
    half = len(drawn.ink) / find_digit_height(PLAIN) / 2
    return drawn.middle - half, drawn.middle + half


@pytest.mark.parametrize("seed", range(6))
def test_ticks_above_leave_the_foot_of_a_word_where_it_is(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, ticked = write("nun", "above", monkeypatch, seed)
    assert ends(ticked)[1] == pytest.approx(ends(plain)[1], abs=0.06)
    assert ends(ticked)[0] < ends(plain)[0] - 0.15
    letters = crop(plain.ink)
    below = ticked.ink[-len(letters) :]
    assert below.shape[1] >= letters.shape[1]
    assert below.sum() == pytest.approx(letters.sum(), rel=0.1)  # the ticks are above


def test_a_comma_reaches_below_the_line_and_an_apostrophe_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, comma = write("nun", "comma", monkeypatch)
    assert ends(comma)[1] > ends(plain)[1] + 0.1
    plain, apostrophe = write("nun", "apostrophe", monkeypatch)
    assert ends(apostrophe)[1] == pytest.approx(ends(plain)[1], abs=0.06)


def test_dots_become_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, ticked = write("ii", "above", monkeypatch)
    paper = np.flatnonzero(~(ticked.ink > 0.3).any(axis=1))  # between the letters and the ticks
    assert len(paper)
    assert len(ticked.ink) > len(plain.ink)
