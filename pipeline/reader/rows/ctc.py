"""Connectionist temporal classification (CTC): texts from columns, without segmentation.

The network yields logits (outputs, columns, n) for n line images: symbols 0 to outputs - 2 and, last, the blank. A path
picks one output in each column; its text is what remains after repeated outputs are merged and blanks removed, so
`7 7 -` and `- 7 -` both give the text 7, and `7 - 7` the text 77. The probability of a text is the sum over all of its
paths. Texts are integers (longest, n), one text in each column of the array, padded at the end by PADDING.

(Graves, Fernández, Gomez & Schmidhuber 2006)
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.engine.float_arrays import Array
from pipeline.network.losses import log_softmax
from pipeline.reader.rows.trellis import (
    NEVER,
    NodeIndices,
    Trellis,
    best_path,
    log_probability,
    log_sum,
    node_scores,
    scale,
    sweep_both_ways,
)

PADDING = -1


@dataclass(frozen=True)
class Transcription:
    """A text that was read. text: its symbols. columns: the column in which each of them has its peak."""

    text: tuple[int, ...]
    columns: tuple[int, ...]


def ctc(logits: Array, texts: NodeIndices, count: int | None = None) -> tuple[float, Array]:
    """Return the sum of -log p(text) over the line images, divided by `count` (default: n), and its gradient.

    With respect to the logits z, it is (p - posterior) / count: the predicted probability of an output in a column,
    minus the probability that a path of the text passes through this output. The gradient has the shape and dtype of
    the logits. Raises ValueError if a text does not fit into the columns: no path leads to it, so the loss is infinite
    and there is no gradient (see `columns_needed`).  (Graves et al. 2006, eq. 16)
    """
    outputs, columns, n = logits.shape
    if (needed := columns_needed(texts)).max(initial=0) > columns:
        raise ValueError(f"text {needed.argmax()} needs {needed.max()} columns, but the line images have {columns}")
    count = count or n
    trellis = text_trellis(texts, outputs - 1)
    z, normaliser = scale(logits)
    scores = node_scores(trellis, z)
    forward, backward = sweep_both_ways(trellis, scores)
    loss = normaliser.sum(dtype=np.float64) - log_sum(forward[-1] + trellis.end).sum(dtype=np.float64)

    through = np.ascontiguousarray((forward + backward - scores).transpose(2, 1, 0))  # log sums over paths via a node
    through -= through.max(axis=1, keepdims=True)
    writes = trellis.outputs.T[:, np.newaxis] == np.arange(outputs)[:, np.newaxis]  # (n, outputs, nodes)
    posterior = writes.astype(through.dtype) @ np.exp(through)  # (n, outputs, columns)
    posterior /= posterior.sum(axis=1, keepdims=True)  # every path passes through one node of each column
    return float(loss) / count, (np.exp(z - normaliser) - posterior.transpose(1, 2, 0)) / count


def text_log_probability(logits: Array, texts: NodeIndices) -> Array:
    """Return log p(text) for each line image: (n,), -inf if the text does not fit into the columns."""
    return log_probability(text_trellis(texts, len(logits) - 1), logits)


def align(logits: Array, texts: NodeIndices) -> tuple[NodeIndices, NodeIndices]:
    """Return the first and the last column of each symbol on the most probable path of its text.

    Both have the shape of the texts and PADDING where these do. Every text must fit into the columns.
    """
    trellis = text_trellis(texts, len(logits) - 1)
    path = best_path(trellis, node_scores(trellis, logits))
    inside = path == np.arange(1, len(trellis.outputs), 2)[:, np.newaxis, np.newaxis]  # (longest, columns, n)
    first, last = inside.argmax(axis=1), len(path) - 1 - inside[:, ::-1].argmax(axis=1)
    return np.where(texts == PADDING, PADDING, first), np.where(texts == PADDING, PADDING, last)


def read_greedily(logits: Array) -> list[Transcription]:
    """Return the text of the most probable path of each line image. logits: (outputs, columns, n).

    The path takes the most probable output in each column. Its text need not be the most probable text, whose
    probability may be spread over many paths.
    """
    blank = len(logits) - 1
    p = np.exp(log_softmax(logits))
    found = []
    for path, peaks in zip(p.argmax(axis=0).T, p.max(axis=0).T, strict=True):
        runs = pairwise(np.flatnonzero(np.diff(path, prepend=PADDING, append=PADDING)).tolist())
        columns = [a + int(peaks[a:b].argmax()) for a, b in runs if path[a] != blank]
        found.append(Transcription(tuple(path[columns].tolist()), tuple(columns)))
    return found


def columns_needed(texts: NodeIndices) -> NodeIndices:
    """Return the length of each text's shortest path, (n,): its symbols, and a blank between equal ones."""
    symbols = texts != PADDING
    repeated = symbols[1:] & (texts[1:] == texts[:-1])
    needed: NodeIndices = symbols.sum(axis=0) + repeated.sum(axis=0)
    return needed


def text_trellis(texts: NodeIndices, blank: int) -> Trellis:
    """Return the trellis of the paths of each text. texts: (longest, n), padded with PADDING.

    The nodes are blank, symbol, blank, symbol, ..., blank. A path stays in its node, goes on to the next one, or passes
    over a blank between two different symbols.
    """
    longest, n = texts.shape
    nodes = np.arange(2 * longest + 1)
    outputs = np.full((len(nodes), n), blank)
    outputs[1::2] = np.where(texts == PADDING, blank, texts)
    origins = np.concatenate([nodes, nodes[:-1], nodes[1:-2:2]])
    targets = np.concatenate([nodes, nodes[1:], nodes[3::2]])
    weights = np.zeros((len(origins), n), np.float32)
    weights[len(origins) - len(nodes[3::2]) :][outputs[1:-2:2] == outputs[3::2]] = NEVER
    start = np.broadcast_to(np.where(nodes < 2, 0, NEVER)[:, np.newaxis], outputs.shape)
    last = 2 * (texts != PADDING).sum(axis=0)
    end = np.where((nodes[:, np.newaxis] == last) | (nodes[:, np.newaxis] == last - 1), 0, NEVER)
    return Trellis(outputs, origins, targets, weights, start, end)
