"""Weigh the gaps between digits by what only the page shows: rules between columns, and the gaps of other rows.

The recogniser sees one row. There, the rule between two columns of a table is a stroke, as the side of a box is; on the
page, it runs on through other rows. And where other rows have a gap at the same place, they have a say in whether it
parts numbers. Both are log-odds, which are added to the logits of a space in the columns of the gap.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array
from pipeline.network.losses import log_softmax
from pipeline.reader.pages.detections import Detection
from pipeline.reader.pages.lines import UNEVEN_SIZES_RATIO, find_rows, measure_slope
from pipeline.reader.rows.labels import OTHER_WRITING, SEPARATORS, SPACE
from pipeline.reader.rows.spans import IMPOSSIBLE, Span

LIST = re.compile(",(?!000,) ?0+ ?,")  # two commas, and between them digits that are no group of three
RULE_ODDS = 6.0  # log-odds of a space where a rule runs through several rows
BESIDE = 3  # pixels from a rule to the paper beside it
STANDS_OUT = 0.25  # local contrast between the two
SHEET_PARTS = 11  # of the height of a sheet, in each of which a rule is looked for
HALVES = slice(4, None), slice(7)  # the parts of the row with those below, and with those above: a table may end here
LEAST_RULED, MEAN_RULED = 0.25, 0.7  # share of the pixels of a rule that stand out, in each part and in their mean
SLANTS = np.outer(np.arange(-3, 4), 0.48 * np.arange(-5, 6))  # pixels to the right, of each part of the sheet
AROUND = 10  # pixels beside the first and the last digit that a slanting rule between two digits may reach
OFF_DIGIT = 4  # pixels from the centre of a digit within which a stroke is its own
CLOSE_LINES = slice(6, 25)  # pixels between horizontal lines that are too close for rows: those of squared paper
SQUARED = 0.4  # autocorrelation at these distances from which paper is squared

UNLIKELY = 1e-4  # probability that a gap parts numbers, or that it doesn't, at least
ONE_VOTE = 0.3  # weight of the log-odds of a gap for one in another row
MOST_ODDS, MOST_VOTES = 3.0, 6.0  # log-odds with which it counts, at most, and all of them together
SAME_COLUMN, OTHER_ROW = 0.25, 0.7  # distance in sizes along a row, at most, and across the rows, at least
BETWEEN_COLUMNS = 4.0  # distance in sizes between two digits up to which other rows may have the gap, too


def weigh_gaps(detections: Sequence[Detection], temperature: float) -> list[Detection]:
    """Return the detections of a page; what the page shows of their gaps is added to the logits of the reported ones.

    temperature: that of the recogniser.
    """
    weighed = [i for i, each in enumerate(detections) if each.is_reported and each.span.columns]
    shown = [replace(detections[i], span=part_list(detections[i].span)) for i in weighed]
    rules = [RULE_ODDS * each for each in find_ruled_gaps(shown)]
    odds = [measure_odds(each.span, temperature) + ruled for each, ruled in zip(shown, rules, strict=True)]
    result = list(detections)
    for i, each, ruled, votes in zip(weighed, shown, rules, count_votes(shown, odds), strict=True):
        result[i] = replace(each, span=favour_spaces(each.span, temperature * (ruled + votes)))
    return result


def part_list(span: Span) -> Span:
    """Return a span with spaces for its commas if they part a list: no number has a 4 between two of them, as 2,4,8."""
    classes = span.probabilities.shape[1]
    space, comma = classes + SPACE, classes + SEPARATORS[","]
    written = "".join("0" if symbol < classes else "," if symbol == comma else " " for symbol in span.labels)
    if not LIST.search(written):
        return span
    logits = span.logits.copy()
    logits[space] = np.logaddexp(logits[space], logits[comma])
    logits[comma] = IMPOSSIBLE
    return replace(span, logits=logits, labels=tuple(space if symbol == comma else symbol for symbol in span.labels))


def list_gaps(span: Span) -> list[slice]:
    """Return the columns of the logits between each two neighbouring digits of a span."""
    return [slice(start + 1, stop) for start, stop in pairwise(span.columns)]


def measure_odds(span: Span, temperature: float) -> Array:
    """Return the recogniser's log-odds of a space, or of other writing, in each gap between the digits: (k - 1,)."""
    classes = span.probabilities.shape[1]
    p = np.exp(log_softmax(span.logits / np.float32(temperature)))
    parts = p[classes + SPACE] + p[classes + OTHER_WRITING]
    joined = np.array([np.prod(1 - parts[gap]) for gap in list_gaps(span)]).clip(UNLIKELY, 1 - UNLIKELY)
    return np.log(1 / joined - 1)


def favour_spaces(span: Span, odds: Array) -> Span:
    """Return a span with log-odds, (k - 1,), added to the logits of a space in the gaps between its digits."""
    logits = span.logits.copy()
    first = span.probabilities.shape[1] + SPACE
    for gap, more in zip(list_gaps(span), odds, strict=True):
        logits[first : first + OTHER_WRITING + 1, gap] += np.float32(more)
    return replace(span, logits=logits)


