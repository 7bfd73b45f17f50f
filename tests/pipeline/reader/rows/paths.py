"""Logits of line images, texts, and the probabilities of all paths of a line image."""

import itertools
from collections import defaultdict

import numpy as np
from scipy.special import softmax

from pipeline.engine.float_arrays import Array
from pipeline.reader.rows.ctc import PADDING
from pipeline.reader.rows.trellis import NodeIndices

Text = tuple[int, ...]


def make_logits(*shape: int, seed: int = 0, scale: float = 2.0) -> Array:
    return np.random.default_rng(seed).normal(0, scale, shape)


def make_texts(longest: int, n: int, symbols: int, seed: int = 0) -> NodeIndices:
    generator = np.random.default_rng(seed)
    lengths = np.concatenate([[0, longest], generator.integers(0, longest + 1, n)])[:n]
    return np.where(np.arange(longest)[:, np.newaxis] < lengths, generator.integers(0, symbols, (longest, n)), PADDING)


def pad(*texts: Text, longest: int | None = None) -> NodeIndices:
    longest = longest or max(map(len, texts))
    return np.array([[*text, *[PADDING] * (longest - len(text))] for text in texts], int).reshape(-1, longest).T


def collapse(path: Text, blank: int) -> Text:
    return tuple(output for output, _ in itertools.groupby(path) if output != blank)


def enumerate_paths(logits: Array) -> dict[Text, dict[Text, float]]:
    """Return the probability of each path of one line image, (outputs, columns), by text."""
    outputs, columns = logits.shape
    p = softmax(logits, axis=0)
    found: dict[Text, dict[Text, float]] = defaultdict(dict)
    for path in itertools.product(range(outputs), repeat=columns):
        found[collapse(path, outputs - 1)][path] = float(np.prod(p[path, range(columns)]))
    return found
