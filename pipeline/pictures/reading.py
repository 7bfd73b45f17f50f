"""Read the digits in a picture: find the ink, segment it, fit each digit to an image, predict its class."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.files import Model
from pipeline.model.prediction import predict_with_negative
from pipeline.pictures.background import find_ink_on_paper, separate_levels
from pipeline.pictures.lines import remove_lines
from pipeline.pictures.paper import find_paper
from pipeline.pictures.preparation import Ink, prepare
from pipeline.pictures.segmentation import MAX_DIGITS, crop, find_components
from pipeline.pictures.touching import split_touching

SURE = 0.9  # confidence below which the picture may be a tight crop, in which light and dark may be confused
UNSURE = 0.5  # confidence below which nothing is read rather than the digits of a tight crop
MIN_PROBABILITY = 0.4  # of a digit's class among the classes; less probable ones are not reported
MIN_KNOWN, MIN_KNOWN_PARTS = 0.1, 0.25  # probability of being of one of the classes: of a digit, of touching ones
MIN_NEGATIVE = 0.25  # probability of no class above which a component may be touching digits
SOFTNESS = 0.75  # exponent of the confidence of touching digits, chosen for calibration on rows of validation images
MAX_EQUAL = 6  # digits in a line; more that are all the same are a pattern such as hatching
MIN_WIDTH, MAX_WIDTH = 0.6, 14  # of touching digits, relative to their height
MIN_WIDEST = 0.5  # width of the widest touching digit, relative to the height: joined strokes are seldom all ones


@dataclass(frozen=True)
class Reading:
    """Digits in reading order.

    images: uint8 (k, h, w), fitted. probabilities: float32 (k, c); a row sums to less than 1 if the ink may be no digit
    or may be divided into digits in another way. boxes: int64 (k, 4), the left, top, right and bottom of the digits in
    pixels of the picture.
    """

    images: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    boxes: NDArray[np.int64]

    @property
    def labels(self) -> tuple[int, ...]:
        """Predicted class of each digit."""
        return tuple(self.probabilities.argmax(axis=1).tolist())

    @property
    def confidence(self) -> float:
        """Probability that all digits are correct."""
        return float(np.prod(self.probabilities.max(axis=1), dtype=np.float64))


@dataclass(frozen=True)
class _Symbols:
    """What a component of the ink is read as: one digit, several touching ones, or none.

    images: (k, h, w). probabilities: (k, c + 1), the last column of no class. boxes: left, top, right and bottom of
    each. line: index of its line. certainty: factors of the probabilities, (k,).
    """

    images: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    boxes: NDArray[np.int64]
    line: int
    certainty: NDArray[np.float32]

    @property
    def known(self) -> float:
        """Probability of being of one of the classes; the geometric mean over the parts."""
        return float(np.exp(np.log(1e-9 + self.probabilities[:, :-1].sum(axis=1)).mean()))

    @property
    def are_digits(self) -> bool:
        """Whether all of them are accepted as digits."""
        classes = self.probabilities[:, :-1]
        probable = classes.max(axis=1) >= MIN_PROBABILITY * classes.sum(axis=1)
        return bool(probable.all()) and self.known >= (MIN_KNOWN if len(classes) == 1 else MIN_KNOWN_PARTS)

    @property
    def size(self) -> int:
        """Longer side of the bounding box of all, in pixels."""
        return int(max(np.ptp(self.boxes[:, [0, 2]]), np.ptp(self.boxes[:, [1, 3]])))


def read(model: Model, grey: NDArray[np.floating[Any]]) -> Reading:
    """Read the digits in a picture, (h, w) in [0, 255], line by line, from left to right.

    A component of the ink that may be several touching digits is split. It is left out if it is probably of no class,
    or if no class has a probability of MIN_PROBABILITY. Nothing is read in a line or a picture of which half, by size,
    is no digit, and in a line of more than MAX_EQUAL digits that are all the same.
    """
    grey = np.asarray(grey, np.float32)
    reading = _read_ink(model, find_ink_on_paper(grey))
    if not reading.labels or reading.confidence < SURE:
        candidates = [reading, *(_read_ink(model, ink) for ink in separate_levels(grey))]
        reading = max(candidates, key=lambda each: each.confidence if each.labels else UNSURE)
    paper = None if reading.labels else find_paper(grey)
    if paper is None:
        return reading
    sheet, left, top = paper
    reading = _read_ink(model, find_ink_on_paper(sheet))
    return replace(reading, boxes=reading.boxes + np.array([left, top, left, top]))


def _read_ink(model: Model, ink: Ink | None) -> Reading:
    components = _classify_components(model, ink) if ink is not None else []
    lines = [[each for each in components if each.line == line] for line in sorted({each.line for each in components})]
    kept = [line for line in lines if _are_mostly_digits(line) and not _is_pattern(line)]
    components = [each for line in kept for each in line] if _are_mostly_digits(components) else []
    digits = [each for each in components if each.are_digits]
    images = [image for each in digits for image in each.images]
    # what is left out may be digits after all
    certainty = math.prod(1 - each.known for each in components if not each.are_digits) ** (1 / max(len(images), 1))
    probabilities = [
        certainty * row for each in digits for row in each.certainty[:, np.newaxis] * each.probabilities[:, :-1]
    ]
    return Reading(
        np.array(images, np.uint8).reshape(-1, *model.image_shape),
        np.array(probabilities, np.float32).reshape(-1, len(model.class_names)),
        np.array([box for each in digits for box in each.boxes], np.int64).reshape(-1, 4),
    )


def _are_mostly_digits(symbols: Sequence[_Symbols]) -> bool:
    """Return whether more than half, by size, is digits."""
    return sum(each.size if each.are_digits else -each.size for each in symbols) > 0


def _is_pattern(symbols: Sequence[_Symbols]) -> bool:
    classes = [label for each in symbols for label in each.probabilities.argmax(axis=1).tolist()]
    return len(classes) > MAX_EQUAL and len(set(classes)) == 1


def _classify_components(model: Model, ink: Ink) -> list[_Symbols]:
    """Find the components of the ink, line by line; classify each as one digit or as touching ones.

    Returns none if they have more than MAX_DIGITS digits.
    """
    ink = remove_lines(ink)
    labels, lines = find_components(ink)
    found = [(line, component) for line, components in enumerate(lines) for component in components]
    cropped = [crop(ink, labels, component) for _, component in found]
    fitted = [prepare(each, model.image_shape, model.ink_statistics) for each in cropped]
    images = np.array(fitted, np.uint8).reshape(-1, *model.image_shape)
    probabilities = predict_with_negative(model, images)
    symbols, count = [], 0
    for i, (line, component) in enumerate(found):
        box = np.array([[component.left, component.top, component.right, component.bottom]])
        whole = _Symbols(images[i : i + 1], probabilities[i : i + 1], box, line, np.ones(1, np.float32))
        has_width = MIN_WIDTH <= component.width / component.height <= MAX_WIDTH
        if has_width and probabilities[i, -1] > MIN_NEGATIVE:
            parts = _split(model, whole, cropped[i])
            symbols.append(parts if parts.are_digits or not whole.are_digits else whole)
        else:
            symbols.append(whole)
        count += len(symbols[-1].images) if symbols[-1].are_digits else 0
        if count > MAX_DIGITS:
            return []
    return symbols


def _split(model: Model, whole: _Symbols, ink: Ink) -> _Symbols:
    """Split a component, whose ink is in the middle of `ink`, into touching digits if it is several."""
    split = split_touching(model, ink)
    left, top, right, bottom = whole.boxes[0].tolist()
    widest = max((stop - start for start, stop in split.columns), default=0)
    if len(split.columns) < 2 or widest < MIN_WIDEST * (bottom - top):
        return whole
    left, top = (left + right - ink.shape[1]) // 2, (top + bottom - ink.shape[0]) // 2
    boxes = []
    for start, stop in split.columns:
        strip = ink[:, start:stop]
        rows, columns = (np.flatnonzero((strip >= strip.max() / 2).any(axis=axis)) for axis in (1, 0))
        boxes.append([start + columns[0], rows[0], start + columns[-1] + 1, rows[-1] + 1])
    known, best = split.probabilities[:, :-1].sum(axis=1), split.probabilities[:, :-1].max(axis=1)
    confidence = (split.share ** (1 / len(boxes)) * best / np.sqrt(known)) ** SOFTNESS
    certainty = np.minimum(confidence / best, 1 / known)
    shifted = np.array(boxes) + np.array([left, top, left, top])
    return _Symbols(split.images, split.probabilities, shifted, whole.line, certainty)


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
