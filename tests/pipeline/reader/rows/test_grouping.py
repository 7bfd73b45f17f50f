"""Spans of the classes a and b, in which a space stands in the columns that a test names, with its probability."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.reader.rows.fitting import merge_outputs
from pipeline.reader.rows.grouping import Grouped, group
from pipeline.reader.rows.spans import Span, find_spans, measure
from tests.pipeline.reader.rows.paths import enumerate_paths, make_logits

A, B, SPACE, OTHER, POINT, BLANK = range(6)
PITCH = 2.0


def write(digits: Sequence[int], gaps: Sequence[float]) -> NDArray[np.float32]:
    """Logits (outputs, columns) of digits, with a space between each two, of the probability in gaps."""
    p = np.full((6, 8 * len(digits) + 8), 1e-6)
    p[BLANK] = 1
    for i, digit in enumerate(digits):
        p[digit, 8 * i + 8] = 1e4
    for i, chance in enumerate(gaps):
        p[[SPACE, BLANK], 8 * i + 12] = chance, 1 - chance
    return np.asarray(np.log(p), np.float32)


def find(digits: Sequence[int], gaps: Sequence[float]) -> list[Span]:
    return measure(find_spans(write(digits, gaps), 2, PITCH), 1.0)


def regroup(span: Span, count: int = 8) -> Grouped:
    return group(span, 1.0, count)


def test_row_whose_spaces_are_uncertain_is_one_span_with_certain_digits() -> None:
    (span,) = find([A, B] * 5, [0.55, 0.4, 0.6, 0.45, 0.5, 0.55, 0.4, 0.6, 0.45])
    found = regroup(span, 3)
    assert span.is_reported
    assert span.probability > 0.9
    assert found.probability < 0.02  # a number with this probability is not reported
    assert [symbol for symbol in found.text if symbol != SPACE] == [A, B] * 5
    (together, _), (apart, _), (other, _) = found.others
    assert together == (A, B) * 5
    assert apart == (A, SPACE, B, SPACE) * 4 + (A, SPACE, B)
    assert found.probability >= max(chance for _, chance in found.others)
    assert [symbol for symbol in other if symbol != SPACE] == [A, B] * 5


def test_groupings_have_the_probability_of_their_paths() -> None:
    logits = make_logits(6, 5, seed=1)
    found = regroup(Span((A, SPACE, B), np.array([1.0, 9.0]), np.eye(2), logits), 100)
    counted = merge_outputs(logits, np.array([A, B, SPACE, SPACE, POINT, BLANK]))  # other writing parts, as spaces do
    expected = {text: sum(paths.values()) for text, paths in enumerate_paths(counted).items()}
    for text, chance in ((found.text, found.probability), *found.others):
        assert chance == pytest.approx(expected[text], rel=1e-3)
    assert found.text == max(((A, B), (A, SPACE, B)), key=lambda text: expected[text])


def test_numbers_of_a_span_have_their_digits_and_the_probability_of_the_spaces_beside_them() -> None:
    (span,) = find([A, B, B, A], [0.8, 0.1, 0.7])
    found = regroup(span)
    assert found.text == (A, SPACE, B, B, SPACE, A)
    assert [(labels, span.places[own].tolist()) for labels, _, own in found.numbers] == [
        ((A,), [17]),
        ((B, B), [33, 49]),
        ((A,), [65]),
    ]
    chances = [chance for _, chance, _ in found.numbers]
    assert chances == pytest.approx([0.8, 0.8 * 0.9 * 0.7, 0.7], abs=0.01)
    assert found.probability == pytest.approx(0.8 * 0.9 * 0.7, abs=0.01)


def test_alternatives_are_the_most_probable_other_texts() -> None:
    logits = write([A, B], [0.2])
    logits[A, 16] = logits[B, 16] - 1  # b or perhaps a
    (span,) = measure(find_spans(logits, 2, PITCH), 1.0)
    found = regroup(span)
    assert found.text == (A, B)
    assert [text for text, _ in found.others[:3]] == [(A, SPACE, B), (A, A), (A, SPACE, A)]
    assert sum(chance for _, chance in found.others) + found.probability <= 1
    assert all(text[0] <= B and text[-1] <= B for text, _ in found.others)


def test_certain_text_has_no_others_and_a_pattern_keeps_its_own() -> None:
    (span,) = find([A, B], [1e-4])
    assert (regroup(span).text, regroup(span).others) == ((A, B), ())
    fitted = Span((A, B), span.places, span.probabilities, span.logits, 0.7, (((A, A), 0.2),))
    assert regroup(fitted) == Grouped((A, B), 0.7, (((A, A), 0.2),), (((A, B), 0.7, slice(None)),))
