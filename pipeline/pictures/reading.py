"""What a picture says: each digit in it is made as the network knows them, and the network is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.ink import is_like
from pipeline.model.files import Model
from pipeline.model.prediction import predict
from pipeline.pictures.background import find_ink_on_paper
from pipeline.pictures.fit import fit
from pipeline.pictures.paper import find_paper
from pipeline.pictures.segmentation import split

UNSURE = 0.4  # what the network believes less strongly than this, it does not say


@dataclass(frozen=True)
class Reading:
    """images: uint8 (k, h, w), what the network has seen, in the order of reading. probabilities: float32 (k, c)."""

    images: NDArray[np.uint8]
    probabilities: NDArray[np.float32]

    @property
    def labels(self) -> tuple[int, ...]:
        """The class of each."""
        return tuple(self.probabilities.argmax(axis=1).tolist())

    @property
    def confidence(self) -> float:
        """The probability that all of them are right."""
        return float(np.prod(self.probabilities.max(axis=1), dtype=np.float64))


def read(model: Model, grey: NDArray[np.floating[Any]]) -> Reading:
    """What the model reads in a picture, (h, w) in [0, 255]: of one line or several, from left to right.

    Ink that is unlike all that the model has learned from is not read, nor what it is unsure of.
    """
    grey = np.asarray(grey, np.float32)
    reading = _look(model, grey)
    paper = None if reading.labels else find_paper(grey)
    return reading if paper is None else _look(model, paper)


def _look(model: Model, grey: NDArray[np.float32]) -> Reading:
    ink = find_ink_on_paper(grey)
    images = [fit(each, model.image_shape, model.ink_statistics) for each in split(ink)] if ink is not None else []
    likely = [image for image in images if is_like(image / np.float32(255), model.ink_statistics)]
    seen = np.array(likely, np.uint8).reshape(-1, *model.image_shape)
    probabilities = predict(model, seen)
    sure = probabilities.max(axis=1, initial=0) >= UNSURE
    return Reading(seen[sure], probabilities[sure])


def find_alternatives(reading: Reading, count: int) -> list[tuple[tuple[int, ...], float]]:
    """The next most likely readings in which one digit is another, at most `count`, each with its probability."""
    others: list[tuple[tuple[int, ...], float]] = []
    labels = reading.labels
    for place, probabilities in enumerate(reading.probabilities.tolist()):
        for label, probability in enumerate(probabilities):
            if label != labels[place]:
                other = (*labels[:place], label, *labels[place + 1 :])
                others.append((other, reading.confidence * probability / probabilities[labels[place]]))
    return sorted(others, key=lambda each: -each[1])[:count]


def format_digits(labels: Sequence[int], class_names: Sequence[str]) -> str:
    """The names of the labels, next to each other if each is one character."""
    names = [class_names[label] for label in labels]
    return ("" if all(len(name) == 1 for name in class_names) else " ").join(names)
