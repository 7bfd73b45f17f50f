"""Measure how well the signs of a line image can be seen, by the depth of their strokes and their shape."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.pictures.filters import ndimage
from pipeline.reader_training.synthesis.signs import Ink

STROKE_INK = 0.5  # ink of a stroke, relative to the most ink of its sign
FREE = 0.15  # ink below which there is paper
PAPER_WEIGHT = 0.02  # weight of paper beside ink, onto which this is blurred
HIDING = 0.35  # ink around the row that hides a stroke
PAPER_WINDOW = 11  # pixels: side of the square in which the level of the paper is measured
NOISE_WINDOW = 21  # pixels: the same, of its noise
EYE_WINDOW = 3  # pixels: side of the square whose mean is seen
LEAST_NOISE = 0.05  # in units of local contrast
NORMAL = 1.25  # standard deviation of a normal distribution, relative to its mean absolute deviation
# Quantile of the depth of the strokes that counts, and largest hidden part: of a digit, and of other writing, of which
# it is enough that there is some.
WEAKEST, HIDDEN = (0.25, 0.5), (0.5, 1.0)
SHAPE_REACH = 2  # pixels around a digit to which its shape extends


@dataclass(frozen=True, eq=False)
class LineView:
    """A line image as an eye sees it, in arrays (h, w).

    depth: how much darker writing is than the paper around, relative to its noise. relief: by how much each pixel is
    darker than the paper, and ink: of the writing, both averaged over EYE_WINDOW. shown: whether no other ink hides it.
    """

    depth: Ink
    relief: Ink
    ink: Ink
    shown: NDArray[np.bool_]


def measure_visibility(contrast: Ink, writing: Ink, others: Ink) -> LineView:
    """Return a line image as an eye sees it. contrast: local contrast, (h, w). writing, others: its ink, in [0, 1].

    The others are around the row, such as lines: they hide writing, but they are no noise.
    """
    shown = others < HIDING
    written = np.maximum(writing, others)
    clear, beside = ndimage.maximum_filter(written, EYE_WINDOW) < FREE, written < FREE
    free = np.where(clear, 1, PAPER_WEIGHT * beside).astype(np.float32)
    paper = _average(contrast, free, PAPER_WINDOW)
    away = np.abs(_average(contrast, free, EYE_WINDOW) - paper)
    noise = NORMAL * _average(away, free, NOISE_WINDOW)  # edges of shadows add little
    depth = (paper - _average(contrast, writing * shown, EYE_WINDOW)) / (noise + LEAST_NOISE)
    seen = shown.astype(np.float32)
    return LineView(depth, _average(paper - contrast, seen, EYE_WINDOW), _average(writing, seen, EYE_WINDOW), shown)


def _average(values: Ink, weights: Ink, side: int) -> Ink:
    """Return the weighted mean in a square around each pixel; 0 without weight."""
    total = ndimage.uniform_filter(weights, side, mode="constant")
    mean = ndimage.uniform_filter(values * weights, side, mode="constant") / np.maximum(total, 1e-6)
    return np.where(total > 1e-5, mean, 0).astype(np.float32)


def measure_legibility(line_image: LineView, ink: Ink, top: int, left: int, is_word: bool) -> float:
    """Return the depth of a sign's weakest strokes, for a digit times the part of its surroundings that it explains.

    ink: of the sign, cropped, which begins at `top` and `left` of the line image. The depth of a digit that is mostly
    hidden or beyond the line image is 0; that of other writing of which nothing is shown is infinite.
    """
    stroke = np.zeros(line_image.shown.shape, bool)
    bottom, right = top + ink.shape[0], left + ink.shape[1]
    inside = np.s_[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    part = stroke[inside]
    inked = ink > STROKE_INK * ink.max()
    part[:] = inked[max(-top, 0) :, max(-left, 0) :][: part.shape[0], : part.shape[1]]
    seen = line_image.depth[stroke & line_image.shown]
    if len(seen) <= (1 - HIDDEN[is_word]) * inked.sum():
        return math.inf if is_word else 0.0
    weakest = float(np.quantile(seen, WEAKEST[is_word]))
    if is_word:
        return weakest
    box = np.s_[max(top - SHAPE_REACH, 0) : bottom + SHAPE_REACH, max(left - SHAPE_REACH, 0) : right + SHAPE_REACH]
    shown = line_image.shown[box]
    relief, expected = line_image.relief[box][shown], line_image.ink[box][shown]
    if min(np.ptp(relief), np.ptp(expected)) == 0:
        return 0.0
    return weakest * max(float(np.corrcoef(relief, expected)[0, 1]), 0) ** 2
