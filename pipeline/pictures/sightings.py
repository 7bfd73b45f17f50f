"""Numbers as strips show them: what the network for rows reads, with places and probabilities.

Several strips may show the same number.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from pipeline.model.model import Model
from pipeline.network.activations import Array
from pipeline.network.architecture import build_layers
from pipeline.network.ctc import PADDING, Transcription, read_greedily, text_log_probability
from pipeline.network.gradient_descent import Run
from pipeline.network.losses import log_softmax
from pipeline.network.network import infer, make_network
from pipeline.network.patterns import best_texts
from pipeline.pictures.cutting import SIZE, Strip, View, to_contrast

FAR = 2.2  # distance in sizes from which two digits belong to two numbers in any case
AROUND = 1.0  # sizes before and after a number in which its probability depends on the ink
NEAR = 0.6  # distance in sizes along the row within which the first network has seen a digit
SAME = 0.8, 0.45  # distance in sizes, down and along the row, within which there is only one digit
VIEWS: tuple[View, ...] = (1, 0), (-1, -2), (-1, 2)  # of a strip, whose probabilities are averaged
BATCH = 8  # strips that pass through the network together
NEVER = -1e4  # logit of an output that is impossible
TINY = 1e-12  # probability

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Sighting:
    """A number in a strip.

    labels: of its digits. y, x: their centres in pixels of the picture, (k,). size: their longer side. probabilities:
    of the classes, for each digit, (k, classes). supported: whether the first network has seen most of the digits.
    logits: of the columns that show the number, (outputs, columns). probability: that these columns show these digits
    and nothing else.
    """

    labels: tuple[int, ...]
    y: Floats
    x: Floats
    size: float
    probabilities: Floats
    supported: bool
    logits: Array
    probability: float = 0.0


def read_strips(model: Model, strips: Sequence[Strip], run: Run) -> list[Sighting]:
    """Return the numbers in all strips. model: has outputs by column. run: may use threads.

    Where the first of the VIEWS shows a digit, the mean of the probabilities in all views decides.
    """
    classes = len(model.class_names)
    first = predict_columns(model, strips, VIEWS[:1], run)
    chosen = [i for i, p in enumerate(first) if (p.argmax(axis=0) < classes).any()]
    others = predict_columns(model, [strips[i] for i in chosen], VIEWS[1:], run)
    sightings: list[Sighting] = []
    for i, other in zip(chosen, others, strict=True):
        logits = np.log(np.maximum((first[i] + other) / len(VIEWS), TINY))
        (found,) = read_greedily(logits[..., np.newaxis])
        sightings += find_numbers(strips[i], found, logits, classes)
    return sightings


def predict_columns(model: Model, strips: Sequence[Strip], views: Sequence[View], run: Run) -> list[Array]:
    """Return the probabilities in the columns of each strip, (outputs, columns), summed over views.

    Strips of one length pass through the network together.
    """
    order = sorted(range(len(strips)), key=lambda i: len(strips[i].x))
    groups = [list(group) for _, group in groupby(order, key=lambda i: len(strips[i].x))]
    batches = [group[start : start + BATCH] for group in groups for start in range(0, len(group), BATCH)]

    def predict(number: int, thread: int) -> Array:
        batch = [strips[i] for i in batches[number]]
        return np.asarray(sum(np.exp(log_softmax(compute_logits(model, to_contrast(batch, view)))) for view in views))

    predicted: dict[int, Array] = {}
    for batch, p in zip(batches, run(predict, len(batches)), strict=True):
        predicted |= zip(batch, np.moveaxis(p, -1, 0), strict=True)
    return [predicted[i] for i in range(len(strips))]


def compute_logits(model: Model, contrast: Array) -> Array:
    """Return the logits (outputs, columns, n) of strips of any length, (height, length, n)."""
    layers = build_layers(model.layers, model.activation, contrast.shape[:2], model.outputs, by_column=True)
    return infer(make_network(layers, model.parameters[0].flat), contrast)[:, 0]


def find_numbers(strip: Strip, found: Transcription, logits: Array, classes: int) -> Iterator[Sighting]:
    """Yield the numbers in a strip: its digits, parted by spaces, by other writing and by wide gaps."""
    columns = np.array(found.columns)
    pitch = len(strip.x) / logits.shape[1]  # pixels
    middles = (columns[1:] + columns[:-1] + 1) / 2
    before, after = np.append(-np.inf, middles), np.append(middles, np.inf)
    p = np.exp(log_softmax(logits))
    for part in split(found, classes, FAR * SIZE / pitch):
        own = columns[part]
        start = max(0, before[part[0]], own[0] - AROUND * SIZE / pitch)
        stop = min(logits.shape[1], after[part[-1]], own[-1] + 1 + AROUND * SIZE / pitch)
        places = np.rint((own + 0.5) * pitch - 0.5).astype(np.intp)
        x = strip.x[places]
        near = np.abs(strip.line.x - x[:, np.newaxis]) < NEAR * strip.line.size
        yield Sighting(
            tuple(found.text[i] for i in part),
            strip.y[places],
            x,
            strip.line.size,
            p[:classes, own].T,
            bool(near.any(axis=1).mean() >= 0.5),
            logits[:, round(start) : round(stop)],
        )


def split(found: Transcription, classes: int, far: float) -> list[list[int]]:
    """Return the indices of the digits of each number. far: columns."""
    parts: list[list[int]] = []
    last = None
    for i, (symbol, column) in enumerate(zip(found.text, found.columns, strict=True)):
        if symbol >= classes:
            last = None
            continue
        if last is None or column - last > far:
            parts.append([])
        parts[-1].append(i)
        last = column
    return parts


def measure(sightings: Sequence[Sighting], temperature: float) -> list[Sighting]:
    """Return the sightings with their probabilities, by logits that are divided by a temperature."""
    if not sightings:
        return []
    outputs, most = len(sightings[0].logits), max(each.logits.shape[1] for each in sightings)
    logits = np.full((outputs, most, len(sightings)), NEVER, np.float32)
    logits[-1] = 0  # blank after the columns of a number
    texts = np.full((max(len(each.labels) for each in sightings), len(sightings)), PADDING)
    for i, each in enumerate(sightings):
        logits[:, : each.logits.shape[1], i] = each.logits / np.float32(temperature)
        texts[: len(each.labels), i] = each.labels
    chances = np.exp(text_log_probability(logits, texts)).tolist()
    return [replace(each, probability=chance) for each, chance in zip(sightings, chances, strict=True)]


def keep_best(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Return the sightings without those that share a digit with a better one.

    Better is what the first network has seen, too, and the more probable.
    """
    kept: list[Sighting] = []
    y, x, size = np.zeros((3, 0))
    for each in sorted(sightings, key=lambda each: (not each.supported, -each.probability)):
        larger = np.maximum(size, each.size)
        down, along = np.abs(y - each.y[:, np.newaxis]) / larger, np.abs(x - each.x[:, np.newaxis]) / larger
        if not ((down < SAME[0]) & (along < SAME[1])).any():
            kept.append(each)
            y, x, size = np.append(y, each.y), np.append(x, each.x), np.append(size, np.full(len(each.x), each.size))
    return kept


def find_alternatives(sighting: Sighting, temperature: float, count: int) -> list[tuple[tuple[int, ...], float]]:
    """Return the most probable other texts of a number, up to `count`, with their probabilities."""
    classes = sighting.probabilities.shape[1]
    found = best_texts(sighting.logits / np.float32(temperature), count=count + 2)
    others = [(text, float(np.exp(log_p))) for text, log_p in found if text and max(text) < classes]
    return [other for other in others if other[0] != sighting.labels][:count]
