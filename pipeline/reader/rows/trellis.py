"""The trellis: sums over all paths through the nodes of a graph, one node for each column of a line image.

A line is a picture of one row of writing, for which the network yields logits (outputs, columns, n): for each column,
one logit for each symbol and, last, for the blank, which means that no symbol begins here. A path writes the output of
each of its nodes in one column, and its score is the sum of the scores of these outputs. The scores are logarithms, so
the product of many small probabilities does not underflow. Some arrays below have the shape (..., n); their last axis
is 1 if all line images share the values.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array

NodeIndices = NDArray[np.integer[Any]]
NEVER = -1e30  # the logarithm of 0: finite, so that differences are defined, and far below the score of any path


@dataclass(frozen=True)
class Trellis:
    """A graph of nodes, with the nodes in which a path may start and end.

    outputs: (nodes, n), the output that each node writes. origins, targets: (edges,), the two nodes of each edge; a
    path may stay in a node only if an edge leads from the node to itself. weights: (edges, n), 0, or NEVER in a line
    that does not have the edge. start, end: (nodes, n), 0 where a path may start or end, or NEVER.
    """

    outputs: NodeIndices
    origins: NodeIndices
    targets: NodeIndices
    weights: Array
    start: Array
    end: Array


def scale(logits: Array) -> tuple[Array, Array]:
    """Return z, the logits minus the maximum of each column, and log(sum(exp(z))), (columns, n).

    Their difference is log softmax. Since each path contains one output of every column, the trellis can do without the
    second term and subtract its sum at the end. So its sums remain small, and float32 is exact enough.
    """
    z = logits - logits.max(axis=0)
    normaliser: Array = np.log(np.exp(z).sum(axis=0))
    return z, normaliser


def node_scores(trellis: Trellis, scores: Array) -> Array:
    """Return the scores of all nodes (columns, nodes, n), from those of the outputs (outputs, columns, n)."""
    outputs, columns, n = scores.shape
    by_column = np.ascontiguousarray(scores.transpose(1, 0, 2)).reshape(columns, outputs * n)
    nodes: Array = np.take(by_column, trellis.outputs * n + np.arange(n), axis=1)
    return nodes


def log_probability(trellis: Trellis, logits: Array) -> Array:
    """Return the log of the sum of the probabilities of all paths: (n,), -inf if there is no path."""
    z, normaliser = scale(logits)
    total = log_sum(sweep(trellis, node_scores(trellis, z))[-1] + trellis.end)
    return np.where(total < NEVER / 2, -np.inf, total - normaliser.sum(axis=0, dtype=np.float64))


def log_sum(terms: Array, out: Array | None = None) -> Array:
    """Return log(sum(exp(terms))) over the first axis, (k, ...) -> (...), also into `out`. Overwrites terms."""
    highest: Array = np.maximum.reduce(terms)
    terms -= highest
    np.exp(terms, out=terms)
    total: Array = np.add.reduce(terms, out=out)
    np.log(total, out=total)
    total += highest
    return total


def sweep(trellis: Trellis, scores: Array, combine: Callable[..., Array] = log_sum) -> Array:
    """Return, for each column and node, the log of the sum over all paths that start in column 0 and lead there.

    scores: (columns, nodes, n), as `node_scores` returns them, like the result. combine: adds the alternatives along
    the first axis; with `np.maximum.reduce` the result is the score of the best path.

    This is the recursion of the forward variables (Graves et al. 2006, section 4.1), for any graph.
    """
    origins, weights = predecessors(trellis)
    table = np.empty_like(scores)
    np.add(trellis.start, scores[0], out=table[0])
    terms = np.empty((len(origins), *scores.shape[1:]), scores.dtype)
    for before, here, score in zip(table, table[1:], scores[1:], strict=False):
        np.take(before, origins, axis=0, out=terms, mode="clip")  # the mode that needs no buffer
        terms += weights
        combine(terms, out=here)
        here += score
    return table


def predecessors(trellis: Trellis) -> tuple[NodeIndices, Array]:
    """Return the origins and weights of the edges into each node, padded with edges of the weight NEVER.

    The origins have the shape (most, nodes), and the weights (most, nodes, n).
    """
    order = np.argsort(trellis.targets, kind="stable")
    targets = trellis.targets[order]
    ranks = np.arange(len(targets)) - np.searchsorted(targets, targets)  # of an edge among those of its target
    shape = (int(ranks.max()) + 1, len(trellis.outputs))
    origins = np.zeros(shape, np.intp)
    origins[ranks, targets] = trellis.origins[order]
    weights = np.full((*shape, trellis.weights.shape[1]), NEVER, trellis.weights.dtype)
    weights[ranks, targets] = trellis.weights[order]
    return origins, weights


def reverse(trellis: Trellis) -> Trellis:
    """Return the trellis in which every path runs backwards."""
    t = trellis
    return replace(t, origins=t.targets, targets=t.origins, start=t.end, end=t.start)


def sweep_both_ways(trellis: Trellis, scores: Array) -> tuple[Array, Array]:
    """Return the sums over all paths from the start to each node, and from each node to the end: (columns, nodes, n).

    Both include the score of the node. One sweep through both directions at once, as two parts of one graph, halves the
    number of NumPy calls.
    """
    nodes, back = len(trellis.outputs), reverse(trellis)
    back = replace(back, origins=back.origins + nodes, targets=back.targets + nodes)
    both = Trellis(*map(np.concatenate, zip(vars(trellis).values(), vars(back).values(), strict=True)))
    table = sweep(both, np.concatenate([scores, scores[::-1]], axis=1))
    return table[:, :nodes], table[::-1, nodes:]


def best_path(trellis: Trellis, scores: Array) -> NodeIndices:
    """Return the node of the path with the highest score in each column: (columns, n).  (Viterbi 1967)"""
    table = sweep(trellis, scores, np.maximum.reduce)
    origins, weights = predecessors(trellis)
    columns, _, n = table.shape
    line_images, weights = np.arange(n), np.broadcast_to(weights, (*weights.shape[:2], n))
    path = np.empty((columns, n), np.intp)
    path[-1] = (table[-1] + trellis.end).argmax(axis=0)
    for column in range(columns - 1, 0, -1):
        node = path[column]
        terms = table[column - 1, origins[:, node], line_images] + weights[:, node, line_images]
        path[column - 1] = origins[terms.argmax(axis=0), node]
    return path
