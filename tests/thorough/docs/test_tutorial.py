"""The tutorial's code prints the output shown after it, and draws its pictures."""

import re
from itertools import zip_longest

import pytest

from tests.docs.pages import Block
from tests.docs.test_tutorial import BLOCKS, REFRESH, TEXT
from tests.docs.tutorial import PICTURES, Run, find_steps, run, run_steps

TOLERANCE = 1.0  # of an accuracy, in percent: another processor may round differently
FAILED = 50  # percent: below it, training has failed, and the accuracy depends on roundings
DRAWING = re.compile(r"^(?=.*[+#=-])[ +#=-]+$", re.MULTILINE)  # a line of it
UNTRAINED = ("network", "patches")  # pictures without trained weights, equal on all processors


@pytest.fixture(scope="module")
def done() -> Run:
    return run(TEXT)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"line{block.first}")
def test_block_prints_what_the_page_shows(block: Block, done: Run) -> None:
    assert_alike(done.printed[block.first], block.output or "")


def test_answers_change_no_later_result(done: Run) -> None:
    _, *others = find_steps(TEXT)
    assert run_steps(TEXT, {}) == "".join(done.printed[block.first] for block in others)


def assert_alike(printed: str, shown: str) -> None:
    """Check that two outputs differ at most in roundings: by the tolerance, and in a tenth of a drawing."""
    (found, found_accuracies), (expected, expected_accuracies) = split_accuracies(printed), split_accuracies(shown)
    assert DRAWING.sub("", found) == DRAWING.sub("", expected)
    for accuracy, other in zip(found_accuracies, expected_accuracies, strict=True):
        assert abs(accuracy - other) <= TOLERANCE or max(accuracy, other) < FAILED
    lines = zip(DRAWING.findall(found), DRAWING.findall(expected), strict=True)
    differs = [a != b for pair in lines for a, b in zip_longest(*pair)]
    assert sum(differs) <= 0.1 * len(differs)


def split_accuracies(text: str) -> tuple[str, list[float]]:
    """Return the text without accuracies and without spaces at the ends of lines, and the accuracies."""
    pattern = r"([\d.]+)%"
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(pattern, "%", lines), [float(number) for number in re.findall(pattern, text)]


def test_pictures_without_trained_weights_are_drawn_again(done: Run) -> None:
    assert done.pictures.keys() == {path.name for path in PICTURES.glob("*.svg")}
    for name, picture in done.pictures.items():
        if name.startswith(UNTRAINED):
            assert (PICTURES / name).read_text(encoding="utf-8") == picture, REFRESH
