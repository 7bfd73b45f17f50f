"""Metrics of predictions: accuracy and its confidence interval, per-class metrics, likelihood, calibration."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import read_array, save_array
from pipeline.engine.documents import NonNegative, Positive, Share, advise_anew, load_json, save_json
from pipeline.engine.errors import PipelineError

METRICS_FILE, CONFUSION_FILE, PROBABILITIES_FILE = "metrics.json", "confusion.npy", "probabilities.npy"

Z_95 = 1.959963984540054  # the 0.975 quantile of the standard normal distribution
BINS = 15  # of confidence, for the calibration error, as in Guo et al. 2017


@dataclass(frozen=True)
class ClassMetrics:
    """The metrics of one class, 0 where undefined. images: number of images of the class."""

    precision: Share
    recall: Share
    f1: Share
    images: NonNegative


@dataclass(frozen=True)
class Metrics:
    """The content of metrics.json. classes: the metrics of each class by its name, in the order of the labels."""

    images: Positive
    errors: NonNegative
    accuracy: Share
    accuracy_interval_95: tuple[Share, Share]
    negative_log_likelihood: float
    expected_calibration_error: Share
    classes: Mapping[str, ClassMetrics]


def load_metrics(folder: Path, class_names: Sequence[str] | None = None) -> Metrics:
    """Return the metrics in an artifact of `evaluate`.

    class_names: the required classes. Raises PipelineError if the file is missing or damaged, or has other classes.
    """
    path = folder / METRICS_FILE
    metrics = load_json(path, Metrics)
    if class_names is not None and tuple(metrics.classes) != tuple(class_names):
        raise PipelineError(f"{path} has other classes than the model: {advise_anew(path)}")
    return metrics


def load_confusion(folder: Path, classes: int) -> NDArray[np.int64]:
    """Return the confusion matrix in an artifact of `evaluate`. Raises ArrayError if it is missing or damaged."""
    return read_array(folder / CONFUSION_FILE, np.int64, (classes, classes), below=1 << 32)  # sums stay exact


def load_probabilities(folder: Path, images: int, classes: int) -> NDArray[np.float32]:
    """Return the probabilities, (n, c), in an artifact of `evaluate`. Raises ArrayError as `load_confusion` does."""
    return read_array(folder / PROBABILITIES_FILE, np.float32, (images, classes), below=1.01)  # or rounded


def save_metrics(
    folder: Path, metrics: Metrics, confusion: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> None:
    """Write what `load_metrics`, `load_confusion` and `load_probabilities` read."""
    save_array(folder / CONFUSION_FILE, confusion)
    save_array(folder / PROBABILITIES_FILE, probabilities)
    save_json(folder / METRICS_FILE, asdict(metrics))


def count_confusion(
    truth: NDArray[np.integer[Any]], predicted: NDArray[np.integer[Any]], classes: int
) -> NDArray[np.int64]:
    """Return the confusion matrix, (classes, classes): rows are true classes, columns predicted classes."""
    pairs = truth.astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def compute_metrics(
    probabilities: NDArray[np.float32], labels: NDArray[np.integer[Any]], class_names: Sequence[str]
) -> tuple[Metrics, NDArray[np.int64]]:
    """Return all metrics of a test set and its confusion matrix, int64 (c, c), whose rows are true classes.

    probabilities: float32 (n, c). labels: (n,). class_names: the names of the c classes.
    """
    confusion = count_confusion(labels, probabilities.argmax(axis=1), len(class_names))
    total, correct = len(labels), int(np.trace(confusion))
    metrics = Metrics(
        images=total,
        errors=total - correct,
        accuracy=correct / total,
        accuracy_interval_95=wilson_interval(correct, total),
        negative_log_likelihood=negative_log_likelihood(probabilities, labels),
        expected_calibration_error=measure_reliability(probabilities, labels).error,
        classes=dict(zip(class_names, per_class(confusion), strict=True)),
    )
    return metrics, confusion


def list_confusions(
    confusion: NDArray[np.int64], names: Sequence[str], limit: int
) -> list[tuple[str, str, int, float]]:
    """Return the `limit` most frequent confusions: true class, predicted class, count, fraction of the true class."""
    wrong = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-wrong.reshape(-1), kind="stable")[:limit]
    cells = [divmod(int(index), len(names)) for index in order]
    return [
        (names[true], names[other], int(wrong[true, other]), float(wrong[true, other] / confusion[true].sum()))
        for true, other in cells
        if wrong[true, other]
    ]


def wilson_interval(successes: int, total: int) -> tuple[float, float]:
    """Return the 95% confidence interval of a proportion.  (Wilson 1927)

    Unlike the normal approximation it stays within [0, 1] and is accurate near both ends.

    >>> [round(bound, 4) for bound in wilson_interval(9946, 10_000)]
    [0.993, 0.9959]
    """
    share, z = successes / total, Z_95
    centre = share + z * z / (2 * total)
    margin = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    low, high = ((centre + sign * margin) / (1 + z * z / total) for sign in (-1, 1))
    return max(0.0, low), min(1.0, high)


def negative_log_likelihood(probabilities: NDArray[np.float32], labels: NDArray[np.integer[Any]]) -> float:
    """Return the mean of -log p[label], the cross-entropy. probabilities: (n, c); labels: (n,)."""
    likelihoods = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.mean(np.log(np.maximum(likelihoods, np.finfo(np.float32).tiny))))


@dataclass(frozen=True)
class Reliability:
    """Statistics of equal bins of confidence, each (bins,).

    counts: images, int64. correct: correctly classified images, int64. gaps: `correct` minus the sum of confidences,
    float64.
    """

    counts: NDArray[np.int64]
    correct: NDArray[np.int64]
    gaps: NDArray[np.float64]

    @property
    def error(self) -> float:
        """The expected calibration error, in [0, 1].  (Guo et al. 2017, eq. 3)"""
        return float(np.abs(self.gaps).sum() / self.counts.sum())


def measure_reliability(probabilities: NDArray[np.float32], labels: NDArray[np.integer[Any]]) -> Reliability:
    """Divide images by confidence into BINS bins of [0, 1]. probabilities: (n, c); labels: (n,)."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return Reliability(
        counts=np.bincount(bin_of, minlength=BINS),
        correct=np.bincount(bin_of[correct], minlength=BINS),
        gaps=np.bincount(bin_of, weights=correct - confidence, minlength=BINS).astype(np.float64),
    )


def per_class(confusion: NDArray[np.int64]) -> list[ClassMetrics]:
    """Return the metrics of each class. confusion: (classes, classes), true classes in rows."""
    correct, predicted, true = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    ratios = (correct, predicted), (correct, true), (2 * correct, predicted + true)
    shares = (np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0).tolist() for part, whole in ratios)
    return [ClassMetrics(*each) for each in zip(*shares, true.tolist(), strict=True)]
