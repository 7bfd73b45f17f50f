"""Texts that fit a pattern: their probability, and the most probable of them.

A pattern is a finite automaton that runs beside the recursion: a node of the trellis is a state of the automaton
together with the last output, so the sum over all paths to accepting states is the probability that the text fits.
"""

from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.network.activations import Array
from pipeline.network.losses import log_softmax
from pipeline.reader.rows.ctc import text_trellis
from pipeline.reader.rows.trellis import NEVER, Indices, Trellis, log_probability, log_sum, node_scores, reverse, sweep

NO_STATE = -1


@dataclass(frozen=True)
class Pattern:
    """A deterministic finite automaton: the texts that lead from state 0 to an accepting state.

    transitions: (states, symbols), the state after each symbol, or NO_STATE where the text would not fit. accepting:
    (states,).
    """

    transitions: Indices
    accepting: NDArray[np.bool_]


def any_text(symbols: int) -> Pattern:
    """Return the pattern that every text fits."""
    return Pattern(np.zeros((1, symbols), np.intp), np.array([True]))


def pattern_log_probability(logits: Array, pattern: Pattern) -> Array:
    """Return the log of the probability that the text fits, for each line: (n,), -inf if no text fits the columns.

    logits: (outputs, columns, n), the last output being the blank.
    """
    return log_probability(_pattern_trellis(pattern)[0], logits)


def best_texts(
    logits: Array, pattern: Pattern | None = None, count: int = 5, width: int = 16
) -> list[tuple[tuple[int, ...], float]]:
    """Return the most probable texts of one line image that fit the pattern, with the logs of their probabilities.

    logits: (outputs, columns). pattern: any text by default. The result has up to `count` texts, the best first. Their
    probabilities are exact.

    This is a beam search over prefixes, which keeps the best `width` of each length. A prefix is ranked by the
    probability of all texts that begin with it and fit, the forward variables of the prefix times the backward
    variables of the pattern. Hence it never runs into a dead end, and it stops when no prefix can lead to a better
    text. A text can be missed only if one of its prefixes is not among the best `width`.
    (prefix search: Graves et al. 2006, section 3.2)
    """
    blank, columns = len(logits) - 1, logits.shape[1]
    pattern = pattern or any_text(blank)
    log_p = log_softmax(logits.astype(np.float64))[..., np.newaxis]
    trellis, nodes = _pattern_trellis(pattern)
    backward = sweep(reverse(trellis), node_scores(trellis, log_p)[::-1])[::-1, :, 0]

    found: list[tuple[tuple[int, ...], float]] = []
    prefixes: Indices = np.empty((0, 1), np.intp)
    states: Indices = np.zeros(1, np.intp)
    while states.size:
        paths = text_trellis(prefixes, blank)
        forward = sweep(paths, node_scores(paths, np.broadcast_to(log_p, (blank + 1, columns, states.size))))
        log_probabilities = log_sum(forward[-1] + paths.end)
        complete = np.flatnonzero(pattern.accepting[states] & (log_probabilities > NEVER / 2))
        found += [(tuple(prefixes[:, i].tolist()), float(log_probabilities[i])) for i in complete]
        found = sorted(found, key=itemgetter(1), reverse=True)[:count]
        worst = found[-1][1] if len(found) == count else NEVER / 2

        after = pattern.transitions[states]  # (prefixes, symbols)
        ranks = _extend(prefixes, forward, backward[:, nodes[after, np.arange(blank)]])
        ranks[after == NO_STATE] = NEVER
        best = np.argsort(-ranks, axis=None)[:width]
        parents, symbols = np.unravel_index(best[ranks.flat[best] > worst], ranks.shape)
        prefixes, states = np.concatenate([prefixes[:, parents], symbols[np.newaxis]]), after[parents, symbols]
    return found


def _extend(prefixes: Indices, forward: Array, backward: Array) -> Array:
    """Return the logs of the sums over all paths that begin with a prefix and the symbol: (prefixes, symbols).

    Each path enters the symbol once, and the sum runs over the column in which it does. forward: (columns, nodes,
    prefixes), whose last nodes are the last symbol of the prefix and the blank after it. backward: (columns, prefixes,
    symbols).
    """
    entered = np.full_like(backward, NEVER)
    entered[1:] = forward[:-1, -1, :, np.newaxis]
    if len(prefixes):
        directly = np.repeat(forward[:-1, -2, :, np.newaxis], backward.shape[2], axis=2)
        directly[:, np.arange(prefixes.shape[1]), prefixes[-1]] = NEVER  # a repeated symbol needs a blank
        np.logaddexp(entered[1:], directly, out=entered[1:])
    else:
        entered[0] = 0  # a path may begin with the symbol
    return log_sum(entered + backward)


def _pattern_trellis(pattern: Pattern) -> tuple[Trellis, NDArray[Any]]:
    """Return the trellis of the paths of all texts that fit, and the node of each state after each symbol.

    Its first nodes are the states after a blank; the others are the states after a symbol.
    """
    after, (states, symbols) = pattern.transitions, pattern.transitions.shape
    sources, read = np.nonzero(after != NO_STATE)
    nodes = np.full((states, symbols), NO_STATE)
    nodes[after[sources, read], read] = 0
    reached, written = np.nonzero(nodes == 0)
    nodes[reached, written] = states + np.arange(len(reached))
    last, following = np.nonzero((after[reached] != NO_STATE) & (written[:, np.newaxis] != np.arange(symbols)))

    every, state = np.arange(states + len(reached)), np.concatenate([np.arange(states), reached])
    origins = np.concatenate([every, every[states:], sources, states + last])
    targets = np.concatenate(
        [every, reached, nodes[after[sources, read], read], nodes[after[reached[last], following], following]]
    )
    first = np.isin(every, targets[origins == 0])  # state 0 itself, and the symbols that may follow
    return Trellis(
        np.concatenate([np.full(states, symbols), written])[:, np.newaxis],
        origins,
        targets,
        np.zeros((len(origins), 1), np.float32),
        np.where(first, 0, NEVER)[:, np.newaxis],
        np.where(pattern.accepting[state], 0, NEVER)[:, np.newaxis],
    ), nodes
