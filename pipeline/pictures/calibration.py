"""Calibrate the confidence of texts, so that nine in ten readings with a confidence of 90% are correct."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.metrics import measure_reliability
from pipeline.model.model import Model
from pipeline.network.training import Run, in_sequence
from pipeline.pictures.detections import Detections
from pipeline.pictures.reading import Reading, arrange
from pipeline.pictures.search import detect

TEMPERATURES = np.geomspace(0.2, 5, 100)


@dataclass(frozen=True)
class Quality:
    """Quality of reading. accuracy, digit_accuracy: share of the texts, and of the digits, that are correct.

    Of the digits it is 1 - edit distance / number of digits, at least 0: a digit may be wrong, missing or superfluous.
    """

    pictures: int
    accuracy: float
    digit_accuracy: float
    expected_calibration_error: float


def calibrate(
    model: Model, pictures: NDArray[np.uint8], texts: Sequence[tuple[int, ...]], run: Run = in_sequence
) -> tuple[Model, Quality]:
    """Return the model with the temperature that fits the texts best, and how well it reads them.

    pictures: (n, height, width). texts: the labels of each in reading order. The temperature minimises the
    cross-entropy between the confidence of a text and whether it is correct, over the pictures in which a digit is
    found.  (Guo et al. 2017, for whole texts)
    """
    found = run(lambda i, thread: detect(model, pictures[i].astype(np.float32)), len(pictures))
    labels = [_arrange(each, 1.0).labels for each in found]
    errors = np.array([edit_distance(*each) for each in zip(labels, texts, strict=True)])
    correct, claimed = errors == 0, np.array([bool(each) for each in labels])
    digits = max(0.0, 1 - float(errors.sum()) / max(sum(map(len, texts)), 1))
    if not claimed.any():  # as after very little training
        return replace(model, validation_accuracy=digits), Quality(len(correct), float(correct.mean()), digits, 0.0)
    sure = [_confidences([each for each, some in zip(found, claimed, strict=True) if some], t) for t in TEMPERATURES]
    best = int(np.argmin([_log_loss(confidences, correct[claimed]) for confidences in sure]))
    temperature = float(TEMPERATURES[best])
    error = measure_reliability(sure[best][:, np.newaxis], (~correct[claimed]).astype(np.uint8)).error
    quality = Quality(len(correct), float(correct.mean()), digits, float(error))
    return replace(model, temperature=temperature, validation_accuracy=quality.digit_accuracy), quality


def edit_distance(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many labels must be replaced, removed or inserted to change one text into the other.

    (Levenshtein 1966)
    """
    row = list(range(len(other) + 1))  # distances of the beginning of `one` from those of `other`
    for i, label in enumerate(one, start=1):
        above, row = row, [i]
        for j, wanted in enumerate(other, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (label != wanted)))
    return row[-1]


def _arrange(found: Detections, temperature: float) -> Reading:
    return arrange(found, (1, 1), temperature)


def _confidences(found: Sequence[Detections], temperature: float) -> NDArray[np.float32]:
    return np.array([_arrange(each, temperature).confidence for each in found], np.float32)


def _log_loss(confidences: NDArray[np.float32], correct: NDArray[np.bool_]) -> float:
    p = np.clip(np.where(correct, confidences, 1 - confidences), 1e-6, 1)
    return float(-np.log(p).mean())
