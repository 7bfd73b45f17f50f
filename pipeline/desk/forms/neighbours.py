"""Ink on the edge of a region: what belongs to it is read whole, and what belongs to its neighbours is not read."""

import numpy as np

from pipeline.desk.forms.missed import find_ink
from pipeline.engine.float_arrays import Array
from pipeline.pictures import filters

OWN_SHARE = 0.5  # of the pixels of a number within the region from which it belongs to it
WIDEST_DIGIT_GAP = 0.4  # sizes of a digit: a gap between two digits of a number, at most
INK_BLUR = 0.06  # sizes of a digit: how far a stroke is visible beyond its pixels


def hide_neighbours(grey: Array, left: int, right: int, size: float) -> Array:
    """Return a part of a page without what lies outside of the columns from `left` to `right`.

    Of numbers on the edge, those that lie mostly within the columns are kept whole, and the others are hidden whole.
    grey: (h, w), dark on light. size: of a digit, in pixels. Ink that only small gaps or a rule
    part along the row belongs to one number.
    """
    inked, rules = find_ink(grey, size)
    labels, count = filters.ndimage.label(
        filters.ndimage.maximum_filter1d(inked, 2 * round(WIDEST_DIGIT_GAP * size / 2) + 1, axis=1)
    )
    numbers = np.where(inked, labels, 0)
    pixels = np.bincount(numbers.ravel(), minlength=count + 1)
    within = np.bincount(numbers[:, left:right].ravel(), minlength=count + 1)
    is_own = within >= OWN_SHARE * pixels
    is_own[0] = False
    own, halo = is_own[numbers], 2 * round(INK_BLUR * size) + 1
    outside = ~filters.ndimage.maximum_filter(own, halo)
    outside[:, left:right] = False
    hidden = outside | (filters.ndimage.maximum_filter(inked & ~own, halo) & ~own & ~rules)
    bare, around = ~(inked | rules), 2 * round(size) + 1
    paper = filters.ndimage.uniform_filter(np.where(bare, grey, 0), around)
    share = filters.ndimage.uniform_filter(bare.astype(np.float32), around)
    return np.where(hidden, paper / np.maximum(share, 1e-3), grey).astype(np.float32)
