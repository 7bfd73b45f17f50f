"""Group the digits of a span into numbers: its most probable text, and others that a person may choose instead."""

import math
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from pipeline.engine.float_arrays import Array
from pipeline.reader.rows.ctc import align, text_log_probability
from pipeline.reader.rows.fitting import Text, merge_outputs
from pipeline.reader.rows.labels import OTHER_WRITING, SPACE
from pipeline.reader.rows.patterns import best_texts
from pipeline.reader.rows.spans import Span

SURE = 0.99  # probability of a text from which no other is probable enough to be shown
SEARCHED = 8  # texts
OFFERED = 0.01  # probability, relative to that of the text, from which all digits together, or apart, come first


@dataclass(frozen=True)
class Grouped:
    """A text of a span: digits, separators and spaces. probability: that the ink shows this text and no other.

    others: other texts with their probabilities. Those with all digits together, and with all apart, come first if they
    matter; then the most probable ones. numbers: the symbols of each number, its probability, and which of the digits
    it has.
    """

    text: Text
    probability: float
    others: tuple[tuple[Text, float], ...]
    numbers: tuple[tuple[Text, float, slice], ...]


def group(span: Span, temperature: float, count: int) -> Grouped:
    """Return the most probable text with the digits of a span, and up to `count` others."""
    if span.others is not None:  # read with a pattern
        whole = span.labels, span.probability
        return Grouped(*whole, tuple(span.others[:count]), ((*whole, slice(None)),))
    space, outputs = span.probabilities.shape[1] + SPACE, np.arange(len(span.logits))
    counts_as = np.where(outputs == span.probabilities.shape[1] + OTHER_WRITING, space, outputs)
    logits = merge_outputs(span.logits / np.float32(temperature), counts_as)
    texts = {span.labels: measure_text(logits, span.labels)}
    if texts[span.labels] >= SURE:
        return Grouped(span.labels, texts[span.labels], (), _divide(span.labels, texts[span.labels], logits, space))
    digits = _drop(span.labels, space, len(outputs))
    together = tuple(symbol for symbol in span.labels if symbol != space)
    apart = tuple(symbol for digit in digits for symbol in (digit, space))[:-1]
    texts |= {text: math.exp(log_p) for text, log_p in best_texts(logits, count=SEARCHED) if is_text(text, space)}
    texts |= {text: measure_text(logits, text) for text in (together, apart)}
    best = max((text for text in texts if _drop(text, space, len(outputs)) == digits), key=lambda text: texts[text])
    chance = texts.pop(best)
    first = [text for text in (together, apart) if texts.get(text, 0) >= OFFERED * chance]
    rest = sorted(texts.keys() - first, key=lambda text: -texts[text])
    others = tuple((text, texts[text]) for text in (*first, *rest)[:count])
    return Grouped(best, chance, others, _divide(best, chance, logits, space))


def measure_text(logits: Array, text: Text) -> float:
    """Return the probability of a text in the columns of logits, (outputs, columns)."""
    return float(np.exp(text_log_probability(logits[..., np.newaxis], np.array(text)[:, np.newaxis])[0]))


def is_text(text: Text, space: int) -> bool:
    """Return whether symbols begin and end with a digit, with at most one space or separator between two digits."""
    return bool(text) and max(text[0], text[-1]) < space and all(min(pair) < space for pair in pairwise(text))


def _drop(text: Text, first: int, last: int) -> Text:
    return tuple(symbol for symbol in text if not first <= symbol < last)


def _divide(text: Text, chance: float, logits: Array, space: int) -> tuple[tuple[Text, float, slice], ...]:
    """Return the symbols of each number, the probability of the number and the spaces beside it, and its digits.

    chance: the probability of the text.
    """
    if space not in text:
        return ((text, chance, slice(None)),)
    first, last = (each[:, 0] for each in align(logits[..., np.newaxis], np.array(text)[:, np.newaxis]))
    edges = [0, *((last[:-1] + first[1:] + 1) // 2).tolist(), logits.shape[1]]  # of the columns of the symbols
    numbers, digits = [], 0
    for is_space, part in groupby(range(len(text)), lambda i: text[i] == space):
        if not is_space:
            own = [*part]
            start, stop = max(0, own[0] - 1), min(len(text), own[-1] + 2)  # with the spaces
            labels, seen = text[own[0] : own[-1] + 1], logits[:, edges[start] : edges[stop]]
            count = len(_drop(labels, space, len(logits)))
            numbers.append((labels, measure_text(seen, text[start:stop]), slice(digits, digits + count)))
            digits += count
    return tuple(numbers)
