"""Read the digits in a picture: find them, put them in order, and say how certain the text is."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.ink import find_extent
from pipeline.model.model import Model
from pipeline.model.prediction import predict_with_negative
from pipeline.network.gradient_descent import Run, in_sequence
from pipeline.pictures.detections import Detections
from pipeline.pictures.preparation import find_ink, prepare
from pipeline.pictures.rows import find_nearest_rows, find_rows, find_spaces
from pipeline.pictures.search import detect

CERTAIN = 0.5  # probability of being a digit from which one is reported
POSSIBLE = 0.03  # the same, from which a person who checks the reading should see it
ALTERNATIVES = 3  # of a text
NOWHERE = itertools.repeat(False)  # no spaces


@dataclass(frozen=True, eq=False)
class Row:
    """A row of digits, from left to right. Its alternatives, boxes and probabilities are as in `Result`.

    text: the classes of the digits, joined. spaced: the same text with spaces where digits are far apart, as between
    the columns of a table. confidence: probability that this row is correct.
    """

    text: str
    spaced: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    boxes: NDArray[np.int64]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Result:
    """The digits in a picture, in reading order.

    text: the classes of the digits, joined; empty if no digit was found. rows: the digits of each row. confidence:
    probability that all digits are correct; 0 if there are none. alternatives: the most probable texts that differ in
    one digit, each with its probability. boxes: int64 (k, 4): left, top, right and bottom of a square around each
    digit, in pixels of the picture as it is displayed; the square ends at the edge of the picture. size: (height,
    width) of the picture. probabilities: float32 (k, classes), of each class for each digit; a row sums to less than 1,
    because the ink may be no digit. possible: boxes as above, (m, 4), of what may be a digit, with a probability of at
    least 0.03, but was not read as one. more_pages: whether the file has several pages or frames, of which only one was
    read.
    """

    text: str
    rows: tuple[Row, ...]
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    boxes: NDArray[np.int64]
    size: tuple[int, int]
    probabilities: NDArray[np.float32]
    possible: NDArray[np.int64]
    more_pages: bool = False


def read(model: Model, grey: NDArray[np.floating[Any]], size: tuple[int, int], run: Run = in_sequence) -> Result:
    """Read the digits in a picture, (h, w) in [0, 255], row by row, from left to right.

    size: that of the picture before it was reduced. run: may use threads.
    """
    found = detect(model, np.asarray(grey, np.float32), run)
    return arrange(found, model.class_names, model.temperature, grey.shape, size)


def read_one(model: Model, grey: NDArray[np.floating[Any]], size: tuple[int, int]) -> Result:
    """Read a picture (h, w) of one object, by a model for images as in its training set."""
    rows = list[Row]()
    ink = find_ink(np.asarray(grey, np.float32))
    if ink is not None:
        predicted = predict_with_negative(model, prepare(ink, model.image_shape, model.ink_statistics)[np.newaxis])
        if predicted[0, -1] < 1 - CERTAIN:
            top, bottom, left, right = find_extent(ink >= 0.5)
            boxes = _enlarge(np.array([[left, top, right, bottom]]), grey.shape, size)
            chance = float(predicted[0, :-1].max())
            rows = [_make_row(predicted[:, :-1], boxes, chance, NOWHERE, model.class_names)]
    return _join(rows, np.zeros((0, 4), np.int64), size, model.class_names)


def arrange(
    found: Detections, class_names: Sequence[str], temperature: float, shape: Sequence[int], size: tuple[int, int]
) -> Result:
    """Return the detections that are certain, in reading order.

    The confidence in a row is the probability that its digits are correct, and that there is no other: what may be a
    digit counts for the row of the nearest one. The confidence in a picture is that in all rows. shape: (height, width)
    of the picture in which they were found. size: that of the picture before it was reduced.
    """
    probabilities, chances = temper(found.probabilities, temperature), measure_chances(found, temperature)
    half = found.size / 2
    squares = np.stack([found.x - half, found.y - half, found.x + half, found.y + half], axis=1)
    boxes = _enlarge(squares, shape, size)
    digits = np.flatnonzero(is_certain(found))
    rows = [digits[row] for row in find_rows(found.y[digits], found.x[digits], found.size[digits])]
    row_of = find_nearest_rows(rows, found.y, found.x) if rows else np.zeros(0)
    made = [
        _make_row(
            probabilities[row, :-1],
            boxes[row],
            float(chances[row_of == number].prod()),
            find_spaces(found.x[row], found.size[row]),
            class_names,
        )
        for number, row in enumerate(rows)
    ]
    possible = ~is_certain(found) & (probabilities[:, -1] <= 1 - POSSIBLE)
    return _join(made, boxes[possible], size, class_names)


def is_certain(found: Detections) -> NDArray[np.bool_]:
    """Return which detections are reported."""
    return np.asarray(found.probabilities[:, -1] < 1 - CERTAIN)


def measure_chances(found: Detections, temperature: float) -> NDArray[np.float64]:
    """Return the probability that what is reported of each detection is correct: its class, or that it is nothing."""
    probabilities = temper(found.probabilities, temperature)
    return np.where(is_certain(found), probabilities[:, :-1].max(axis=1), probabilities[:, -1]).astype(np.float64)


def temper(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return probabilities (k, n) whose logarithms are divided by a temperature.  (Guo et al. 2017)"""
    powers = np.maximum(probabilities, 1e-12) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _enlarge(boxes: NDArray[Any], shape: Sequence[int], size: tuple[int, int]) -> NDArray[np.int64]:
    """Map boxes, (k, 4), from a grey picture of `shape` to whole pixels of the picture of `size`, within its edges."""
    inner = np.rint(np.clip(boxes, 0, [shape[1], shape[0]] * 2))
    factors = [size[1] / shape[1], size[0] / shape[0]]
    mapped = np.hstack([np.floor(inner[:, :2] * factors), np.ceil(inner[:, 2:] * factors)])
    return np.asarray(np.clip(mapped, 0, [size[1], size[0]] * 2), np.int64)


