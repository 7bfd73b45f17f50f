"""Calibrate the confidence of texts, so that nine in ten readings with a confidence of 90% are correct."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.engine.arrays import read_array
from pipeline.engine.threads import count_cores
from pipeline.evaluation.metrics import measure_reliability
from pipeline.model.model import Model
from pipeline.pictures.reading import arrange, measure_chances
from pipeline.pictures.search import detect
from pipeline.training.team import ThreadTeam

log = logging.getLogger(__name__)

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


def calibrate(model: Model, compose: Path) -> tuple[Model, Quality]:
    """Return a model with the temperature that fits composed sheets best, and how well it reads them.

    compose: the artifact of this stage. The temperature minimises the cross-entropy between the confidence of a text
    and whether it is correct, over the sheets in which a digit is found.  (Guo et al. 2017, for whole texts)
    """
    sheets = read_array(compose / "sheets-pictures.npy", np.uint8, (None, None, None))
    digits = read_array(compose / "sheets-digits.npy", np.float32, (len(sheets), None, None))
    log.info("reader: calibrating the confidence on %s sheets", f"{len(sheets):,}")
    with ThreadTeam(count_cores()) as team:
        found = team.run(lambda i, thread: detect(model, sheets[i].astype(np.float32)), len(sheets))
    texts = [each[each[:, 0] >= 0, 0].tolist() for each in digits]
    readings = [arrange(each, model.class_names, 1.0, (1, 1), (1, 1)).probabilities.argmax(axis=1) for each in found]
    errors = np.array([edit_distance(labels.tolist(), text) for labels, text in zip(readings, texts, strict=True)])
    correct, digit_accuracy = errors == 0, max(0.0, 1 - float(errors.sum()) / max(sum(map(len, texts)), 1))
    claimed, error = [i for i, labels in enumerate(readings) if len(labels)], 0.0
    if claimed:  # not after very little training
        confidences = np.array(
            [[measure_chances(found[i], t).prod() for i in claimed] for t in TEMPERATURES], np.float32
        )
        likelihoods = np.where(correct[claimed], confidences, 1 - confidences)
        best = np.log(np.clip(likelihoods, 1e-6, 1)).mean(axis=1).argmax()
        error = float(measure_reliability(confidences[best][:, np.newaxis], (~correct[claimed]).astype(np.uint8)).error)
        model = replace(model, temperature=float(TEMPERATURES[best]))
    quality = Quality(len(correct), float(correct.mean()), digit_accuracy, error)
    return replace(model, validation_accuracy=digit_accuracy), quality


def edit_distance(one: Sequence[float], other: Sequence[float]) -> int:
    """Return how many labels must be replaced, removed or inserted to change one text into the other.

    (Levenshtein 1966)
    """
    row = list(range(len(other) + 1))  # distances of the beginning of `one` from those of `other`
    for i, label in enumerate(one, start=1):
        above, row = row, [i]
        for j, wanted in enumerate(other, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (label != wanted)))
    return row[-1]
