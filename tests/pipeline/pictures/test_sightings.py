import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.network.ctc import read_greedily
from pipeline.network.gradient_descent import in_sequence
from pipeline.network.losses import log_softmax
from pipeline.pictures.cutting import SHEET, Strip
from pipeline.pictures.lines import CentreLine
from pipeline.pictures.sightings import (
    Sighting,
    find_alternatives,
    find_numbers,
    keep_best,
    measure,
    read_strips,
)
from pipeline.training.team import ThreadTeam
from tests.pipeline.models import make_model

A, B, SPACE, OTHER, BLANK = range(5)  # outputs for two classes
PITCH = 2  # pixels of a column
AB = {"a1": 20, "b1": 28}  # two digits and their columns


def make_strip(length: int, y: float = 50, size: float = 38, x: tuple[float, ...] = ()) -> Strip:
    """A level strip, whose pixels are 2 pixels of the picture; x: where the first network has seen digits."""
    line = CentreLine(np.full(len(x), y), np.array(x), np.ones(len(x)), size, 0.0)
    grey = np.random.default_rng(length).uniform(0, 255, (SHEET, length)).astype(np.float32)
    return Strip(grey, np.full(length, y), 2 * np.arange(length) + 0.5, line)


def make_logits(columns: int, places: dict[str, int]) -> NDArray[np.float32]:
    """Logits (outputs, columns) of symbols at these columns, such as AB, and of blanks elsewhere."""
    logits = np.zeros((5, columns), np.float32)
    logits[BLANK] = 8
    for name, column in places.items():
        logits["abso".index(name[0]), column] = 12
    return logits


def find(columns: int, places: dict[str, int], strip: Strip | None = None) -> list[Sighting]:
    logits = make_logits(columns, places)
    (found,) = read_greedily(logits[..., np.newaxis])
    return list(find_numbers(strip or make_strip(PITCH * columns), found, logits, 2))


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({}, []),
        ({"a1": 20}, [[A]]),
        ({"a1": 20, "b1": 28, "a2": 36}, [[A, B, A]]),
        ({"a1": 20, "s": 25, "b1": 30}, [[A], [B]]),
        ({"o1": 10, "a1": 20, "b1": 28, "o2": 40, "b2": 50}, [[A, B], [B]]),
        ({"a1": 20, "b1": 45}, [[A], [B]]),  # farther apart than digits of a number
        ({"s": 20, "o": 30}, []),
    ],
)
def test_numbers_are_parted_by_spaces_other_writing_and_gaps(places: dict[str, int], expected: list[list[int]]) -> None:
    assert [list(each.labels) for each in find(80, places)] == expected


def test_digits_are_where_the_columns_are() -> None:
    (number,) = find(80, AB, make_strip(160, y=70))
    np.testing.assert_allclose(number.x, [2 * 40.5 + 0.5, 2 * 56.5 + 0.5], atol=2)
    assert number.y.tolist() == [70, 70]
    assert number.probabilities.argmax(axis=1).tolist() == [A, B]
    assert number.probabilities.shape == (2, 2)


@pytest.mark.parametrize(("seen", "supported"), [((82.0, 114.0), True), ((82.0,), True), ((300.0,), False)])
def test_number_is_supported_by_what_the_first_network_has_seen(seen: tuple[float, ...], supported: bool) -> None:
    (number,) = find(80, AB, make_strip(160, x=seen))
    assert number.supported is supported


def test_probability_is_that_of_the_digits_in_their_columns() -> None:
    generator = np.random.default_rng(2)
    numbers = [replace(find(80, {"a1": 20})[0], logits=generator.normal(0, 2, (5, columns))) for columns in (3, 5)]
    for number, longer in itertools.product(numbers, (False, True)):
        measured = measure(numbers if longer else [number], 2.0)
        (seen,) = [each for each in measured if each.logits is number.logits]
        p = np.exp(log_softmax(number.logits / 2))
        paths = itertools.product(range(5), repeat=number.logits.shape[1])
        fitting = [path for path in paths if [k for k, _ in itertools.groupby(path) if k != BLANK] == [A]]
        expected = sum(np.prod([p[k, column] for column, k in enumerate(path)]) for path in fitting)
        assert seen.probability == pytest.approx(expected, rel=1e-4)
    assert measure([], 1.0) == []


def test_neighbours_do_not_change_the_probability_of_a_number() -> None:
    (alone,) = measure(find(80, AB), 1.0)
    among = measure(find(80, {"o": 12, **AB, "s": 36, "b2": 44}), 1.0)[0]
    assert alone.probability == pytest.approx(among.probability, abs=0.02)
    assert alone.probability > 0.8


def test_of_numbers_that_share_a_digit_the_better_one_is_kept() -> None:
    (number,) = find(80, AB)
    first = replace(number, probability=0.7, supported=True)
    unseen = replace(first, probability=0.9, supported=False)
    shifted = replace(first, probability=0.6, x=first.x + 5, y=first.y - 5)
    below = replace(first, probability=0.2, y=first.y + 40)
    assert keep_best([below, unseen, shifted, first]) == [first, below]
    assert keep_best([]) == []


def test_alternatives_are_the_most_probable_other_numbers() -> None:
    logits = make_logits(80, AB)
    logits[A, 28] = 11  # b or perhaps a
    logits[OTHER, 20] = 10
    (found,) = read_greedily(logits[..., np.newaxis])
    (number,) = measure(list(find_numbers(make_strip(160), found, logits, 2)), 1.0)
    (text, chance), *_ = find_alternatives(number, 1.0, 3)
    assert text == (A, A)
    assert 0.1 < chance < number.probability
    assert all(A <= label <= B for labels, _ in find_alternatives(number, 1.0, 3) for label in labels)
    assert sum(chance for _, chance in find_alternatives(number, 1.0, 3)) + number.probability <= 1


def test_strips_of_any_length_are_read_as_alone_by_any_number_of_threads() -> None:
    model = make_model("conv3x3/2p1,conv4x20x3/1p0x1", shape=(40, 64), class_names=("a", "b"), by_column=True)
    strips = [make_strip(length) for length in (64, 128, 64, 256, 64)]
    alone = [each for strip in strips for each in read_strips(model, [strip], in_sequence)]
    assert len(alone) > 2
    with ThreadTeam(2) as team:
        together = read_strips(model, strips, team.run)
    assert sorted(each.labels for each in together) == sorted(each.labels for each in alone)