def find_ruled_gaps(detections: Sequence[Detection]) -> list[NDArray[np.bool_]]:
    """Return which gaps between the digits of each detection have a rule that runs through several rows: (k - 1,).

    On squared paper, none has.
    """
    found = [np.zeros(len(each.x) - 1, bool) for each in detections]
    squares = []
    for each, ruled in zip(detections, found, strict=True):
        if len(ruled) and each.line_image:
            places = np.rint(each.span.places).astype(int)
            start = max(0, places[0] - AROUND)
            part = each.line_image.sheet[:, start : places[-1] + AROUND]
            ink = np.sign(np.sum(part * part * part))  # -1 if it is dark
            rules = find_rules(ink * part)
            digits = pairwise(places - start)
            ruled[:] = [rules[a + OFF_DIGIT : max(a + OFF_DIGIT + 1, b - OFF_DIGIT)].any() for a, b in digits]
            squares += [measure_squares(ink * each.line_image.sheet)] if ruled.any() else []
    is_squared = sum(squares) > SQUARED * len(squares)
    return [ruled & (not is_squared) for ruled in found]


def find_rules(sheet: Array) -> NDArray[np.bool_]:
    """Return in which columns of a sheet, (h, length), a rule runs through several rows. Its slant may be up to 10°."""
    shown = measure_strokes(sheet, axis=1) > STANDS_OUT
    shown |= np.roll(shown, 1, axis=1)
    shares = shown.reshape(SHEET_PARTS, -1, shown.shape[1]).mean(axis=1)
    places = np.arange(shown.shape[1]) + np.rint(SLANTS).astype(int)[..., np.newaxis]  # (slants, SHEET_PARTS, length)
    seen = np.take_along_axis(shares[np.newaxis], places.clip(0, shown.shape[1] - 1), axis=2)
    halves = [seen[:, half] for half in HALVES]
    through = [(half.min(axis=1) >= LEAST_RULED) & (half.mean(axis=1) >= MEAN_RULED) for half in halves]
    return np.asarray(np.any(through, axis=(0, 1)))


def measure_strokes(sheet: Array, axis: int) -> Array:
    """Return by how much ink stands out from what is BESIDE it along an axis, in the shape of the sheet."""
    away = [BESIDE * (each == axis) for each in range(2)]
    padded = np.pad(sheet, [(each, each) for each in away], mode="edge")
    height, width = sheet.shape
    return sheet - np.maximum(padded[:height, :width], padded[2 * away[0] :, 2 * away[1] :])


def measure_squares(sheet: Array) -> float:
    """Return how regularly horizontal lines follow each other too closely for rows: at most 1, the autocorrelation."""
    lines = measure_strokes(sheet, axis=0).clip(0, 1).mean(axis=1)
    lines -= lines.mean()
    count = len(lines)
    product = np.array([np.mean(lines[: count - apart] * lines[apart:]) for apart in range(CLOSE_LINES.stop)])
    return float(product[CLOSE_LINES].max() / max(product[0], 1e-9))


def count_votes(detections: Sequence[Detection], odds: Sequence[Array]) -> list[Array]:
    """Return the log-odds of a space in each gap between digits, (k - 1,), from the gaps at its place in other rows.

    odds: the log-odds of a space in the gap, as far as its own row and rules tell, (k - 1,).
    """
    rows = find_rows([(each.y, each.x, each.size) for each in detections])
    order = [i for row in rows for i in row]
    if not order:
        return []
    y, x = (np.concatenate([getattr(detections[i], axis) for i in order]) for axis in "yx")
    counts = [len(detections[i].x) for i in order]
    size = np.repeat([detections[i].size for i in order], counts)
    row = np.repeat([number for number, row in enumerate(rows) for _ in row], counts)
    slope = measure_slope(y, x, size)
    along, across = x + slope * y, y - slope * x
    own = np.concatenate([np.append(odds[i], MOST_ODDS) for i in order]).clip(-MOST_ODDS, MOST_ODDS)[:-1]
    votes = np.zeros(len(x))  # after each digit
    seen = np.flatnonzero((np.diff(row) == 0) & (np.diff(along) < BETWEEN_COLUMNS * size[:-1]))
    middle, own = (along[seen] + along[seen + 1]) / 2, own[seen]
    for gap, place in zip(seen, middle, strict=True):
        voting = np.abs(middle - place) < SAME_COLUMN * size[gap]
        voting &= np.abs(across[seen] - across[gap]) > OTHER_ROW * size[gap]
        voting &= np.abs(np.log(size[seen] / size[gap])) < np.log(UNEVEN_SIZES_RATIO)
        votes[gap] = ONE_VOTE * own[voting].sum().clip(-MOST_VOTES, MOST_VOTES)
    found = dict(zip(order, np.split(votes, np.cumsum(counts)[:-1]), strict=True))
    return [found[i][:-1] for i in range(len(order))]
