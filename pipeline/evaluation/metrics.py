"""Numbers that say how good predictions are, and how far these numbers can be trusted."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.documents import Count, Positive, Share, load_json

FILE = "metrics.json"

Z_95 = 1.959963984540054  # a standard normal variable stays within +- this with 95 % probability
BINS = 15  # of the calibration error, as in Guo et al. 2017
PART = 65_536  # images of which the metrics are taken at a time; in other parts their last digits may differ


@dataclass(frozen=True)
class ClassMetrics:
    """Of one class: shares, 0 where undefined, and how many images it has."""

    precision: Share
    recall: Share
    f1: Share
    images: Count


@dataclass(frozen=True)
class Metrics:
    """What metrics.json holds of a test set. classes: by name, in the order of the labels."""

    images: Positive
    errors: Count
    accuracy: Share
    accuracy_interval_95: tuple[Share, Share]
    negative_log_likelihood: float
    expected_calibration_error: Share
    classes: Mapping[str, ClassMetrics]


def load_metrics(folder: Path) -> Metrics:
    """Return the metrics in an artifact's folder. Raises PipelineError if they are missing or damaged."""
    return load_json(folder / FILE, Metrics)


def count_confusion(truth: NDArray[np.uint8], said: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    """How often each class was taken for each: (classes, classes), rows are the truth."""
    pairs = truth.astype(np.int64) * classes + said
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def summarise(
    parts: Iterable[tuple[NDArray[np.float32], NDArray[np.uint8]]], class_names: Sequence[str]
) -> tuple[Metrics, NDArray[np.int64]]:
    """All metrics of a test set, and its confusion, (c, c), where rows are the truth.

    parts: the probabilities, (n, c), and the labels, (n,), of consecutive images; one part is in memory at a time.
    """
    classes = len(class_names)
    confusion = np.zeros((classes, classes), np.int64)
    costs, reliability = [], NOTHING_SEEN
    for probabilities, labels in parts:
        confusion += count_confusion(labels, probabilities.argmax(axis=1).astype(np.uint8), classes)
        costs.append(negative_log_likelihood(probabilities, labels) * len(labels))
        reliability += measure_reliability(probabilities, labels)
    total, right = int(confusion.sum()), int(np.trace(confusion))
    metrics = Metrics(
        images=total,
        errors=total - right,
        accuracy=right / total,
        accuracy_interval_95=wilson_interval(right, total),
        negative_log_likelihood=math.fsum(costs) / total,
        expected_calibration_error=reliability.error,
        classes=dict(zip(class_names, per_class(confusion), strict=True)),
    )
    return metrics, confusion


def list_confusions(confusion: NDArray[np.int64], names: Sequence[str], most: int) -> list[tuple[str, str, int, float]]:
    """The `most` frequent confusions: true class, predicted class, count, share of the true class's images."""
    wrong = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-wrong.reshape(-1), kind="stable")[:most]
    places = [divmod(int(place), len(names)) for place in order]
    return [
        (names[true], names[said], int(wrong[true, said]), float(wrong[true, said] / confusion[true].sum()))
        for true, said in places
        if wrong[true, said]
    ]


def wilson_interval(successes: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """Where the true share lies, with 95 % confidence, if `successes` of `total` were seen.

    Unlike the normal approximation it stays within [0, 1] and holds near its ends.  (Wilson 1927)
    """
    share = successes / total
    centre = share + z * z / (2 * total)
    margin = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    low, high = ((centre + sign * margin) / (1 + z * z / total) for sign in (-1, 1))
    return max(0.0, low), min(1.0, high)


def negative_log_likelihood(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """Mean of -log p[label]: the cross-entropy that the network would have liked to see at 0."""
    believed = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.mean(np.log(np.maximum(believed, np.finfo(np.float32).tiny))))


@dataclass(frozen=True)
class Reliability:
    """Images sorted into equal intervals of confidence, a number for each interval.

    counts: images, int64 (bins,). right: those of them that were recognised, int64 (bins,). gaps: the sums of
    1 - confidence over these and of -confidence over the others, float64 (bins,).
    """

    counts: NDArray[np.int64]
    right: NDArray[np.int64]
    gaps: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error, in [0, 1].  (Guo et al. 2017, eq. 3)"""
        return float(np.abs(self.gaps).sum() / self.counts.sum())

    def __add__(self, other: "Reliability") -> "Reliability":
        """That of the images of both."""
        return Reliability(self.counts + other.counts, self.right + other.right, self.gaps + other.gaps)


NOTHING_SEEN = Reliability(np.zeros(BINS, np.int64), np.zeros(BINS, np.int64), np.zeros(BINS))


def measure_reliability(probabilities: NDArray[np.float32], labels: NDArray[np.uint8], bins: int = BINS) -> Reliability:
    """Sort images by confidence into `bins` intervals of [0, 1]. probabilities: (n, c); labels: (n,)."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    return Reliability(
        counts=np.bincount(bin_of, minlength=bins),
        right=np.bincount(bin_of[right], minlength=bins),
        gaps=np.bincount(bin_of, weights=right - confidence, minlength=bins).astype(np.float64),
    )


def per_class(confusion: NDArray[np.int64]) -> list[ClassMetrics]:
    """Return the metrics of each class."""
    right = np.diag(confusion)
    said, true = confusion.sum(axis=0), confusion.sum(axis=1)
    return [
        ClassMetrics(_share(r, s), _share(r, t), _share(2 * r, s + t), int(t))
        for r, s, t in zip(right, said, true, strict=True)
    ]


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else 0.0
