"""Texts that fit a pattern: their probability, and the most probable of them.

A pattern is a finite automaton that runs beside the recursion: a node of the trellis is a state of the automaton
together with the last output, so the sum over all paths to accepting states is the probability that the text fits.
"""

from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array
from pipeline.network.losses import log_softmax
from pipeline.reader.rows.trellis import (
    NEVER,
    NodeIndices,
    Trellis,
    log_probability,
    log_sum,
    node_scores,
    reverse,
    sweep,
)

NO_STATE = -1


@dataclass(frozen=True)
class Pattern:
    """A deterministic finite automaton: the texts that lead from state 0 to an accepting state.

    transitions: (states, symbols), the state after each symbol, or NO_STATE where the text would not fit. accepting:
    (states,).
    """

    transitions: NodeIndices
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
    blank = len(logits) - 1
    pattern = pattern or any_text(blank)
    log_p = log_softmax(logits.astype(np.float64))
    trellis, nodes = _pattern_trellis(pattern)
    backward = sweep(reverse(trellis), node_scores(trellis, log_p[..., np.newaxis])[::-1])[::-1, :, 0]
    totals = np.cumsum(log_p, axis=1).T

    found: list[tuple[tuple[int, ...], float]] = []
    prefixes: NodeIndices = np.empty((0, 1), np.intp)
    states: NodeIndices = np.zeros(1, np.intp)
    # Log sums over the paths of each prefix that are in its last symbol, and in the blank after it, at the start and
    # after each column: (columns + 1, prefixes). At the start there is only the path of the empty prefix.
    in_blank = np.append(0, totals[:, blank])[:, np.newaxis]
    in_symbol = np.full_like(in_blank, NEVER)
    while states.size:
        log_probabilities = np.logaddexp(in_symbol[-1], in_blank[-1])
        complete = np.flatnonzero(pattern.accepting[states] & (log_probabilities > NEVER / 2))
        found += [(tuple(prefixes[:, i].tolist()), float(log_probabilities[i])) for i in complete]
        found = sorted(found, key=itemgetter(1), reverse=True)[:count]
        worst = found[-1][1] if len(found) == count else NEVER / 2

        after = pattern.transitions[states]  # (prefixes, symbols)
        entering = np.repeat(np.logaddexp(in_symbol, in_blank)[:-1, :, np.newaxis], blank, axis=2)
        if len(prefixes):
            repeated = np.arange(states.size), prefixes[-1]
            entering[:, *repeated] = in_blank[:-1]  # a repeated symbol needs a blank
        ranks = log_sum(entering + backward[:, nodes[after, np.arange(blank)]])
        ranks[after == NO_STATE] = NEVER
        best = np.argsort(-ranks, axis=None)[:width]
        parents, symbols = np.unravel_index(best[ranks.flat[best] > worst], ranks.shape)
        prefixes, states = np.concatenate([prefixes[:, parents], symbols[np.newaxis]]), after[parents, symbols]
        in_symbol = _stay(entering[:, parents, symbols], totals[:, symbols])
        in_blank = _stay(in_symbol[:-1], totals[:, [blank]])
    return found


def _stay(entering: Array, totals: Array) -> Array:
    """Return the logs of the sums over all paths that have entered an output and stay in it: (columns + 1, prefixes).

    A path stays for one column or more. The first row, before column 0, is NEVER. entering: (columns, prefixes), the
    log of the sum over the paths that enter the output in each column. totals: log p of the output, added up from
    column 0, (columns, prefixes).
    """
    before = np.concatenate([np.zeros_like(totals[:1]), totals[:-1]])
    inside = np.logaddexp.accumulate(entering - before) + totals
    return np.concatenate([np.full_like(inside[:1], NEVER), inside])


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
