"""Calibrate the probability of numbers, so that nine in ten readings with a probability of 90% are correct."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import read_array
from pipeline.engine.threads import count_cores
from pipeline.evaluation.metrics import measure_reliability
from pipeline.model.model import Model
from pipeline.pictures.reading import REPORTED, see
from pipeline.pictures.sightings import Sighting, measure
from pipeline.training.team import ThreadTeam

log = logging.getLogger(__name__)

TEMPERATURES = np.geomspace(0.2, 5, 80)
BESIDE = 0.5, 1.3  # distance in sizes, down and along the row, within which another digit belongs to the number


@dataclass(frozen=True)
class Quality:
    """Quality of reading.

    digit_accuracy: share of the digits that are read, in numbers without an error. precision: share of the numbers
    that are reported, which are correct. expected_calibration_error: of their probabilities.
    """

    pictures: int
    digit_accuracy: float
    precision: float
    expected_calibration_error: float


def calibrate(model: Model, compose: Path) -> tuple[Model, Quality]:
    """Return a model with the temperature that fits composed sheets best, and how well it reads them.

    compose: the artifact of this stage. The temperature is that of the network for rows. It minimises the cross-entropy
    between the probability of a number and whether it is correct.  (Guo et al. 2017, for whole numbers)
    """
    assert model.row
    sheets = read_array(compose / "sheets-pictures.npy", np.uint8, (None, None, None))
    digits = read_array(compose / "sheets-digits.npy", np.float32, (len(sheets), None, None))
    log.info("reader: calibrating the confidence on %s sheets", f"{len(sheets):,}")
    with ThreadTeam(count_cores()) as team:
        seen = team.run(lambda i, thread: see(model, sheets[i]), len(sheets))
        sightings = [each for found in seen for each in found]
        correct = np.array(
            [is_correct(each, there) for found, there in zip(seen, digits, strict=True) for each in found]
        )
        if not sightings:  # after very little training
            return model, Quality(len(sheets), 0.0, 0.0, 0.0)
        chances = np.array([[each.probability for each in measure(sightings, t)] for t in TEMPERATURES], np.float32)
    likelihoods = np.where(correct, chances, 1 - chances)
    best = int(np.log(np.clip(likelihoods, 1e-6, 1)).mean(axis=1).argmax())
    shown = chances[best] >= REPORTED
    lengths = np.array([len(each.labels) for each in sightings])
    quality = Quality(
        len(sheets),
        float(lengths[shown & correct].sum() / max(np.count_nonzero(digits[..., 0] >= 0), 1)),
        float(correct[shown].mean()) if shown.any() else 0.0,
        float(measure_reliability(chances[best, shown, np.newaxis], (~correct[shown]).astype(np.uint8)).error),
    )
    row = replace(model.row, temperature=float(TEMPERATURES[best]))
    return replace(model, row=row, validation_accuracy=quality.digit_accuracy), quality


def is_correct(sighting: Sighting, digits: NDArray[np.float32]) -> bool:
    """Return whether a number consists of the digits that are there.

    digits: (m, 5) as the stage `compose` writes them; rows with a negative label are unused.
    """
    label, y, x = digits[np.argsort(digits[:, 2]), :3].T
    down, along = (each * sighting.size for each in BESIDE)
    beside = (label >= 0) & (x > sighting.x[0] - along) & (x < sighting.x[-1] + along)
    near = beside & (np.abs(y - np.interp(x, sighting.x, sighting.y)) < down)
    return tuple(label[near].tolist()) == sighting.labels
