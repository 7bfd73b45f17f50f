"""Calibration of texts: of all readings with a confidence of 90 %, nine in ten should be correct."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.metrics import measure_reliability
from pipeline.model.files import Model
from pipeline.network.training import Run, in_sequence
from pipeline.pictures.reading import Reading, arrange
from pipeline.pictures.sliding import Detections, detect

TEMPERATURES = np.geomspace(0.2, 5, 100)


@dataclass(frozen=True)
class Quality:
    """How well pictures are read. accuracy: share of those whose whole text is correct, in [0, 1]."""

    pictures: int
    accuracy: float
    expected_calibration_error: float


def calibrate(
    model: Model, pictures: NDArray[np.uint8], texts: Sequence[tuple[int, ...]], run: Run = in_sequence
) -> tuple[Model, Quality]:
    """Return the model with the temperature that fits the texts best, and how well it reads them.

    pictures: (n, height, width). texts: the labels of each in reading order. The temperature minimises the negative log
    likelihood of the correct and wrong texts, where any digit is read.  (Guo et al. 2017, for whole texts)
    """
    found = run(lambda i, thread: detect(model, pictures[i].astype(np.float32)), len(pictures))
    correct = np.array([_arrange(each, 1.0).labels == text for each, text in zip(found, texts, strict=True)])
    claimed = np.array([bool(_arrange(each, 1.0).labels) for each in found])
    sure = [_confidences([each for each, some in zip(found, claimed, strict=True) if some], t) for t in TEMPERATURES]
    best = int(np.argmin([_log_loss(confidences, correct[claimed]) for confidences in sure]))
    temperature = float(TEMPERATURES[best])
    error = measure_reliability(sure[best][:, np.newaxis], (~correct[claimed]).astype(np.uint8)).error
    quality = Quality(len(correct), float(correct.mean()), float(error))
    return replace(model, temperature=temperature, validation_accuracy=quality.accuracy), quality


def _arrange(found: Detections, temperature: float) -> Reading:
    return arrange(found, (1, 1), temperature)


def _confidences(found: Sequence[Detections], temperature: float) -> NDArray[np.float32]:
    return np.array([_arrange(each, temperature).confidence for each in found], np.float32)


def _log_loss(confidences: NDArray[np.float32], correct: NDArray[np.bool_]) -> float:
    p = np.clip(np.where(correct, confidences, 1 - confidences), 1e-6, 1)
    return float(-np.log(p).mean())
