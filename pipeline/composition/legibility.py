"""How well the digits of a strip can be seen: the depth of their strokes, relative to the noise of the paper."""

import math

import numpy as np
from scipy import ndimage

from pipeline.composition.signs import Ink

INKED = 0.5  # ink of a stroke, relative to the most ink of its digit
FREE = 0.15  # ink below which there is paper
BESIDE = 0.02  # weight of paper beside ink, onto which this is blurred
HIDING = 0.35  # other ink that hides a stroke
PAPER, NOISE = 11, 21  # pixels: sides of the squares in which the level of the paper and its noise are measured
EYE = 3  # pixels: side of the square whose mean is seen
LEAST_NOISE = 0.05  # in units of local contrast
NORMAL = 1.25  # standard deviation of a normal distribution, relative to its mean absolute deviation
# Quantile of the depth of the strokes that counts, and largest hidden part: of a digit, and of other writing, of which
# it is enough that there is some.
WEAKEST, HIDDEN = (0.25, 0.5), (0.5, 1.0)


def measure_depth(contrast: Ink, writing: Ink, others: Ink) -> Ink:
    """Return for each pixel how much darker writing is than the paper around, relative to its noise.

    contrast: local contrast of the strip, (h, w). writing, others: its ink, in [0, 1]; the others are those around the
    row, such as lines, which do not count as noise. The depth is not a number where they hide the writing.
    """
    shown = others < HIDING
    written = np.maximum(writing, others)
    clear, beside = ndimage.maximum_filter(written, 3) < FREE, written < FREE
    free = np.where(clear, 1, BESIDE * beside).astype(np.float32)

    def average(values: Ink, weights: Ink, side: int) -> Ink:
        total = ndimage.uniform_filter(weights, side, mode="constant")
        mean = ndimage.uniform_filter(values * weights, side, mode="constant") / np.maximum(total, 1e-6)
        return np.asarray(np.where(total > 1e-5, mean, 0))

    paper = average(contrast, free, PAPER)
    seen = average(contrast, free, EYE)
    noise = NORMAL * average(np.abs(seen - paper), free, NOISE)  # an edge of a shadow adds little to the mean
    depth = (paper - average(contrast, writing * shown, EYE)) / (noise + LEAST_NOISE)
    return np.asarray(np.where(shown, depth, np.nan), np.float32)


def measure_legibility(depth: Ink, ink: Ink, top: int, left: int, is_word: bool) -> float:
    """Return the depth of the weakest strokes of a sign, 0 if most of a digit is hidden or beyond the strip.

    ink: of the sign, cropped, which begins at `top` and `left` of the strip. Other writing of which nothing is within
    the strip has infinite depth.
    """
    rows, columns = (
        slice(max(start, 0), max(start + side, 0)) for start, side in zip((top, left), ink.shape, strict=True)
    )
    part = depth[rows, columns]
    stroke = ink > INKED * ink.max()
    seen = part[stroke[rows.start - top :, columns.start - left :][: part.shape[0], : part.shape[1]]]
    seen = seen[np.isfinite(seen)]
    if len(seen) <= (1 - HIDDEN[is_word]) * stroke.sum():
        return math.inf if is_word else 0.0
    return float(np.quantile(seen, WEAKEST[is_word]))
