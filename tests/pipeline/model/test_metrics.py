import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.model.metrics import (
    BINS,
    ClassMetrics,
    compute_metrics,
    count_confusion,
    list_confusions,
    measure_reliability,
    negative_log_likelihood,
    per_class,
    wilson_interval,
)

Predictions = tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture
def predictions() -> Predictions:
    """Probabilities of four classes, the last never true and never predicted; predicted labels; true labels."""
    generator = np.random.default_rng(0)
    probabilities = np.zeros((500, 4), np.float32)
    probabilities[:, :3] = generator.dirichlet([1, 1, 1], 500)
    predicted = probabilities.argmax(axis=1).astype(np.uint8)
    truth = np.where(generator.random(500) < 0.7, predicted, generator.integers(0, 3, 500)).astype(np.uint8)
    return probabilities, predicted, truth


def test_confusion_and_class_metrics_equal_scikit_learn(predictions: Predictions) -> None:
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support  # slow: not in each test process

    _, predicted, truth = predictions
    confusion = count_confusion(truth, predicted, 4)
    assert confusion.dtype == np.int64
    assert np.array_equal(confusion, confusion_matrix(truth, predicted, labels=range(4)))
    expected = precision_recall_fscore_support(truth, predicted, labels=range(4), zero_division=0)
    found = [
        [getattr(metrics, name) for metrics in per_class(confusion)] for name in ("precision", "recall", "f1", "images")
    ]
    np.testing.assert_allclose(found, expected)


def test_confusion_does_not_overflow_with_many_classes() -> None:
    labels = np.full(3, 255, np.uint8)
    assert count_confusion(labels, labels, 256)[255, 255] == 3


def test_negative_log_likelihood_equals_scikit_learn(predictions: Predictions) -> None:
    from sklearn.metrics import log_loss

    probabilities, _, truth = predictions
    normalised = probabilities[:, :3] / probabilities[:, :3].sum(axis=1, keepdims=True, dtype=float)
    expected = log_loss(truth, normalised, labels=range(3))
    assert negative_log_likelihood(probabilities, truth) == pytest.approx(expected, rel=1e-5)


def test_likelihood_stays_finite_at_probability_zero() -> None:
    assert 80 < negative_log_likelihood(np.array([[1, 0]], np.float32), np.array([1], np.uint8)) < 100


@given(st.integers(1, 2000), st.data())
def test_wilson_interval_equals_scipy(total: int, data: st.DataObject) -> None:
    from scipy.stats import binomtest

    successes = data.draw(st.integers(0, total))
    expected = binomtest(successes, total).proportion_ci(0.95, method="wilson")
    assert wilson_interval(successes, total) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_confidence_one_is_in_the_last_bin() -> None:
    # One image at 1.0, wrong; one at 0.95, correct: their gaps in the same bin are -1 and 0.05.
    probabilities = np.array([[1, 0], [0.95, 0.05]], np.float32)
    assert measure_reliability(probabilities, np.array([1, 0], np.uint8)).error == pytest.approx(0.95 / 2)


def test_reliability_equals_direct_computation(predictions: Predictions) -> None:
    probabilities, predicted, truth = predictions
    confidence, correct = probabilities.max(axis=1), predicted == truth
    found = measure_reliability(probabilities, truth)
    edges = np.linspace(0, 1, BINS + 1)
    for index, (low, high) in enumerate(itertools.pairwise(edges)):
        inside = (confidence >= low) & ((confidence < high) | (high == 1))
        assert (found.counts[index], found.correct[index]) == (inside.sum(), correct[inside].sum())
        assert found.gaps[index] == pytest.approx(correct[inside].sum() - confidence[inside].sum(dtype=float))
    assert found.error == pytest.approx(np.abs(found.gaps).sum() / 500)


def test_compute_metrics_returns_all_metrics(predictions: Predictions) -> None:
    probabilities, predicted, truth = predictions
    metrics, confusion = compute_metrics(probabilities, truth, ["a", "b", "c", "d"])
    assert np.array_equal(confusion, count_confusion(truth, predicted, 4))
    correct = int((predicted == truth).sum())
    assert (metrics.images, metrics.errors, metrics.accuracy) == (500, 500 - correct, correct / 500)
    low, high = metrics.accuracy_interval_95
    assert 0 < low < correct / 500 < high < 1
    assert list(metrics.classes) == ["a", "b", "c", "d"]
    assert metrics.classes["d"] == ClassMetrics(0, 0, 0, 0)


def test_confusions_are_counted_per_true_class_most_frequent_first() -> None:
    confusion = np.array([[6, 3, 1], [0, 5, 0], [2, 0, 8]])
    assert list_confusions(confusion, "abc", 2) == [("a", "b", 3, 0.3), ("c", "a", 2, 0.2)]
    assert list_confusions(confusion, "abc", 9)[2:] == [("a", "c", 1, 0.1)]
