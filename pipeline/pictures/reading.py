"""Read the digits in a picture: find the ink, segment it, fit each digit to an image, predict its class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.ink import is_in_distribution
from pipeline.model.files import Model
from pipeline.model.prediction import predict
from pipeline.pictures.background import find_ink_on_paper
from pipeline.pictures.fit import fit
from pipeline.pictures.paper import find_paper
from pipeline.pictures.segmentation import split

MIN_PROBABILITY = 0.4  # of a digit; less probable ones are not reported


@dataclass(frozen=True)
class Reading:
    """images: uint8 (k, h, w), the fitted digits in reading order. probabilities: float32 (k, c)."""

    images: NDArray[np.uint8]
    probabilities: NDArray[np.float32]

    @property
    def labels(self) -> tuple[int, ...]:
        """Predicted class of each digit."""
        return tuple(self.probabilities.argmax(axis=1).tolist())

    @property
    def confidence(self) -> float:
        """Probability that all digits are correct."""
        return float(np.prod(self.probabilities.max(axis=1), dtype=np.float64))


def read(model: Model, grey: NDArray[np.floating[Any]]) -> Reading:
    """Read the digits in a picture, (h, w) in [0, 255], line by line, from left to right.

    Digits are left out if they do not resemble the training images or if their probability is below MIN_PROBABILITY.
    """
    grey = np.asarray(grey, np.float32)
    reading = _read_ink(model, grey)
    paper = None if reading.labels else find_paper(grey)
    return reading if paper is None else _read_ink(model, paper)


def _read_ink(model: Model, grey: NDArray[np.float32]) -> Reading:
    ink = find_ink_on_paper(grey)
    images = [fit(each, model.image_shape, model.ink_statistics) for each in split(ink)] if ink is not None else []
    accepted = [image for image in images if is_in_distribution(image / np.float32(255), model.ink_statistics)]
    digits = np.array(accepted, np.uint8).reshape(-1, *model.image_shape)
    probabilities = predict(model, digits)
    sure = probabilities.max(axis=1, initial=0) >= MIN_PROBABILITY
    return Reading(digits[sure], probabilities[sure])


def find_alternatives(reading: Reading, count: int) -> list[tuple[tuple[int, ...], float]]:
    """Return the `count` most probable readings that differ from this one in one digit, each with its probability."""
    alternatives: list[tuple[tuple[int, ...], float]] = []
    labels = reading.labels
    for position, probabilities in enumerate(reading.probabilities.tolist()):
        for label, probability in enumerate(probabilities):
            if label != labels[position]:
                alternative = (*labels[:position], label, *labels[position + 1 :])
                alternatives.append((alternative, reading.confidence * probability / probabilities[labels[position]]))
    return sorted(alternatives, key=lambda each: -each[1])[:count]


def format_digits(labels: Sequence[int], class_names: Sequence[str]) -> str:
    """Join the class names of the labels, with spaces unless all class names are single characters."""
    names = [class_names[label] for label in labels]
    return ("" if all(len(name) == 1 for name in class_names) else " ").join(names)
