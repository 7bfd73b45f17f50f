"""Ink in a region from which nothing was read."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.desk.forms.regions import FloatBox
from pipeline.pictures import filters

USUAL = 1 / 60  # of the longer side of a page: size of a digit where none was read
MEAN_WINDOW = 3.0  # sizes of a digit: the window whose mean is compared with a pixel
DARKER, DARK_SHARE = 20.0, 0.3  # grey levels darker than around from which it is ink; of the darkest pixels, at least
RULE = 2.0  # sizes of a digit from which a straight stroke is a rule
LEAST_INK, TALLEST_INK = 0.45, 2.5  # sizes of a digit: heights of ink that may be one
DIGIT_REACH = 0.3  # sizes of a digit: how far ink of a digit reaches beyond its box
TOGETHER = 0.6  # sizes of a digit: a gap between two digits of a number
THIN = 0.35  # sizes of a digit: width of a stroke that may be a piece of a rule
LONG = 3.0  # sizes of a digit: height of a rule of which such a stroke may be a piece
PRINT_DISTANCE = (
    0.04  # sizes of a digit: how far the same print may be apart on the two pages that tell what is printed
)
AWAY = 0.07  # sizes of a digit: how far print may be away from its place on any page
PRINTED_SHARE = 0.9  # of the pixels of ink: how many two pages share if it is printed


def find_missed(
    grey: NDArray[np.floating], size: float, read: Sequence[FloatBox], printed: NDArray[np.bool_] | None = None
) -> list[FloatBox]:
    """Return boxes around ink that may be numbers and that is in no box of what was read, in pixels of the picture.

    A thin upright stroke in the columns of a rule is none: where a rule slopes or digits cross it, pieces of it remain.
    grey: part of a page, (h, w), dark on light. size: of a digit, in pixels. read: boxes of digits. printed: where
    the form is printed, (h, w).
    """
    inked, rules = find_ink(grey, size)
    near = np.zeros(grey.shape, bool) if printed is None else _widen(printed, AWAY * size)
    ruled = _find_ruled_columns(inked | rules, size)
    labels, _ = filters.ndimage.label(inked, np.ones((3, 3)))
    kept = np.zeros(inked.shape, bool)
    for number, (rows, columns) in enumerate(filters.ndimage.find_objects(labels), start=1):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if not LEAST_INK * size <= height <= TALLEST_INK * size:
            continue
        is_cut = columns.start == 0 or columns.stop == inked.shape[1] or rows.start == 0 or rows.stop == inked.shape[0]
        if is_cut and min(height, width) < LEAST_INK * size:  # of what stands beside the region
            continue
        if width <= THIN * size and ruled[columns].all():
            continue
        own = labels[rows, columns] == number
        if near[rows, columns][own].mean() >= PRINTED_SHARE:
            continue
        y, x = (rows.start + rows.stop) / 2, (columns.start + columns.stop) / 2
        if not any(_contains(box, y, x, DIGIT_REACH * size) for box in read):
            kept[rows, columns] |= own
    gap = 2 * round(TOGETHER * size / 2) + 1
    groups, _ = filters.ndimage.label(filters.ndimage.maximum_filter(kept, (1, gap)))
    found = []
    for number, place in enumerate(filters.ndimage.find_objects(groups), start=1):
        y, x = np.nonzero(kept[place] & (groups[place] == number))
        top, left = place[0].start, place[1].start
        found.append((float(left + x.min()), float(top + y.min()), float(left + x.max() + 1), float(top + y.max() + 1)))
    return found


def find_print(one: NDArray[np.floating], other: NDArray[np.floating], size: float) -> NDArray[np.bool_]:
    """Return where a form is printed, (h, w), given two of its pages that lie on each other, both (h, w).

    It is printed where both have the same connected ink, or a rule of the first page has ink on the other. size: of a
    digit, in pixels.
    """
    inked, rules = find_ink(one, size)
    first, second = inked | rules, np.logical_or(*find_ink(other, size))
    near_first, near_second = _widen(first, PRINT_DISTANCE * size), _widen(second, PRINT_DISTANCE * size)
    (labels, count), (others, _) = (filters.ndimage.label(each, np.ones((3, 3))) for each in (inked, second))
    shared = np.bincount(labels[near_second], minlength=count + 1) / np.maximum(np.bincount(labels.ravel()), 1)
    printed = rules & near_second
    for number, place in enumerate(filters.ndimage.find_objects(labels), start=1):
        own = labels[place] == number
        same = np.isin(others[place], others[place][own & second[place]]) & second[place]  # and what touches it
        beside = same & ~near_first[place]  # ink of the other page alone
        if shared[number] >= PRINTED_SHARE and beside.sum() <= (1 - PRINTED_SHARE) * same.sum():
            printed[place] |= own
    return np.asarray(printed)


def _widen(inked: NDArray[np.bool_], distance: float) -> NDArray[np.bool_]:
    return np.asarray(filters.ndimage.maximum_filter(inked, 2 * round(distance) + 1))


def find_ink(grey: NDArray[np.floating], size: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where the ink of a part of a page is, (h, w), without rules, and where its rules are."""
    side = 2 * round(MEAN_WINDOW * size / 2) + 1
    levels = np.asarray(grey, np.float32)
    dark = filters.ndimage.uniform_filter(levels, side) - levels
    inked = dark > max(DARKER, DARK_SHARE * float(np.percentile(dark, 99.5)))
    rules = _find_rules(inked, 2 * round(RULE * size / 2) + 1)
    return inked & ~rules, inked & rules


def _find_rules(inked: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Return the pixels of straight horizontal or vertical strokes of at least this length, and those beside them."""
    rules = np.zeros(inked.shape, bool)
    for axis in (0, 1):
        long = filters.ndimage.minimum_filter1d(inked, length, axis=axis, mode="nearest")
        rules |= filters.ndimage.maximum_filter1d(long, length, axis=axis, mode="nearest")
    return np.asarray(filters.ndimage.maximum_filter(rules, 3))


def _find_ruled_columns(inked: NDArray[np.bool_], size: float) -> NDArray[np.bool_]:
    """Return in which columns an upright rule runs, (w,), which may slope a little and have small gaps."""
    near, length = 2 * round(THIN * size / 2) + 1, 2 * round(LONG * size / 2) + 1
    beside = filters.ndimage.maximum_filter(inked, near)
    return np.asarray(filters.ndimage.minimum_filter1d(beside, length, axis=0, mode="constant").any(axis=0))


def _contains(box: FloatBox, y: float, x: float, margin: float) -> bool:
    left, top, right, bottom = box
    return left - margin <= x <= right + margin and top - margin <= y <= bottom + margin
