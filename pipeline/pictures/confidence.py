"""Calibrate the probability of numbers, so that nine in ten readings with a probability of 90% are correct."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import read_array
from pipeline.engine.threads import count_cores
from pipeline.evaluation.metrics import measure_reliability
from pipeline.model.model import Model
from pipeline.pictures.reading import REPORTED, arrange, see
from pipeline.pictures.sightings import Sighting, measure
from pipeline.training.team import ThreadTeam

log = logging.getLogger(__name__)

TEMPERATURES = np.geomspace(0.2, 5, 80)
REACH = 0.5  # sizes of a digit around a number within which other digits should have been read with it


@dataclass(frozen=True)
class Quality:
    """Quality of reading. accuracy, digit_accuracy: share of the texts, and of the digits, that are correct.

    Of the digits it is 1 - edit distance / number of digits, at least 0: a digit may be wrong, missing or superfluous.
    expected_calibration_error: of the probabilities of numbers.
    """

    pictures: int
    accuracy: float
    digit_accuracy: float
    expected_calibration_error: float


def calibrate(model: Model, compose: Path) -> tuple[Model, Quality]:
    """Return a model with the temperature that fits composed sheets best, and how well it reads them.

    compose: the artifact of this stage. The temperature is that of the network for rows. It minimises the cross-entropy
    between the probability of a number and whether it is correct.  (Guo et al. 2017, for whole texts)
    """
    assert model.row
    sheets = read_array(compose / "sheets-pictures.npy", np.uint8, (None, None, None))
    digits = read_array(compose / "sheets-digits.npy", np.float32, (len(sheets), None, None))
    known = [each[each[:, 0] >= 0] for each in digits]
    log.info("reader: calibrating the confidence on %s sheets", f"{len(sheets):,}")
    with ThreadTeam(count_cores()) as team:
        seen = team.run(lambda i, thread: see(model, sheets[i]), len(sheets))
        claimed = [(each, is_correct(each, there)) for found, there in zip(seen, known, strict=True) for each in found]
        temperature, error = model.row.temperature, 0.0
        if claimed:  # not after very little training
            sightings, correct = [each for each, _ in claimed], np.array([right for _, right in claimed])
            chances = np.array([[each.probability for each in measure(sightings, t)] for t in TEMPERATURES])
            likelihoods = np.where(correct, chances, 1 - chances)
            best = int(np.log(np.clip(likelihoods, 1e-6, 1)).mean(axis=1).argmax())
            temperature = float(TEMPERATURES[best])
            shown = chances[best] >= REPORTED
            if shown.any():
                reliability = measure_reliability(
                    chances[best, shown, np.newaxis].astype(np.float32), (~correct[shown]).astype(np.uint8)
                )
                error = float(reliability.error)
    texts = [each[:, 0].tolist() for each in known]
    readings = [arrange(measure(each, temperature), model.class_names, temperature, (1, 1), (1, 1)) for each in seen]
    errors = np.array(
        [
            edit_distance(each.probabilities.argmax(axis=1).tolist(), text)
            for each, text in zip(readings, texts, strict=True)
        ]
    )
    digit_accuracy = max(0.0, 1 - float(errors.sum()) / max(sum(map(len, texts)), 1))
    quality = Quality(len(errors), float((errors == 0).mean()), digit_accuracy, error)
    calibrated = replace(model, row=replace(model.row, temperature=temperature), validation_accuracy=digit_accuracy)
    return calibrated, quality


def is_correct(sighting: Sighting, digits: NDArray[np.float32]) -> bool:
    """Return whether a number consists of the digits that are there, (m, 5) as the stage `compose` writes them."""
    label, y, x = digits[np.argsort(digits[:, 2]), :3].T
    reach = REACH * sighting.size
    along = (x > sighting.x[0] - reach) & (x < sighting.x[-1] + reach)
    near = along & (np.abs(y - np.interp(x, sighting.x, sighting.y)) < reach)
    return tuple(label[near].tolist()) == sighting.labels


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
