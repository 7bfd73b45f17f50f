"""Trace ink, such as an image of a data set or a word in a font: the paths of the pen that wrote it, as strokes."""

import itertools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.data.synthetic.shapes import Stroke
from pipeline.pictures.filters import ndimage
from pipeline.reader_training.synthesis.signs import Ink

SMALL_INK, ENLARGED = 32, 3  # pixels: height up to which ink is enlarged before it is thinned, and by what factor
INKED = 0.38  # ink of a stroke
SMOOTH = 2.2  # enlarged pixels: standard deviation along a path
STEP = 2.0  # enlarged pixels between the points of a path
AHEAD = 8  # points of a branch that give its direction where it meets others
STRAIGHT = -0.35  # cosine of the angle between two branches up to which one continues the other
SPUR = 2.0  # length of a branch that only the width of a stroke causes, in half widths
BLOT = 1.95  # largest half width of a stroke, relative to the median: beyond, a loop is filled, and its path unknown
EXTENDED = 0.8  # half widths by which thinning shortens the ends of a stroke

Pixel = tuple[int, int]
Branch = list[Pixel]


def _make_tables() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return whether a pixel may be removed, by the code of its neighbours, in the two steps of Zhang & Suen (1984)."""
    bits = (np.arange(256)[:, np.newaxis] >> np.arange(8)) & 1  # clockwise, from the pixel above
    count, starts = bits.sum(axis=1), ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1)
    up, right, down, left = (bits[:, number] for number in (0, 2, 4, 6))
    removable = (count >= 2) & (count <= 6) & (starts == 1)
    first = removable & (up * right * down == 0) & (right * down * left == 0)
    second = removable & (up * right * left == 0) & (up * down * left == 0)
    return first, second


COMPASS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
THINNING_TABLES = _make_tables()


def thin(inked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the skeleton of inked pixels, (h, w): lines of one pixel in the middle of the strokes."""
    height, width = inked.shape
    padded = np.pad(inked, 1).astype(np.uint8)
    inner, count = padded[1:-1, 1:-1], -1
    while count != (count := int(inner.sum())):
        for table in THINNING_TABLES:
            codes = sum(
                padded[1 + y : 1 + y + height, 1 + x : 1 + x + width] << number for number, (y, x) in enumerate(COMPASS)
            )
            inner[table[codes]] = 0
    return inner.astype(bool)


def trace(ink: Ink) -> list[Stroke] | None:
    """Return the paths, (points, 2) with x and y, of the pen that wrote ink, (h, w) in [0, 1], in pixels of the ink.

    None if they are unknown, because a loop is filled, or because there is no ink.
    """
    height, width = ink.shape
    enlarged = ENLARGED if height <= SMALL_INK else 1
    fine = Image.fromarray(ink).resize((width * enlarged, height * enlarged), Image.Resampling.BICUBIC)
    inked = np.asarray(fine) > INKED * ink.max(initial=0)
    half = ndimage.distance_transform_edt(inked)
    skeleton = thin(inked)
    if skeleton.sum() < 2:
        return None
    halves = half[skeleton]
    median = float(np.median(halves))
    if halves.max() > BLOT * median:
        return None
    branches = _join(_prune(_list_branches(skeleton), SPUR * median))
    strokes = [_smooth(branch, EXTENDED * median) for branch in branches if len(branch) > SPUR * median]
    return [(stroke + 0.5) / enlarged for stroke in strokes] or None


def _list_branches(skeleton: NDArray[np.bool_]) -> list[Branch]:
    """Return the branches of a skeleton, each with the pixels at its ends, where it meets others or ends."""
    pixels = {(y, x) for y, x in np.argwhere(skeleton).tolist()}

    def list_neighbours(pixel: Pixel) -> list[Pixel]:
        """Return the neighbours of a pixel; a diagonal one only if there is no other way to it."""
        y, x = pixel
        near = [(y + down, x + along) for down, along in COMPASS if (y + down, x + along) in pixels]
        return [each for each in near if each[0] == y or each[1] == x or not {(y, each[1]), (each[0], x)} & pixels]

    neighbours = {pixel: list_neighbours(pixel) for pixel in pixels}
    seen, branches = set[frozenset[Pixel]](), list[Branch]()

    def follow(first: Pixel, second: Pixel) -> None:
        branch = [first, second]
        seen.add(frozenset((first, second)))
        while len(neighbours[branch[-1]]) == 2 and branch[-1] != first:
            after = next(each for each in neighbours[branch[-1]] if each != branch[-2])
            seen.add(frozenset((branch[-1], after)))
            branch.append(after)
        branches.append(branch)

    nodes = [pixel for pixel in sorted(pixels) if len(neighbours[pixel]) != 2]
    for first in (*nodes, *sorted(pixels)):  # what is left after the nodes are closed curves
        for second in neighbours[first]:
            if frozenset((first, second)) not in seen:
                follow(first, second)
    return branches


