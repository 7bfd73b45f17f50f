"""Read the digits in a picture: find rows, read each as a whole, and say how certain the text is."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.ink import find_extent
from pipeline.model.model import Classifier, Detector
from pipeline.model.prediction import predict_with_negative
from pipeline.network.thread_pool import Run, in_sequence
from pipeline.pictures.preparation import fit_into_image, measure_ink_shares
from pipeline.reader.pages.cutting import cut_line
from pipeline.reader.pages.detections import POSSIBLE_NUMBER, Detection, hide_unless_salient, keep_best, read_lines
from pipeline.reader.pages.gaps import weigh_gaps
from pipeline.reader.pages.lines import find_lines, find_rows
from pipeline.reader.pages.result import Alternatives, Number, Result, Row
from pipeline.reader.pages.search import Slider, search
from pipeline.reader.rows.expected import Expected
from pipeline.reader.rows.grouping import Grouped, group
from pipeline.reader.rows.labels import WRITTEN_SIGNS
from pipeline.reader.rows.spans import is_reported

ALTERNATIVES = 3  # of a text

RowPart = tuple[str, float, Alternatives]  # the text of a part of a row, its probability, and other texts


def read(
    model: Detector,
    grey: NDArray[np.floating[Any]],
    size: tuple[int, int],
    run: Run = in_sequence,
) -> Result:
    """Read the digits in a picture, (h, w) in [0, 255], row by row, from left to right.

    If no number is salient, none is reported, and all become possible digits.

    model: slides over pictures, and has a recogniser. size: that of the picture before it was reduced. run: may
    use threads.
    """
    shape = grey.shape
    seen = hide_unless_salient(find_numbers(model, grey, run), max(shape))
    return make_reading_order(seen, model.class_names, model.row.temperature, shape, size, (0, 0, shape[1], shape[0]))


def find_numbers(
    model: Detector, grey: NDArray[np.floating[Any]], run: Run = in_sequence, expected: Expected | None = None
) -> list[Detection]:
    """Return the possible numbers of a picture, each once. expected: what all rows have to fit."""
    pyramid, found = search(Slider(model, run), np.asarray(grey, np.float32))
    line_images = [cut_line(line, pyramid) for line in find_lines(found)]
    return weigh_gaps(keep_best(read_lines(model.row, line_images, run, expected)), model.row.temperature)


def read_one(model: Classifier, grey: NDArray[np.floating[Any]], size: tuple[int, int]) -> Result:
    """Read a picture (h, w) of one object with a model that classifies images."""
    rows = list[Row]()
    ink = measure_ink_shares(np.asarray(grey, np.float32))
    if ink is not None:
        predicted = predict_with_negative(
            model, fit_into_image(ink, model.image_shape, model.ink_statistics)[np.newaxis]
        )
        if is_reported(1, 1 - predicted[0, -1]):
            top, bottom, left, right = find_extent(ink >= 0.5)
            boxes = _enlarge(np.array([[left, top, right, bottom]]), grey.shape, size)
            order = np.argsort(-predicted[0, :-1]).tolist()
            (text, chance), *others = [(model.class_names[i], float(predicted[0, i])) for i in order]
            number = Number(text, text, chance, tuple(others[:ALTERNATIVES]), boxes, predicted[:, :-1])
            rows = [_make_row([(text, chance, number.alternatives)], [number], chance, 1.0, model.class_names)]
    return make_result(rows, 1.0, np.zeros((0, 4), np.int64), size, model.class_names)


def make_reading_order(
    detections: Sequence[Detection],
    class_names: Sequence[str],
    temperature: float,
    shape: Sequence[int],
    size: tuple[int, int],
    bounds: Sequence[int],
) -> Result:
    """Return the numbers that are probable enough, in reading order.

    The confidence in a row is the probability that its numbers are correct and that nothing else in it is a number. The
    confidence in a picture is the probability of this for all rows. shape: (height, width) of the picture in which the
    numbers were seen. size: size of the picture before it was reduced. bounds: the part that was read, as left, top,
    right and bottom in pixels of the first picture; boxes end there.
    """
    seen = [each for each in detections if each.span.probability >= POSSIBLE_NUMBER]

    def locate(each: Detection) -> NDArray[np.int64]:
        half = each.size / 2
        boxes = np.stack([each.x - half, each.y - half, each.x + half, each.y + half], axis=1)
        return _enlarge(np.clip(boxes, [*bounds[:2]] * 2, [*bounds[2:]] * 2), shape, size)

    def format_part(found: Grouped) -> RowPart:
        others = tuple((join_numbers(labels, class_names), chance) for labels, chance in found.others)
        return join_numbers(found.text, class_names), found.probability, others

    def make_numbers(each: Detection, found: Grouped) -> Iterator[Number]:
        others = format_part(found)[2] if len(found.numbers) == 1 else ()
        boxes, p = locate(each), each.span.probabilities
        for labels, chance, own in found.numbers:
            digits = join_numbers((label for label in labels if label < len(class_names)), class_names)
            yield Number(join_numbers(labels, class_names), digits, chance, others, boxes[own], p[own])

    rows, rest = [], 1.0
    for indices in find_rows([(each.y, each.x, each.size) for each in seen]):
        row = [seen[i] for i in indices]
        grouped = [(each, group(each.span, temperature, ALTERNATIVES)) for each in row if each.is_reported]
        numbers = [number for each, found in grouped for number in make_numbers(each, found)]
        complete = math.prod(1 - each.span.probability for each in row if not each.is_reported)
        if numbers:
            parts = [format_part(found) for _, found in grouped]
            digits = math.prod(each.span.probability for each, _ in grouped)
            rows.append(_make_row(parts, numbers, digits, complete, class_names))
        else:
            rest *= complete
    possible = [np.zeros((0, 4), np.int64), *(locate(each) for each in seen if not each.is_reported)]
    result = make_result(rows, rest, np.concatenate(possible), size, class_names)
    if rows or not seen:
        return result
    best = max(seen, key=lambda each: each.span.probability)
    text, chance, _ = format_part(group(best.span, temperature, ALTERNATIVES))
    return replace(result, alternatives=((text, chance),))


def _enlarge(boxes: NDArray[Any], shape: Sequence[int], size: tuple[int, int]) -> NDArray[np.int64]:
    """Map boxes, (k, 4), from a grey picture of `shape` to whole pixels of the picture of `size`, within its edges."""
    inner = np.rint(np.clip(boxes, 0, [shape[1], shape[0]] * 2))
    factors = [size[1] / shape[1], size[0] / shape[0]]
    mapped = np.hstack([np.floor(inner[:, :2] * factors), np.ceil(inner[:, 2:] * factors)])
    return np.asarray(np.clip(mapped, 0, [size[1], size[0]] * 2), np.int64)


def _make_row(
    parts: Sequence[RowPart], numbers: Sequence[Number], digits: float, complete: float, class_names: Sequence[str]
) -> Row:
    """Return the row of some numbers, in parts of one or several.

    digits: the probability of their digits, whatever stands between them. complete: probability that no number is
    missing.
    """
    texts = [text for text, *_ in parts]
    confidence = complete * math.prod(probability for _, probability, _ in parts)
    others = _vary(parts, confidence, " ")
    if not all(texts):  # held to a pattern
        texts, confidence, digits, others = [], 0.0, 0.0, numbers[0].alternatives
    return Row(
        " ".join(texts),
        _glue(class_names).join(number.digits for number in numbers) if texts else "",
        confidence,
        others,
        np.concatenate([number.boxes for number in numbers]),
        np.concatenate([number.probabilities for number in numbers]),
        tuple(numbers),
        digits_confidence=complete * digits,
    )


def make_result(
    rows: Sequence[Row], complete: float, possible: NDArray[np.int64], size: tuple[int, int], class_names: Sequence[str]
) -> Result:
    """Return the result. complete: probability that no row is missing."""
    confidence = complete * math.prod(row.confidence for row in rows) if rows else 0.0
    return Result(
        "\n".join(row.text for row in rows),
        _glue(class_names).join(row.digits for row in rows if row.digits),
        tuple(rows),
        confidence,
        _vary([(row.text, row.confidence, row.alternatives) for row in rows], confidence, "\n"),
        np.concatenate([np.zeros((0, 4), np.int64), *(row.boxes for row in rows)]),
        size,
        np.concatenate([np.zeros((0, len(class_names)), np.float32), *(row.probabilities for row in rows)]),
        possible,
        digits_confidence=complete * math.prod(row.digits_confidence for row in rows) if rows else 0.0,
    )


def _vary(parts: Sequence[RowPart], confidence: float, between: str) -> Alternatives:
    """Return the most probable texts in which one part has another text, each with its probability.

    Those of a single part keep their order. confidence: probability of the whole.
    """
    texts = [text for text, *_ in parts]
    varied = [
        (between.join([*texts[:i], other, *texts[i + 1 :]]), confidence * chance / probability)
        for i, (_, probability, alternatives) in enumerate(parts)
        for other, chance in alternatives
        if probability
    ]
    return tuple(sorted(varied, key=lambda each: -each[1] if len(parts) > 1 else 0)[:ALTERNATIVES])


def join_numbers(symbols: Iterable[int], class_names: Sequence[str]) -> str:
    """Join what symbols stand for: class names, spaces and separators, with spaces between names of several letters."""
    names = [*class_names, *WRITTEN_SIGNS]
    return _glue(class_names).join(names[symbol] for symbol in symbols)


def _glue(class_names: Sequence[str]) -> str:
    return "" if all(len(name) == 1 for name in class_names) else " "
