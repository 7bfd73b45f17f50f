"""Read a line image with a pattern: find the most probable text that fits."""

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from pipeline.engine.float_arrays import Array
from pipeline.model.model import Model
from pipeline.network.losses import log_softmax
from pipeline.network.thread_pool import Run
from pipeline.reader.rows.ctc import align
from pipeline.reader.rows.expected import Expected
from pipeline.reader.rows.labels import OTHER_WRITING, SPACE
from pipeline.reader.rows.patterns import NO_STATE, Pattern, best_texts, pattern_log_probability
from pipeline.reader.rows.spans import (
    IMPOSSIBLE,
    INK_REACH,
    SIZE,
    Span,
    average_views,
    find_spans,
    is_reported,
    measure,
)
from pipeline.reader.rows.trellis import NodeIndices

FITS = 0.05  # probability that a line image fits the pattern from which it is read so
SEARCHED_TEXTS = 8  # texts, which may differ only in what stands before and after them, and in repeated spaces

Text = tuple[int, ...]  # digits, and the symbols of what stands between them


def fit_spans(model: Model, line_images: Sequence[Array], run: Run, expected: Expected) -> list[list[Span]]:
    """Return the most probable span of each line image with a digit, given that it fits the pattern; see `read_spans`.

    All digits of a line together have to fit, so it shows one span. Its probability is that of its text among all that
    fit, summed over spaces and separators that the pattern ignores.

    If hardly any text fits, or none is probable enough, but some number would be reported without the pattern, the span
    has no labels, and the probability of that number. A text that fits if a space counts as a separator is then one of
    its `others`, with which a person or the arithmetic of a form may agree.
    """
    classes, found = len(model.class_names), []
    for line_image, logits in zip(line_images, average_views(model, line_images, run), strict=True):
        pitch = line_image.shape[1] / logits.shape[1]
        spans = measure(find_spans(logits, classes, pitch), model.temperature)
        shown = any(span.is_reported for span in spans)
        read = [fit(spans, logits, pitch, model.temperature, expected)] if spans else []
        found.append([span for span in read if span.labels or shown])
    return found


def fit(spans: Sequence[Span], logits: Array, pitch: float, temperature: float, expected: Expected) -> Span:
    """Return the span of all digits of a line image, from the spans of its numbers and the logits of its columns."""
    places = np.concatenate([span.places for span in spans])
    classes = spans[0].probabilities.shape[1]
    start = max(0, round((places[0] - INK_REACH * SIZE) / pitch))
    seen = logits[:, start : round((places[-1] + INK_REACH * SIZE) / pitch) + 1]
    written = seen / np.float32(temperature)
    counted = merge_outputs(written, expected.counts_as)
    found, ordered = find_fitting_texts(counted, expected.pattern, classes)
    if not found and expected.with_gaps is not None:
        _, gapped = find_fitting_texts(merge_outputs(written, expected.with_gaps), expected.pattern, classes)
        p = np.concatenate([span.probabilities for span in spans])
        return Span((), places, p, written, max(span.probability for span in spans), tuple(gapped))
    texts = ordered
    if not expected.whole:
        texts = [(write_out(text, written, expected.counts_as, classes), chance) for text, chance in ordered]
    best, *others = texts or [((), 0.0)]
    if not is_reported(sum(symbol < classes for symbol in best[0]), best[1]):
        p = np.concatenate([span.probabilities for span in spans])
        return Span((), places, p, written, max(span.probability for span in spans), tuple(texts))
    symbols = np.array(next(text for text, _ in found if tidy(text, classes) == ordered[0][0]))
    first, last = (each[:, 0][symbols < classes] for each in align(counted[..., np.newaxis], symbols[:, np.newaxis]))
    columns = (first + last) // 2
    p = np.exp(log_softmax(seen)[:classes, columns].T)
    return Span(best[0], (start + columns + 0.5) * pitch, p, written, best[1], tuple(others))


def find_fitting_texts(
    counted: Array, pattern: Pattern, classes: int
) -> tuple[list[tuple[Text, float]], list[tuple[Text, float]]]:
    """Return the most probable texts that fit, twice: as they are, and in the form of `tidy`; none if hardly any fits.

    The first ones come with the logs of their probabilities. The others come with their probabilities among all texts
    that fit, the most probable first. counted: logits, (outputs, columns), from `merge_outputs`.
    """
    log_fit = float(pattern_log_probability(counted[..., np.newaxis], pattern)[0])
    found = best_texts(counted, pattern, SEARCHED_TEXTS) if log_fit > math.log(FITS) else []
    chances: dict[Text, float] = {}
    for text, log_p in found:
        inner = tidy(text, classes)
        chances[inner] = chances.get(inner, 0.0) + math.exp(log_p - log_fit)
    return found, sorted(chances.items(), key=lambda each: -each[1])


def merge_outputs(logits: Array, counts_as: NodeIndices) -> Array:
    """Add the probability of each output to that of the output it counts as; return the logits (outputs, columns).

    What counts as the blank thereby disappears from each text, and the probabilities of texts that differ in nothing
    else are summed.
    """
    merged = np.full_like(logits, IMPOSSIBLE)
    np.logaddexp.at(merged, counts_as, logits)
    return merged


def tidy(text: Sequence[int], classes: int) -> Text:
    """Return a text from its first to its last digit, with one space for several."""
    digits = [i for i, symbol in enumerate(text) if symbol < classes]
    inner = text[digits[0] : digits[-1] + 1] if digits else ()
    spaces = classes + SPACE, classes + OTHER_WRITING
    plain = (classes + SPACE if symbol in spaces else symbol for symbol in inner)
    runs = ((symbol, len(list(group))) for symbol, group in groupby(plain))
    return tuple(symbol for symbol, count in runs for _ in range(1 if symbol in spaces else count))


def write_out(text: Text, logits: Array, counts_as: NodeIndices, classes: int) -> Text:
    """Return the most probable way to write a text: with the spaces and separators between two of its digits.

    text: as in `tidy`, without those that count as blank. logits: (outputs, columns), in which all outputs are told
    apart.
    """
    blank, count = len(counts_as) - 1, len(text)
    skipped = [symbol for symbol in range(blank) if counts_as[symbol] == blank]
    if not skipped:
        return text
    after = np.full((count + 1, blank), NO_STATE)
    after[np.arange(count), text] = np.arange(1, count + 1)
    after[:, classes + OTHER_WRITING] = after[:, classes + SPACE]
    digits = np.array([True, *(symbol < classes for symbol in text), True])
    between = np.flatnonzero(digits[:-1] & digits[1:])  # also before the first and after the last digit
    for symbol in skipped:
        after[between, symbol] = between
    found = best_texts(logits, Pattern(after, np.arange(count + 1) == count), count=1)
    return tidy(found[0][0], classes) if found else text
