"""Read a strip as a pattern says: of all texts that fit it, the most probable one."""

import math
from collections.abc import Sequence
from itertools import chain, groupby

import numpy as np

from pipeline.model.model import Model
from pipeline.network.activations import Array
from pipeline.network.gradient_descent import Run
from pipeline.reader.rows.ctc import align
from pipeline.reader.rows.marks import SPACE
from pipeline.reader.rows.patterns import Pattern, best_texts, pattern_log_probability
from pipeline.reader.rows.spans import AROUND, SIZE, Span, find_spans, is_reported, measure, view_strips

FITS = 0.05  # probability that a strip fits the pattern from which it is read so
SEARCHED = 8  # texts, which may differ only in other writing

Text = tuple[int, ...]  # digits, and the symbol of a space between them


def fit_spans(model: Model, strips: Sequence[Array], run: Run, pattern: Pattern) -> list[list[Span]]:
    """Return what is most probable in each strip with a digit, given that it fits the pattern; see `read_spans`.

    All digits of a strip together have to fit, so it shows one span. Its probability is that of its text among all that
    fit. If hardly any fits, or none is probable enough, but some number would be reported without the pattern, the span
    has no label, and the probability of that number.
    """
    classes, found = len(model.class_names), []
    for strip, logits in zip(strips, view_strips(model, strips, run), strict=True):
        pitch = strip.shape[1] / logits.shape[1]
        spans = measure(find_spans(logits, classes, pitch), model.temperature)
        shown = any(span.is_reported for span in spans)
        read = [fit(spans, logits, pitch, model.temperature, pattern)] if spans else []
        found.append([span for span in read if span.labels or shown])
    return found


def fit(spans: Sequence[Span], logits: Array, pitch: float, temperature: float, pattern: Pattern) -> Span:
    """Return the span of all digits of a strip. spans: those of its numbers, at least one. logits: of its columns."""
    places = np.concatenate([span.places for span in spans])
    classes = spans[0].probabilities.shape[1]
    start = max(0, round((places[0] - AROUND * SIZE) / pitch))
    part = logits[:, start : round((places[-1] + AROUND * SIZE) / pitch) + 1] / np.float32(temperature)
    log_fit = float(pattern_log_probability(part[..., np.newaxis], pattern)[0])
    found = best_texts(part, pattern, SEARCHED) if log_fit > math.log(FITS) else []
    chances: dict[Text, float] = {}
    for text, log_p in found:
        digits = strip_spaces(text, classes)
        chances[digits] = chances.get(digits, 0.0) + math.exp(log_p - log_fit)
    best, *others = sorted(chances.items(), key=lambda each: -each[1]) or [((), 0.0)]
    if not is_reported(len(best[0]), best[1]):
        p = np.concatenate([span.probabilities for span in spans])
        return Span((), places, p, part, max(span.probability for span in spans), tuple(chances.items()))
    symbols = np.array(next(text for text, _ in found if strip_spaces(text, classes) == best[0]))
    first, last = (each[:, 0][symbols < classes] for each in align(part[..., np.newaxis], symbols[:, np.newaxis]))
    columns = (first + last) // 2
    p = np.exp(part[:classes, columns].T)
    return Span(best[0], (start + columns + 0.5) * pitch, p, part, best[1], tuple(others))


def strip_spaces(text: Sequence[int], classes: int) -> Text:
    """Return a text without other writing: digits, and one space where anything stands between them."""
    numbers = (number for is_digit, number in groupby(text, lambda symbol: symbol < classes) if is_digit)
    return tuple(chain.from_iterable((classes + SPACE, *number) for number in numbers))[1:]
