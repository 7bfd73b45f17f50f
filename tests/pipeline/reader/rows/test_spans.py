import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.network.losses import log_softmax
from pipeline.network.thread_pool import ThreadPool, in_sequence
from pipeline.reader.rows.labels import LINE_IMAGE_HEIGHT, LINE_MARGIN
from pipeline.reader.rows.spans import Span, crop_view, find_spans, measure, read_spans
from tests.pipeline.models import make_recogniser

A, B, SPACE, OTHER, BLANK = range(5)  # outputs for two classes
PITCH = 2.0  # pixels of a column
AB = {"a1": 20, "b1": 28}  # two digits and their columns


def make_logits(columns: int, places: dict[str, int]) -> NDArray[np.float32]:
    """Logits (outputs, columns) of symbols at these columns, such as AB, and of blanks elsewhere."""
    logits = np.zeros((5, columns), np.float32)
    logits[BLANK] = 8
    for name, column in places.items():
        logits["abso".index(name[0].replace("u", "s")), column] = 9 if name == "u" else 12
    return logits


def find(places: dict[str, int]) -> list[Span]:
    return find_spans(make_logits(80, places), 2, PITCH)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({}, []),
        ({"a1": 20}, [[A]]),
        ({"a1": 20, "b1": 28, "a2": 36}, [[A, B, A]]),
        ({"a1": 20, "s": 25, "b1": 30}, [[A], [B]]),
        ({"a1": 20, "u": 25, "b1": 30}, [[A, SPACE, B]]),  # a space that is not certain
        ({"o1": 10, "a1": 20, "b1": 28, "o2": 40, "b2": 50}, [[A, B], [B]]),
        ({"a1": 10, "b1": 45}, [[A], [B]]),  # farther apart than digits of a number
        ({"s": 20, "o": 30}, []),
    ],
)
def test_certain_spaces_other_writing_and_gaps_part_spans(places: dict[str, int], expected: list[list[int]]) -> None:
    assert [list(each.labels) for each in find(places)] == expected


def test_digits_are_where_the_columns_are() -> None:
    (number,) = find(AB)
    assert number.places.tolist() == [41, 57]
    assert number.probabilities.argmax(axis=1).tolist() == [A, B]
    assert number.probabilities.shape == (2, 2)


def test_probability_is_that_of_the_digits_whatever_stands_between_them() -> None:
    generator = np.random.default_rng(2)
    numbers = [replace(find({"a1": 20})[0], logits=generator.normal(0, 2, (5, columns))) for columns in (3, 5)]
    for number, longer in itertools.product(numbers, (False, True)):
        measured = measure(numbers if longer else [number], 2.0)
        (seen,) = [each for each in measured if each.logits is number.logits]
        p = np.exp(log_softmax(number.logits / 2))
        paths = itertools.product(range(5), repeat=number.logits.shape[1])
        seen_as = [(path, itertools.groupby(min(k, SPACE) for k in path)) for path in paths]  # all else is blank
        fitting = [path for path, merged in seen_as if [k for k, _ in merged if k != SPACE] == [A]]
        expected = sum(np.prod([p[k, column] for column, k in enumerate(path)]) for path in fitting)
        assert seen.probability == pytest.approx(expected, rel=1e-4)
    assert measure([], 1.0) == []


def test_neighbours_do_not_change_the_probability_of_a_number() -> None:
    (alone,) = measure(find(AB), 1.0)
    among = measure(find({"o": 12, **AB, "s": 36, "b2": 44}), 1.0)[0]
    assert alone.probability == pytest.approx(among.probability, abs=0.02)
    assert alone.probability > 0.8


def test_lines_of_any_length_are_read_as_alone_by_any_number_of_threads() -> None:
    model = make_recogniser("conv3x3/2p1,conv4x20x3/1p0x1", (LINE_IMAGE_HEIGHT, 64), class_names=("a", "b"))
    generator = np.random.default_rng(1)
    line_images = [
        generator.normal(0, 1, (LINE_IMAGE_HEIGHT + 2 * LINE_MARGIN, each)).astype(np.float32)
        for each in (64, 128, 64, 256, 64)
    ]
    alone = [[span.labels for span in read_spans(model, [line_image], in_sequence)[0]] for line_image in line_images]
    assert any(alone)
    with ThreadPool(2) as pool:
        together = read_spans(model, line_images, pool.run)
    assert [[span.labels for span in spans] for spans in together] == alone
    assert all(0 < span.probability <= 1 for spans in together for span in spans)


def test_views_look_lower_and_at_the_negative() -> None:
    line_images = np.random.default_rng(1).normal(0, 1, (LINE_IMAGE_HEIGHT + 2 * LINE_MARGIN, 64, 3))
    assert np.array_equal(crop_view(line_images, (-1, LINE_MARGIN)), -line_images[2 * LINE_MARGIN :])
    assert np.array_equal(crop_view(line_images, (1, 0)), line_images[LINE_MARGIN:-LINE_MARGIN])
