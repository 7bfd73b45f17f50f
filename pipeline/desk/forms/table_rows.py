"""Rows of a printed table: where its rules are, so that a line of the table keeps its number if others are empty."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.desk.forms.missed import USUAL, find_ink
from pipeline.desk.forms.regions import FloatBox
from pipeline.pictures import filters

RULE_LENGTH = 0.5  # of the width of a column: how far a rule between two rows reaches
FEWEST = 4  # rules that make a table
UNEVEN = 0.15  # of the height of a row: how much rules may be away from even distances
BEYOND = 0.35  # of the height of a row: how much of the first and of the last one may lie outside of the region


def find_table_rows(grey: NDArray[np.floating], boxes: Sequence[FloatBox]) -> tuple[float, ...]:
    """Return the rules above and below the rows of a printed table, from top to bottom; none if they are not even.

    grey: page, (h, w). boxes: regions of its columns, in pixels of the page; the one with the most rules counts.
    """
    return max((_find_rules(grey, box) for box in boxes), key=len, default=())


def _find_rules(grey: NDArray[np.floating], box: FloatBox) -> tuple[float, ...]:
    left, top, right, bottom = (round(side) for side in box)
    _, rules = find_ink(grey[top:bottom, left:right], USUAL * max(grey.shape))
    labels, count = filters.ndimage.label(rules.mean(axis=1) >= RULE_LENGTH)
    places = np.array(filters.ndimage.center_of_mass(np.ones(len(labels)), labels, range(1, count + 1))).ravel()
    if len(places) < FEWEST:
        return ()
    pitch = float(np.median(np.diff(places)))
    steps = np.diff(places) / pitch
    if (abs(steps - np.rint(steps)) > UNEVEN).any() or (np.rint(steps) < 1).any():
        return ()
    first = places[0] - pitch * np.floor(places[0] / pitch + BEYOND)
    last = places[-1] + pitch * np.floor((bottom - top - places[-1]) / pitch + BEYOND)
    rows = round(float(last - first) / pitch)
    return tuple((top + first + pitch * np.arange(rows + 1)).round(1).tolist())