def _make_row(
    probabilities: NDArray[np.float32],
    boxes: NDArray[np.int64],
    confidence: float,
    spaces: Iterable[bool],
    class_names: Sequence[str],
) -> Row:
    labels = probabilities.argmax(axis=1).tolist()
    text, spaced = format_digits(labels, class_names), format_digits(labels, class_names, spaces)
    return Row(
        text, spaced, confidence, find_alternatives(probabilities, confidence, class_names), boxes, probabilities
    )


def _join(
    rows: Sequence[Row], possible: NDArray[np.int64], size: tuple[int, int], class_names: Sequence[str]
) -> Result:
    probabilities = np.concatenate([np.zeros((0, len(class_names)), np.float32), *(row.probabilities for row in rows)])
    boxes = np.concatenate([np.zeros((0, 4), np.int64), *(row.boxes for row in rows)])
    confidence = math.prod(row.confidence for row in rows) if rows else 0.0
    whole = _make_row(probabilities, boxes, confidence, NOWHERE, class_names)
    return Result(whole.text, tuple(rows), confidence, whole.alternatives, boxes, size, probabilities, possible)


def find_alternatives(
    probabilities: NDArray[np.float32], confidence: float, class_names: Sequence[str]
) -> tuple[tuple[str, float], ...]:
    """Return the most probable texts that differ in one digit, each with its probability.

    probabilities: (k, classes) of the digits. confidence: probability that the most probable text is correct.
    """
    labels = probabilities.argmax(axis=1)
    chances = confidence * probabilities.astype(np.float64) / probabilities.max(axis=1, keepdims=True)
    others = np.flatnonzero(np.arange(len(class_names)) != labels[:, np.newaxis])
    best = others[np.argsort(-chances.reshape(-1)[others], kind="stable")[:ALTERNATIVES]]
    alternatives = []
    for digit, label in zip(*np.unravel_index(best, chances.shape), strict=True):
        changed = [*labels[:digit], label, *labels[digit + 1 :]]
        alternatives.append((format_digits(changed, class_names), float(chances[digit, label])))
    return tuple(alternatives)


def format_digits(labels: Sequence[int], class_names: Sequence[str], spaces: Iterable[bool] = NOWHERE) -> str:
    """Join the class names of the labels, with spaces unless all class names are single characters.

    spaces: whether there is a space before each label in any case.
    """
    separator = "" if all(len(name) == 1 for name in class_names) else " "
    words = [(" " if space else separator) + class_names[label] for label, space in zip(labels, spaces, strict=False)]
    return "".join(words).removeprefix(separator)
