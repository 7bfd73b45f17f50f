"""Images drawn as text."""

import io
import re
import sys
from collections.abc import Callable

import numpy as np
import pytest

from stages.cli.drawing import draw

Stream = Callable[[str, bool], None]


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Stream:
    """Return a function that replaces standard output by a stream of this encoding, which may be a terminal."""

    def replace(encoding: str, terminal: bool) -> None:
        output = io.TextIOWrapper(io.BytesIO(), encoding)
        monkeypatch.setattr(output, "isatty", lambda: terminal)
        monkeypatch.setattr(sys, "stdout", output)

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return replace


def image(rows: list[list[int]]) -> np.ndarray:
    return np.array([rows], np.uint8)


ALL_PAIRS = image([[0, 255, 0, 255, 128, 64], [0, 0, 255, 255, 128, 64]])


@pytest.mark.parametrize(("encoding", "expected"), [("utf-8", " ▀▄█▒░"), ("ascii", " '.#:")])
def test_character_shows_the_pixel_and_the_one_below(encoding: str, expected: str, stream: Stream) -> None:
    stream(encoding, False)
    assert draw(ALL_PAIRS).startswith(expected)


def test_last_row_of_an_odd_height_has_nothing_below(stream: Stream) -> None:
    stream("utf-8", False)
    assert draw(image([[255], [255], [255]])) == "█\n▀"


def test_terminal_shows_grey_levels_of_both_pixels(stream: Stream) -> None:
    stream("utf-8", True)
    cells = re.findall(r"\x1b\[38;5;(\d+);48;5;(\d+)m▀", draw(ALL_PAIRS))
    assert cells[:4] == [("232", "232"), ("255", "232"), ("232", "255"), ("255", "255")]
    assert draw(ALL_PAIRS).endswith("\x1b[0m")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", "vt100")])
def test_no_colours_where_they_are_not_wanted_or_not_known(
    name: str, value: str, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream("utf-8", True)
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.setenv(name, value)
    assert "\x1b" not in draw(ALL_PAIRS)


@pytest.mark.parametrize(("columns", "widths"), [("60", [56, 28]), ("84", [84]), ("10", [28, 28, 28])])
def test_digits_that_do_not_fit_the_width_go_below(
    columns: str, widths: list[int], stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream("utf-8", False)
    monkeypatch.setenv("COLUMNS", columns)
    drawn = draw(np.full((3, 28, 28), 255, np.uint8)).split("\n\n")
    assert [len(block.split("\n")[0]) for block in drawn] == widths
    assert all(block.count("\n") == 13 for block in drawn)
