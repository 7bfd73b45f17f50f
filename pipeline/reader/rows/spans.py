"""Digits in line images: what a recogniser reads, in which columns, and with what probability.

A span is found by its digits, and grouped into numbers later: whether there is a space in a gap is often a coin, so a
row with ten of them has no probable text, though its digits are certain.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array
from pipeline.model.model import Model
from pipeline.network.architecture import build_layers
from pipeline.network.layer import Buffers
from pipeline.network.losses import log_softmax
from pipeline.network.network import Network, infer, make_buffers, make_network
from pipeline.network.thread_pool import Run
from pipeline.reader.rows.ctc import PADDING, Transcription, read_greedily, text_log_probability
from pipeline.reader.rows.labels import LINE_IMAGE_HEIGHT, LINE_MARGIN, OTHER_WRITING, SPACE

View = tuple[int, int]  # 1, or -1 for the negative; vertical offset of the crop in pixels

SIZE = 19  # pixels: longer side of most digits in a line image
FAR = 3.2  # distance in sizes from which two digits belong to two numbers in any case
INK_REACH = 1.0  # sizes before and after a number in which its probability depends on the ink
# Of a line image, whose probabilities are averaged.
VIEWS: tuple[View, ...] = ((1, 0), (-1, -LINE_MARGIN), (-1, LINE_MARGIN))
REPORTED = 0.6  # probability from which a digit is reported; a longer number from less, see `is_reported`
CERTAIN_SPACE = 0.9  # probability of a space, at its peak, from which it parts two spans
IMPOSSIBLE = -1e4  # logit of an output that is impossible
TINY = 1e-12  # probability


@dataclass(frozen=True, eq=False)
class Span:
    """Digits that a line image shows in some of its columns: a number, or several that a space may part.

    labels: the symbols of the digits, and of the separators and spaces between them. places: the distances from the
    start of the line to the centres of the digits, in pixels, (k,). probabilities: the probabilities of the classes for
    each digit, (k, classes). logits: the logits of these columns, (outputs, columns). probability: the probability that
    they show these digits and no other, whatever stands between them. others: the most probable other labels with their
    probabilities, None if they were not computed. columns: those of the digits in the logits, none if a pattern was
    given.
    """

    labels: tuple[int, ...]
    places: NDArray[np.floating]
    probabilities: Array
    logits: Array
    probability: float = 0.0
    others: Sequence[tuple[tuple[int, ...], float]] | None = None
    columns: tuple[int, ...] = ()

    @property
    def is_reported(self) -> bool:
        """Whether the digits are probable enough to be reported."""
        return is_reported(len(self.places), self.probability)


def read_spans(model: Model, line_images: Sequence[Array], run: Run) -> list[list[Span]]:
    """Return the digits in each line image, from left to right, with probabilities at the temperature of the model.

    model: a model with outputs by column.
    line_images: the local contrast of each line, (LINE_IMAGE_HEIGHT + 2 LINE_MARGIN, length).
    run: the function that runs the parts of the work, for example in threads.
    """
    classes = len(model.class_names)
    found = [
        find_spans(logits, classes, line_image.shape[1] / logits.shape[1])
        for line_image, logits in zip(line_images, average_views(model, line_images, run), strict=True)
    ]
    measured = iter(measure([span for spans in found for span in spans], model.temperature))
    return [[next(measured) for _ in spans] for spans in found]


def average_views(model: Model, line_images: Sequence[Array], run: Run) -> list[Array]:
    """Return the logits of each line image, (outputs, columns), which are logarithms of probabilities.

    If the first of the VIEWS shows a digit, the probabilities are the means of those in all views.
    """
    classes = len(model.class_names)
    buffers: dict[int, list[Buffers]] = {}  # of each thread, since new ones cost a tenth of the time

    def predict(line_image: Array, views: Sequence[View], thread: int) -> Array:
        """Return the probabilities in the columns of a line image, (outputs, columns), summed over views."""
        network = make_row_network(model, line_image.shape[1])
        own = buffers.setdefault(thread, make_buffers(network))
        seen = np.stack([crop_view(line_image, view) for view in views], axis=-1)
        return np.asarray(np.exp(log_softmax(infer(network, seen, own)[:, 0])).sum(axis=-1))

    def average(number: int, thread: int) -> Array:
        p = predict(line_images[number], VIEWS[:1], thread)
        if (p.argmax(axis=0) < classes).any():
            p = (p + predict(line_images[number], VIEWS[1:], thread)) / len(VIEWS)
        return np.log(np.maximum(p, TINY))

    return run(average, len(line_images))


def crop_view(line_image: Array, view: View) -> Array:
    """Return what the network sees of a line image in a view, (LINE_IMAGE_HEIGHT, length).

    line_image: (LINE_IMAGE_HEIGHT + 2 LINE_MARGIN, length).
    """
    sign, down = view
    return sign * line_image[LINE_MARGIN + down : LINE_MARGIN + down + LINE_IMAGE_HEIGHT]


def make_row_network(model: Model, length: int) -> Network:
    """Return the network of a model for line images (LINE_IMAGE_HEIGHT, length, n).

    Its logits are (outputs, 1, columns, n).
    """
    layers = build_layers(model.layers, model.activation, (LINE_IMAGE_HEIGHT, length), model.outputs, by_column=True)
    return make_network(layers, model.parameters[0])


def find_spans(logits: Array, classes: int, pitch: float) -> list[Span]:
    """Return the digits in a line image, parted by other writing, wide gaps, and spaces that are certain.

    logits: (outputs, columns). pitch: pixels of a column.
    """
    (found,) = read_greedily(logits[..., np.newaxis])
    columns = np.array(found.columns)
    middles = (columns[1:] + columns[:-1] + 1) / 2
    before, after = np.append(-np.inf, middles), np.append(middles, np.inf)
    p = np.exp(log_softmax(logits))
    spans = []
    for part in split(found, classes, FAR * SIZE / pitch, p):
        first, last = part[0], part[-1]
        start = max(0, before[first], columns[first] - INK_REACH * SIZE / pitch)
        stop = min(logits.shape[1], after[last], columns[last] + 1 + INK_REACH * SIZE / pitch)
        labels = tuple(found.text[i] for i in part)
        digits = columns[[i for i in part if found.text[i] < classes]]
        seen = logits[:, round(start) : round(stop)]
        own = tuple((digits - round(start)).tolist())
        spans.append(Span(labels, (digits + 0.5) * pitch, p[:classes, digits].T, seen, columns=own))
    return spans


def split(found: Transcription, classes: int, far: float, p: Array) -> list[range]:
    """Return the indices of the symbols of each span: digits, and what stands between two of them.

    far: columns from which two digits are apart. p: the probabilities of the outputs, (outputs, columns).
    """
    text, columns = np.array(found.text, int), np.array(found.columns, int)
    digits = np.flatnonzero(text < classes)
    certain = p[classes + SPACE, columns] >= CERTAIN_SPACE
    parting = np.cumsum(((text == classes + SPACE) & certain) | (text == classes + OTHER_WRITING))
    apart = (np.diff(parting[digits]) > 0) | (np.diff(columns[digits]) > far)
    parts = np.split(digits, np.flatnonzero(apart) + 1) if len(digits) else []
    return [range(part[0], part[-1] + 1) for part in parts]


def measure(spans: Sequence[Span], temperature: float) -> list[Span]:
    """Return the spans with their probabilities, from logits divided by a temperature."""
    if not spans:
        return []
    classes, most = spans[0].probabilities.shape[1], max(each.logits.shape[1] for each in spans)
    logits = np.full((classes + 1, most, len(spans)), IMPOSSIBLE, np.float32)
    logits[-1] = 0  # blank after the columns of a span
    texts = np.full((max(len(each.places) for each in spans), len(spans)), PADDING)
    for i, each in enumerate(spans):
        written = each.logits / np.float32(temperature)
        logits[:classes, : written.shape[1], i] = written[:classes]
        logits[classes, : written.shape[1], i] = np.logaddexp.reduce(written[classes:])  # all else counts as the blank
        texts[: len(each.places), i] = [symbol for symbol in each.labels if symbol < classes]
    chances = np.exp(text_log_probability(logits, texts)).tolist()
    return [replace(each, probability=chance) for each, chance in zip(spans, chances, strict=True)]


def is_reported(digits: int, probability: float) -> bool:
    """Return whether so many digits are probable enough to be reported.

    The threshold falls with the number of digits: a long number is written as often as a short one, but more of its
    digits may be misread. The exponent (digits + 1) / 2 gave the best F1 on synthetic line images.
    """
    return bool(probability >= REPORTED ** ((digits + 1) / 2))