def _count_ends(branches: Iterable[Branch]) -> dict[Pixel, int]:
    counts = dict[Pixel, int]()
    for end in itertools.chain.from_iterable((branch[0], branch[-1]) for branch in branches):
        counts[end] = counts.get(end, 0) + 1
    return counts


def _prune(branches: list[Branch], least: float) -> list[Branch]:
    """Return the branches without short ones: those that end freely vanish, and the ends of those within are joined."""
    ends = _count_ends(branches)
    kept = list[Branch]()
    moved = dict[Pixel, Pixel]()  # where the ends of short branches within are now
    for branch in branches:
        first, last = branch[0], branch[-1]
        free = (ends[first] == 1) + (ends[last] == 1)
        if len(branch) >= least or first == last or free == 2:
            kept.append(branch)
        elif not free:
            first, last = moved.get(first, first), moved.get(last, last)
            moved = {**{pixel: first if at == last else at for pixel, at in moved.items()}, last: first}
    return [[moved.get(each[0], each[0]), *each[1:-1], moved.get(each[-1], each[-1])] for each in kept]


def _join(branches: list[Branch]) -> list[Branch]:
    """Return the branches, each joined to the one that continues it, the straightest pairs first."""
    meeting = dict[Pixel, list[tuple[int, int]]]()  # number and end (0 or -1) of each branch that ends there
    for number, branch in enumerate(branches):
        for end in (0, -1):
            meeting.setdefault(branch[end], []).append((number, end))

    def look_ahead(number: int, end: int) -> NDArray[np.float64]:
        branch = branches[number]
        away = min(AHEAD, len(branch) - 1)
        ahead = np.subtract(branch[away if end == 0 else -1 - away], branch[end])
        return np.asarray(ahead / max(float(np.hypot(*ahead)), 1e-6))

    pairs = []
    for ends in meeting.values():
        ahead = [look_ahead(*end) for end in ends]
        for (one, first), (other, second) in itertools.combinations(zip(ends, ahead, strict=True), 2):
            cosine = -2.0 if len(ends) == 2 else float(first @ second)
            if cosine < STRAIGHT and one[0] != other[0]:
                pairs.append((cosine, one, other))
    following = dict[tuple[int, int], tuple[int, int]]()
    for _, one, other in sorted(pairs):
        if one not in following and other not in following:
            following[one], following[other] = other, one
    joined, used = list[Branch](), set[int]()
    free = [(number, end) for number in range(len(branches)) for end in (0, -1) if (number, end) not in following]
    for start in (*free, *following):  # what is left after the free ends are closed curves
        path, at = list[Pixel](), start
        while at[0] not in used:
            used.add(at[0])
            path += branches[at[0]][:: 1 if at[1] == 0 else -1][1 if path else 0 :]
            at = following.get((at[0], -1 - at[1]), at)
        if path:
            joined.append(path)
    return joined


def _smooth(branch: Branch, extended: float) -> Stroke:
    """Return a branch as x and y, smoothed along its path, with evenly spaced points; its free ends are extended."""
    points = np.array(branch, float)[:, ::-1]
    closed = branch[0] == branch[-1]
    smooth = ndimage.gaussian_filter1d(points, SMOOTH, axis=0, mode="wrap" if closed else "nearest")
    if closed:
        smooth[-1] = smooth[0]
    else:
        ends = [smooth[0] - smooth[min(3, len(smooth) - 1)], smooth[-1] - smooth[max(-4, -len(smooth))]]
        first, last = (end / max(float(np.linalg.norm(end)), 1e-6) * extended for end in ends)
        smooth = np.concatenate([[smooth[0] + first], smooth, [smooth[-1] + last]])
    return resample(smooth, STEP)


def resample(stroke: Stroke, step: float) -> Stroke:
    """Return points at about equal distances along a stroke, including its ends."""
    along = np.concatenate([[0], np.hypot(*np.diff(stroke, axis=0).T).cumsum()])
    at = np.linspace(0, along[-1], max(2, round(float(along[-1]) / step) + 1))
    return np.column_stack([np.interp(at, along, axis) for axis in stroke.T])
