"""Calibration of texts: of all readings with a confidence of 90 %, nine in ten should be correct."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.metrics import measure_reliability
from pipeline.model.files import Model
from pipeline.pictures.reading import Reading, arrange
from pipeline.pictures.sliding import Detections, detect

TEMPERATURES = np.geomspace(0.2, 5, 200)


@dataclass(frozen=True)
class Quality:
    """How well pictures are read. accuracy: share of those whose whole text is correct, in [0, 1]."""

    pictures: int
    accuracy: float
    expected_calibration_error: float


def calibrate(model: Model, pictures: NDArray[np.uint8], texts: Sequence[tuple[int, ...]]) -> tuple[Model, Quality]:
    """Return the model with the temperature that fits the texts best, and how well it reads them.

    pictures: (n, height, width). texts: the labels of each in reading order. The temperature minimises the negative log
    likelihood of the correct and wrong texts.  (Guo et al. 2017, for whole texts)
    """
    found = [detect(model, picture.astype(np.float32)) for picture in pictures]
    correct = np.array([_arrange(each, 1.0).labels == text for each, text in zip(found, texts, strict=True)])
    losses = [_log_loss(_confidences(found, temperature), correct) for temperature in TEMPERATURES]
    temperature = float(TEMPERATURES[np.argmin(losses)])
    confidences = _confidences(found, temperature)
    error = measure_reliability(confidences[:, np.newaxis], (~correct).astype(np.uint8)).error
    return replace(model, temperature=temperature), Quality(len(correct), float(correct.mean()), float(error))


def _arrange(found: Detections, temperature: float) -> Reading:
    return arrange(found, (1, 1), temperature)


def _confidences(found: Sequence[Detections], temperature: float) -> NDArray[np.float32]:
    return np.array([_arrange(each, temperature).confidence for each in found], np.float32)


def _log_loss(confidences: NDArray[np.float32], correct: NDArray[np.bool_]) -> float:
    p = np.clip(np.where(correct, confidences, 1 - confidences), 1e-6, 1)
    return float(-np.log(p).mean())
