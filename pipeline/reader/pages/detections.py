"""Collect the numbers that line images along the rows of a picture show, each number once."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array
from pipeline.model.model import Model
from pipeline.network.thread_pool import Run
from pipeline.reader.pages.cutting import LineImage
from pipeline.reader.pages.search import LIKE
from pipeline.reader.rows.expected import Expected
from pipeline.reader.rows.fitting import fit_spans
from pipeline.reader.rows.spans import Span, read_spans

SUPPORTED = 0.6  # distance in sizes along the row within which the detector has seen a digit
# Largest 1 - probability of the best digit at which a number is salient, if that digit is as large as the picture; see
# `is_salient`. On generated pictures, the rule removes the numbers of three of four pictures without a
# digit, and of none with digits.
DOUBT = 0.7
SAME_DIGIT = 0.8, 0.45  # distance in sizes, down and along the row, within which there is only one digit
POSSIBLE_NUMBER = 0.03  # probability of a number from which a person who checks the reading should see it
MORE = 2.0  # times as many digits have to be expected in small detections as in a large one that covers them


@dataclass(frozen=True, eq=False)
class Detection:
    """A number in a picture, as one line image shows it.

    y, x: the centres of its digits in pixels, (k,). size: the longer side of its digits. support: the probability of a
    digit by the detector at each of them, (k,), 0 where it has seen none. suppressed: whether it is not reported,
    because no number of the picture is salient, or because a better detection shares some of its digits. In the second
    case, y, x and support are only those of the other digits. line_image: the one that shows it, if it is at hand.
    """

    span: Span
    y: Array
    x: Array
    size: float
    support: Array
    suppressed: bool = False
    line_image: LineImage | None = None

    @property
    def is_supported(self) -> bool:
        """Whether the detector has also seen most of the digits."""
        return bool((self.support > 0).mean() >= 0.5)

    @property
    def is_reported(self) -> bool:
        """Whether the number is probable enough, or has no label because it does not fit its pattern."""
        return not self.suppressed and (not self.span.labels or self.span.is_reported)


def read_lines(model: Model, line_images: Sequence[LineImage], run: Run, expected: Expected | None) -> list[Detection]:
    """Return the numbers in all line images, of which several may show the same number. run: runs parts of the work in
    threads.
    """
    contrast = [line_image.contrast for line_image in line_images]
    found = fit_spans(model, contrast, run, expected) if expected else read_spans(model, contrast, run)
    return [
        locate_spans(span, line_image) for line_image, spans in zip(line_images, found, strict=True) for span in spans
    ]


def locate_spans(span: Span, line_image: LineImage) -> Detection:
    """Return a number of a line image with its place in the picture."""
    pixels = np.rint(span.places - 0.5).astype(np.intp)
    x, size = line_image.x[pixels], line_image.line.size
    near = np.abs(line_image.line.x - x[:, np.newaxis]) < SUPPORTED * size
    return Detection(
        span, line_image.y[pixels], x, size, (near * line_image.line.weights).max(axis=1), False, line_image
    )


def keep_best(detections: Iterable[Detection]) -> list[Detection]:
    """Return the best detections, none of which share a digit, then the suppressed ones: the other digits of the rest.

    Better means supported by the detector, then labelled, then more probable. This order holds among detections of
    like size. A far larger detection is better than those that it covers, unless these hold MORE times its expected
    digits: a table may look like a digit from afar, and a thick stroke like a digit from nearby. If a detection loses
    to one of like size, its other digits remain as a suppressed detection if its probability reaches POSSIBLE_NUMBER:
    a number may be missing there, or be longer than it was read.
    """
    kept: list[Detection] = []
    losing: list[Detection] = []
    for each in sorted(
        detections, key=lambda each: (not each.is_supported, not each.span.labels, -each.span.probability)
    ):
        is_worse = any(shares_digit(each, other) for other in kept if is_like(each, other))
        (losing if is_worse else kept).append(each)
    for large in sorted(kept, key=lambda each: -each.size):
        covered = [each for each in kept if each.size * LIKE < large.size and shares_digit(large, each)]
        if sum(map(expect_digits, covered)) > MORE * expect_digits(large):
            covered = [large]
        kept = [each for each in kept if each not in covered]
    shown = [each for each in kept if each.span.probability >= POSSIBLE_NUMBER]
    for each in sorted(losing, key=lambda each: -each.span.probability):
        is_free = np.full(len(each.x), each.span.probability >= POSSIBLE_NUMBER)
        for other in shown:
            is_free &= ~find_overlapping(each, other)
        if is_free.any():
            free = each.y[is_free], each.x[is_free], each.support[is_free]
            shown.append(replace(each, y=free[0], x=free[1], support=free[2], suppressed=True))
    return kept + [each for each in shown if each.suppressed]


def hide_unless_salient(detections: Sequence[Detection], side: int) -> list[Detection]:
    """Return the detections of a picture, as suppressed ones if none is salient. side: its longer side, in pixels."""
    is_any = any(is_salient(each, side) for each in detections)
    return [*detections] if is_any else [replace(each, suppressed=True) for each in detections]


def is_salient(detection: Detection, side: int) -> bool:
    """Return whether a number is reported, and both networks are sure enough of one of its digits.

    side: the longer side of the picture, in pixels. The smaller the digits, the more places there are where both
    networks may be wrong; of the powers of the size that were tried, the square root was best.
    """
    if not detection.is_reported:  # of a suppressed detection, only some digits of its span have a support
        return False
    sure = (detection.support * detection.span.probabilities.max(axis=1)).max(initial=0)
    return bool(sure >= 1 - DOUBT * math.sqrt(detection.size / side))


def is_like(one: Detection, other: Detection) -> bool:
    """Return whether two detections are of like size."""
    return max(one.size, other.size) <= LIKE * min(one.size, other.size)


def shares_digit(one: Detection, other: Detection) -> bool:
    """Return whether some digit of one detection is where the other has one."""
    return bool(find_overlapping(one, other).any())


def find_overlapping(one: Detection, other: Detection) -> NDArray[np.bool_]:
    """Return which digits of one detection are where the other has one, (k,)."""
    larger = max(one.size, other.size)
    down, along = np.abs(np.subtract.outer(one.y, other.y)), np.abs(np.subtract.outer(one.x, other.x))
    return np.asarray(((down < SAME_DIGIT[0] * larger) & (along < SAME_DIGIT[1] * larger)).any(axis=1))


def expect_digits(detection: Detection) -> float:
    """Return how many digits are expected in a detection, if it is reported; otherwise 0."""
    return len(detection.x) * detection.span.probability if detection.is_reported else 0.0
