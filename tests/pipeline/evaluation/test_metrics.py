import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from pipeline.evaluation.metrics import (
    ClassMetrics,
    count_confusion,
    measure_reliability,
    negative_log_likelihood,
    per_class,
    summarise,
    wilson_interval,
)

Guesses = tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture
def guesses() -> Guesses:
    """Probabilities of four classes, of which the last is never true and never said; what they say; the truth."""
    generator = np.random.default_rng(0)
    probabilities = np.zeros((500, 4), np.float32)
    probabilities[:, :3] = generator.dirichlet([1, 1, 1], 500)
    said = probabilities.argmax(axis=1).astype(np.uint8)
    truth = np.where(generator.random(500) < 0.7, said, generator.integers(0, 3, 500)).astype(np.uint8)
    return probabilities, said, truth


def test_confusion_and_per_class_figures_are_scikit_learns(guesses: Guesses) -> None:
    _, said, truth = guesses
    confusion = count_confusion(truth, said, 4)
    assert confusion.dtype == np.int64
    assert np.array_equal(confusion, confusion_matrix(truth, said, labels=range(4)))
    expected = precision_recall_fscore_support(truth, said, labels=range(4), zero_division=0)
    found = [
        [getattr(figures, name) for figures in per_class(confusion)] for name in ("precision", "recall", "f1", "images")
    ]
    np.testing.assert_allclose(found, expected)


def test_the_count_does_not_overflow_with_many_classes() -> None:
    labels = np.full(3, 255, np.uint8)
    assert count_confusion(labels, labels, 256)[255, 255] == 3


def test_negative_log_likelihood_is_scikit_learns(guesses: Guesses) -> None:
    probabilities, _, truth = guesses
    shares = probabilities[:, :3] / probabilities[:, :3].sum(axis=1, keepdims=True, dtype=float)
    expected = log_loss(truth, shares, labels=range(3))
    assert negative_log_likelihood(probabilities, truth) == pytest.approx(expected, rel=1e-5)


def test_certainty_about_the_wrong_class_stays_finite() -> None:
    assert 80 < negative_log_likelihood(np.array([[1, 0]], np.float32), np.array([1], np.uint8)) < 100


@given(st.integers(1, 2000), st.data())
def test_the_interval_is_scipys(total: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, total))
    expected = binomtest(successes, total).proportion_ci(0.95, method="wilson")
    assert wilson_interval(successes, total) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_calibration_error_worked_by_hand() -> None:
    # Three images at 0.9 of which one is right, one at 0.6 that is right: (|1 - 2.7| + |1 - 0.6|) / 4.
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.6, 0.4]], np.float32)
    assert measure_reliability(probabilities, np.array([0, 1, 0, 0], np.uint8)).error == pytest.approx((1.7 + 0.4) / 4)


def test_full_certainty_shares_a_bin_with_almost_full() -> None:
    # One at 1.0 that is wrong, one at 0.95 that is right: their gaps, -1 and 0.05, are taken together.
    probabilities = np.array([[1, 0], [0.95, 0.05]], np.float32)
    assert measure_reliability(probabilities, np.array([1, 0], np.uint8)).error == pytest.approx(0.95 / 2)


def test_images_are_sorted_by_confidence_and_the_error_is_that_of_their_gaps(guesses: Guesses) -> None:
    probabilities, said, truth = guesses
    confidence, right = probabilities.max(axis=1), said == truth
    found = measure_reliability(probabilities, truth, bins=10)
    edges = np.linspace(0, 1, 11)
    for number, (low, high) in enumerate(itertools.pairwise(edges)):
        inside = (confidence >= low) & ((confidence < high) | (high == 1))
        assert (found.counts[number], found.right[number]) == (inside.sum(), right[inside].sum())
        assert found.gaps[number] == pytest.approx(right[inside].sum() - confidence[inside].sum(dtype=float))
    assert found.error == pytest.approx(np.abs(found.gaps).sum() / 500)


def test_certainty_that_is_always_right_is_calibrated() -> None:
    assert measure_reliability(np.eye(3, dtype=np.float32), np.arange(3, dtype=np.uint8)).error == 0


def test_the_summary_has_them_all(guesses: Guesses) -> None:
    probabilities, said, truth = guesses
    summary, confusion = summarise([(probabilities, truth)], ["a", "b", "c", "d"])
    assert np.array_equal(confusion, count_confusion(truth, said, 4))
    right = int((said == truth).sum())
    assert (summary.images, summary.errors, summary.accuracy) == (500, 500 - right, right / 500)
    low, high = summary.accuracy_interval_95
    assert 0 < low < right / 500 < high < 1
    assert list(summary.classes) == ["a", "b", "c", "d"]
    assert summary.classes["d"] == ClassMetrics(0, 0, 0, 0)


@pytest.mark.parametrize("size", [1, 77, 499])
def test_the_summary_of_parts_is_that_of_the_whole(size: int, guesses: Guesses) -> None:
    probabilities, _, truth = guesses
    names = ["a", "b", "c", "d"]
    whole, confusion = summarise([(probabilities, truth)], names)
    cuts = range(0, 500, size)
    parts, same = summarise(((probabilities[i : i + size], truth[i : i + size]) for i in cuts), names)
    assert np.array_equal(same, confusion)
    inexact = ("negative_log_likelihood", "expected_calibration_error")
    for name in inexact:
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-12)
    assert replace(parts, **{name: getattr(whole, name) for name in inexact}) == whole
