"""Over-segmentation: read ink that may be several touching or overlapping digits.

Every span of columns between two cuts of a fine grid is fitted like a digit and classified. A span that is a part of a
digit, or more than one, belongs to the negative class. Dynamic programming finds the best sequence of spans that covers
all the ink. Cuts are straight: those along the valleys of the ink, around strokes, were worse.
(LeCun, Bottou, Bengio & Haffner 1998, section V)
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.model.files import Model
from pipeline.model.prediction import predict_with_negative
from pipeline.pictures.preparation import (
    SUBPIXELS,
    Ink,
    adjust_strokes,
    find_extent,
    measure_box,
    prepare_strips,
    sample,
)

RESOLUTION = 2  # working pixels per pixel of an image
MARGIN = 4  # working pixels around the ink, for soft edges
STEP = 2  # working pixels between two cuts
NARROWEST, WIDEST = 0.12, 1.1  # width of a span, relative to the height of the ink
PRIOR = 0.5  # weight of each further digit
SHARPNESS = 3  # exponent of the weights of sequences, see `_compute_share`
BLOCK = 256  # spans that are fitted at once


@dataclass(frozen=True)
class Split:
    """Touching digits from left to right.

    images: uint8 (k, h, w). probabilities: float32 (k, classes + 1), the last column of no class. columns: start and
    stop of each digit, in pixels of the ink. share: of this reading in all readings, see `_compute_share`.
    """

    images: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    columns: list[tuple[int, int]]
    share: float


@dataclass(frozen=True)
class _Spans:
    """Spans between cuts, sorted by the last cut. starts, stops: indices of the cuts, (n,).

    images: (n, h, w). probabilities: (n, classes + 1). The weight of a sequence of spans, with a class for each, is the
    product of `weights`, (n, classes).
    """

    starts: NDArray[np.intp]
    stops: NDArray[np.intp]
    images: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    weights: NDArray[np.float64]


def split_touching(model: Model, ink: Ink) -> Split:
    """Split ink, (h, w) in [0, 1] with at least one 1, into digits; none if no sequence of spans covers the ink."""
    small, left, scale = _normalise(ink, model)
    width = small.shape[1]
    cuts = np.array([0, *range(MARGIN + STEP, width - MARGIN - STEP + 1, STEP), width])
    spans = _classify_spans(model, small, cuts)
    path = _find_best_path(spans, len(cuts))
    columns = np.clip(left + scale * cuts, 0, ink.shape[1])
    ends = columns[spans.starts[path]].tolist(), columns[spans.stops[path]].tolist()
    return Split(
        spans.images[path],
        spans.probabilities[path],
        [(math.floor(start), math.ceil(stop)) for start, stop in zip(*ends, strict=True)],
        _compute_share(spans, path, len(cuts)),
    )


def _normalise(ink: Ink, model: Model) -> tuple[Ink, float, float]:
    """Return the ink as high as the box of an image, at RESOLUTION, with a margin and with strokes of a usual width.

    Also return the column of `ink` at which it starts, and the pixels of `ink` per working pixel.
    """
    top, bottom, left, right = find_extent(ink)
    height = round(RESOLUTION * measure_box(model.image_shape, model.ink_statistics)[0])
    scale = (bottom - top) / height
    shape = height + 2 * MARGIN, math.ceil((right - left) / scale - 1e-6) + 2 * MARGIN
    centre, finer = (left + right) / 2, SUBPIXELS // RESOLUTION
    fine = sample(ink, (top + bottom) / 2, centre, scale / finer, (finer * shape[0], finer * shape[1]))
    fine = adjust_strokes(fine, model.ink_statistics)
    small = fine.reshape(shape[0], finer, shape[1], finer).mean(axis=(1, 3))
    return small / small.max(), centre - scale * shape[1] / 2, scale


def _classify_spans(model: Model, small: Ink, cuts: NDArray[np.int64]) -> _Spans:
    """Fit and classify all spans between two cuts, columns of `small`, that are not too narrow or too wide."""
    starts, stops = np.tril_indices(len(cuts), -1)[::-1]
    edges = np.clip(cuts, MARGIN, small.shape[1] - MARGIN)
    widths = (edges[stops] - edges[starts]) / (len(small) - 2 * MARGIN)
    usual = (widths >= NARROWEST) & (widths <= WIDEST)
    starts, stops = starts[usual], stops[usual]
    images = np.concatenate(
        [
            prepare_strips(small, cuts[starts[block]], cuts[stops[block]], model.image_shape, model.ink_statistics)
            for block in np.array_split(np.arange(len(starts)), len(starts) // BLOCK + 1)
        ]
    )
    probabilities = predict_with_negative(model, images)
    weights = PRIOR * probabilities[:, :-1].astype(np.float64)
    weights[~images.any(axis=(1, 2))] = 0
    return _Spans(starts, stops, images, probabilities, weights)


def _find_best_path(spans: _Spans, cuts: int) -> list[int]:
    """Return the spans of the sequence with the highest weight; none if all weights are 0."""
    best, last = np.zeros(cuts), np.zeros(cuts, int)
    best[0] = 1
    weights = spans.weights.max(axis=1).tolist()
    for span, (start, stop) in enumerate(zip(spans.starts.tolist(), spans.stops.tolist(), strict=True)):
        if best[start] * weights[span] > best[stop]:
            best[stop], last[stop] = best[start] * weights[span], span
    path: list[int] = []
    cut = cuts - 1
    while cut > 0 and best[-1] > 0:
        path.insert(0, int(last[cut]))
        cut = spans.starts[path[0]]
    return path


def _compute_share(spans: _Spans, path: list[int], cuts: int) -> float:
    """Return the weight of all sequences with the same classes as the path, relative to that of all sequences.

    Both are sums by the forward algorithm. The weights are raised to the power of SHARPNESS.
    """
    weights = spans.weights**SHARPNESS
    total, same = np.zeros(cuts), np.eye(1, cuts)[0]
    total[0] = 1
    of_any = weights.sum(axis=1).tolist()
    for span, (start, stop) in enumerate(zip(spans.starts.tolist(), spans.stops.tolist(), strict=True)):
        total[stop] += total[start] * of_any[span]
    for label in spans.weights[path].argmax(axis=1):
        same = np.bincount(spans.stops, same[spans.starts] * weights[:, label], cuts)
    return float(same[-1] / total[-1]) if total[-1] > 0 else 0.0  # powers of tiny weights may be 0
