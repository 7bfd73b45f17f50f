import numpy as np
import pytest

from stages.cli.drawing import draw


def image(rows: list[list[int]]) -> np.ndarray:
    return np.array([rows], np.uint8)


def test_character_shows_the_pixel_and_the_one_below() -> None:
    assert draw(image([[0, 255, 0, 255, 128, 64], [0, 0, 255, 255, 128, 64]])) == " ▀▄█▒░"


def test_last_row_of_an_odd_height_has_nothing_below() -> None:
    assert draw(image([[255], [255], [255]])) == "█\n▀"


@pytest.mark.parametrize(("columns", "widths"), [("60", [56, 28]), ("84", [84]), ("10", [28, 28, 28])])
def test_digits_that_do_not_fit_the_width_go_below(
    columns: str, widths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    drawn = draw(np.full((3, 28, 28), 255, np.uint8)).split("\n\n")
    assert [len(block.split("\n")[0]) for block in drawn] == widths
    assert all(block.count("\n") == 13 for block in drawn)
