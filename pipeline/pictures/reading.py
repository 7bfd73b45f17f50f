"""Read the digits in a picture: find them, put them in order, and say how certain the text is."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.model import Model
from pipeline.model.prediction import predict_with_negative
from pipeline.network.training import Run, in_sequence
from pipeline.pictures.detections import Detections
from pipeline.pictures.preparation import find_extent, find_ink, prepare
from pipeline.pictures.rows import find_nearest_rows, find_rows, find_spaces
from pipeline.pictures.search import detect

CERTAIN = 0.5  # probability of being a digit from which one is reported
POSSIBLE = 0.03  # the same, from which a person who checks the reading should see it


@dataclass(frozen=True)
class Reading:
    """Digits in reading order.

    probabilities: float32 (k, classes); a row sums to less than 1, since the ink may be no digit. boxes: int64 (k, 4),
    the left, top, right and bottom of the digits in pixels of the picture. rows: for each row the number of its digits
    between two spaces. doubt: probability that something that is not reported is a digit; doubts: of each row.
    possible: boxes of what may be such a digit, int64 (m, 4).
    """

    probabilities: NDArray[np.float32]
    boxes: NDArray[np.int64]
    rows: tuple[tuple[int, ...], ...]
    doubt: float
    doubts: tuple[float, ...]
    possible: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 4), np.int64))

    @property
    def labels(self) -> tuple[int, ...]:
        """Predicted class of each digit."""
        return tuple(self.probabilities.argmax(axis=1).tolist())

    @property
    def confidence(self) -> float:
        """Probability that all digits are correct, and that there are no others."""
        return float(np.prod(self.probabilities.max(axis=1), dtype=np.float64) * (1 - self.doubt))

    def split(self) -> tuple["Reading", ...]:
        """Return a reading of each row. The product of their confidences is the confidence in the picture.

        What may be another digit counts for the row of the nearest digit.
        """
        ends = itertools.pairwise(itertools.accumulate(map(sum, self.rows), initial=0))
        return tuple(
            Reading(self.probabilities[start:stop], self.boxes[start:stop], (row,), doubt, (doubt,))
            for (start, stop), row, doubt in zip(ends, self.rows, self.doubts, strict=True)
        )


def read(model: Model, grey: NDArray[np.floating[Any]], run: Run = in_sequence) -> Reading:
    """Read the digits in a picture, (h, w) in [0, 255], row by row, from left to right. run: may use threads."""
    return arrange(detect(model, np.asarray(grey, np.float32), run), grey.shape, model.temperature)


def read_one(model: Model, grey: NDArray[np.floating[Any]]) -> Reading:
    """Read a picture (h, w) of one object, by a model for images as in its training set."""
    ink = find_ink(np.asarray(grey, np.float32))
    if ink is None:
        return Reading(np.zeros((0, len(model.class_names)), np.float32), np.zeros((0, 4), np.int64), (), 0.0, ())
    predicted = predict_with_negative(model, prepare(ink, model.image_shape, model.ink_statistics)[np.newaxis])
    top, bottom, left, right = find_extent(ink)
    certain = np.flatnonzero(predicted[:, -1] < 1 - CERTAIN)
    boxes = np.array([[left, top, right, bottom]], np.int64)
    return Reading(predicted[certain, :-1], boxes[certain], ((1,),) * len(certain), 0.0, (0.0,) * len(certain))


def arrange(found: Detections, shape: Sequence[int], temperature: float) -> Reading:
    """Return the detections of a picture (height, width) that are certain, in reading order."""
    probabilities = temper(found.probabilities, temperature)
    certain = found.probabilities[:, -1] < 1 - CERTAIN
    nothing, others = probabilities[~certain, -1], found.take(np.flatnonzero(~certain))
    probabilities, digits = probabilities[certain, :-1], found.take(np.flatnonzero(certain))
    rows = find_rows(digits.y, digits.x, digits.size)
    order = np.array([i for row in rows for i in row], np.intp)
    words = tuple(_count_words(find_spaces(digits.x, digits.size, row)) for row in rows)
    row_of = find_nearest_rows(rows, (digits.y, digits.x), (others.y, others.x)) if rows else np.zeros(0, np.intp)
    doubts = tuple(_combine(nothing[row_of == row]) for row in range(len(rows)))
    possible = _to_boxes(others.take(np.flatnonzero(nothing <= 1 - POSSIBLE)), shape)
    return Reading(probabilities[order], _to_boxes(digits, shape)[order], words, _combine(nothing), doubts, possible)


def _combine(nothing: NDArray[np.float32]) -> float:
    """Return the probability that anything is a digit, from the probabilities of each that it is not."""
    return 1 - float(np.prod(nothing, dtype=np.float64))


def temper(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return probabilities (k, n) whose logarithms are divided by a temperature.  (Guo et al. 2017)"""
    powers = np.maximum(probabilities, 1e-12) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _count_words(spaces: Sequence[bool]) -> tuple[int, ...]:
    starts = [i for i, space in enumerate(spaces) if space or i == 0]
    return tuple(stop - start for start, stop in zip(starts, [*starts[1:], len(spaces)], strict=True))


def _to_boxes(digits: Detections, shape: Sequence[int]) -> NDArray[np.int64]:
    """Return the square around each digit, within the picture."""
    (height, width), y, x, half = shape, digits.y, digits.x, digits.size / 2
    corners = np.stack([x - half, y - half, x + half, y + half], axis=1)
    return np.rint(np.clip(corners, 0, [width, height, width, height])).astype(np.int64)


def find_alternatives(reading: Reading, count: int) -> list[tuple[tuple[int, ...], float]]:
    """Return the `count` most probable readings that differ from this one in one digit, each with its probability."""
    alternatives: list[tuple[tuple[int, ...], float]] = []
    labels, confidence = reading.labels, reading.confidence
    for position, probabilities in enumerate(reading.probabilities.tolist()):
        for label, probability in enumerate(probabilities):
            if label != labels[position]:
                alternative = (*labels[:position], label, *labels[position + 1 :])
                alternatives.append((alternative, confidence * probability / probabilities[labels[position]]))
    return sorted(alternatives, key=lambda each: -each[1])[:count]


def format_digits(labels: Sequence[int], class_names: Sequence[str]) -> str:
    """Join the class names of the labels, with spaces unless all class names are single characters."""
    names = [class_names[label] for label in labels]
    return ("" if all(len(name) == 1 for name in class_names) else " ").join(names)


def format_spaced(row: Reading, class_names: Sequence[str]) -> str:
    """Return the text of a reading of one row, with a space where the digits are far apart."""
    labels = iter(row.labels)
    words = [format_digits([next(labels) for _ in range(count)], class_names) for count in row.rows[0]]
    return " ".join(words)
