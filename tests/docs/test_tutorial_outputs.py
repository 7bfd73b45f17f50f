"""The tutorial's code prints the output shown after it, and draws its pictures."""

import re
from itertools import zip_longest

import pytest

from tests.docs.test_tutorial import REFRESH, TEXT
from tests.docs.tutorial import PICTURES, find_blocks, run

pytestmark = pytest.mark.slow

TOLERANCE = 1.0  # of an accuracy, in percent: another processor may round differently
FAILED = 50  # percent: below it, training has failed, and the accuracy depends on roundings
DRAWING = re.compile(r"^(?=.*[+#=-])[ +#=-]+$", re.MULTILINE)  # a line of it
UNTRAINED = ("network", "patches", "rotation")  # pictures without trained weights, equal on all processors
NUMBERS = re.compile(r"base64,[\w+/=]+|[\d.]+")

Done = tuple[str, dict[str, str]]  # the page, and its pictures


@pytest.fixture(scope="module")
def done() -> Done:
    return run(TEXT)


def test_blocks_print_what_the_page_shows(done: Done) -> None:
    for block, again in zip(find_blocks(TEXT), find_blocks(done[0]), strict=True):
        assert_alike(again.output or "", block.output or "")


def test_answers_change_no_later_result(done: Done) -> None:
    without, _ = run(TEXT, answers=False)
    with_answers, without_answers = (
        [block.output for block in find_blocks(text) if not block.folded] for text in (done[0], without)
    )
    assert with_answers == without_answers


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
    """Return the text without accuracies, and the accuracies."""
    pattern = r"([\d.]+)%"
    return re.sub(pattern, "%", text), [float(number) for number in re.findall(pattern, text)]


def test_pictures_are_drawn_again(done: Done) -> None:
    assert done[1].keys() == {path.name for path in PICTURES.glob("*.svg")}
    for name, picture in done[1].items():
        stored = (PICTURES / name).read_text(encoding="utf-8")
        assert NUMBERS.sub("", stored) == NUMBERS.sub("", picture), f"{name}: {REFRESH}"
        assert stored == picture or not name.startswith(UNTRAINED), f"{name}: {REFRESH}"
