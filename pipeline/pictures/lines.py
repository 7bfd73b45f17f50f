"""Remove printed lines from ink: frames, boxes, combs, baselines, ruled and squared paper.

Straight lines of constant width are found by a Hough transform (Duda & Hart 1972) of the middles of thin runs of ink.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.pictures.segmentation import LOW, MIN_SIZE

Ink = NDArray[np.float32]
Flags = NDArray[np.bool_]
Box = tuple[slice, slice]

FAINT = 0.15  # ink of the faintest line
MAX_WIDTH = 14  # pixels of a line with its soft edges
MIN_LENGTH = 14  # pixels of a line
DOUBLE = 4  # pixels: maximum distance of two lines, such as sides of neighbouring boxes, that count as one
SLENDER, LONG = 5, 8  # minimum length / width of any line, of one outside of a frame
MAX_SLOPE = 0.06  # of a line: 3.4 degrees
TOLERANCE = 1.1  # pixels between a line and the middles of its runs
GAP = 2  # pixels: maximum gap in a line
EDGE = 3  # pixels between the end of a line and the edge of the picture
WHOLE = 0.7  # minimum fraction of a line without gaps, such as those between boxes in a row
PURE = 0.4  # minimum fraction of a line that no strokes cross
MAX_VOTES = 20_000  # runs that vote for lines
GREY = 0.6  # maximum ink of a line that is separated from strokes by its level
LONGER, ALONE = 1.25, 1.6  # minimum length / size of the largest digit: of several lines, of a single one
SHRUNK = 0.6  # maximum size of the largest component without short printed lines, relative to that with them
BEYOND = 0.1  # of lines across the picture beyond the digits on each side, relative to the largest digit
RECTANGULAR, ROUND = 0.85, 0.85  # of a frame: minimum of area / bounding box, or else of width / height
ENCLOSED = 0.3  # minimum height of the ink in a frame / height of the frame
SIMILAR = 0.12  # maximum relative difference between the lengths of two sides of a frame
TICK = 0.35  # maximum height of a short tick on a line, relative to the largest digit
SIDE = 0.25  # maximum width / height of what remains of a side of a frame


@dataclass(frozen=True)
class Line:
    """A nearly horizontal line, whose row is `middle + slope * x` for columns x in [start, stop), or a transposed one.

    length: pixels of its longest part without a gap. width: pixels. level: its ink, in [0, 1].
    """

    slope: float
    middle: float
    start: int
    stop: int
    length: int
    width: float
    level: float

    def at(self, x: float) -> float:
        """Return the row at column x."""
        return self.middle + self.slope * x

    def meets(self, other: "Line", x: float) -> bool:
        """Return whether the point at column x is within a few pixels of a perpendicular line."""
        near, beyond = (2.5 + 0.75 * width for width in (other.width, self.width))
        return abs(other.at(self.at(x)) - x) <= near and other.start - beyond <= self.at(x) <= other.stop + beyond

    def resembles(self, other: "Line") -> bool:
        """Return whether two lines have about the same width and level."""
        thin, thick = sorted((self.width, other.width))
        return thick <= 2 * thin + DOUBLE and abs(self.level - other.level) <= 0.4


def remove_lines(ink: Ink) -> Ink:
    """Return ink, (h, w) in [0, 1], without printed lines, but with the strokes that cross them.

    Printed lines are longer than the largest digit, cross the picture or form a frame. A ring around other ink is a
    frame, too. The longest lines are removed first, since the size of the digits is that of the rest.
    """
    horizontal, vertical = list(find_lines(ink)), list(find_lines(ink.T))
    cleaned, size = ink, 0
    for shortest in [np.inf, *sorted({line.length for line in horizontal}, reverse=True)]:
        rows, columns = choose_lines(horizontal, vertical, ink.shape, shortest)
        if not rows:
            continue
        rest = erase(erase(ink, rows).T, columns).T
        rest = drop_residue(rest, ink, 0 if columns else max(line.width for line in rows))
        boxes = _find_parts(rest)[1]
        largest = max(map(_measure, boxes), default=0)
        if largest < MIN_SIZE or (shortest < LONGER * size and largest > SHRUNK * size):
            continue
        if np.isinf(shortest):
            printed = largest >= ENCLOSED * max((line.length for line in columns), default=0)
        else:
            printed = are_printed(rows, [box for box in boxes if _measure(box) >= TICK * largest], largest, ink.shape)
        if printed:
            cleaned, size = rest, largest
    return remove_rings(cleaned)


def are_printed(lines: Sequence[Line], digits: Sequence[Box], size: int, shape: tuple[int, ...]) -> bool:
    """Return whether horizontal lines are too long for strokes of digits, or cross the picture and not only a digit."""
    start, stop = max(line.start for line in lines), min(line.stop for line in lines)
    beyond = min(min(columns.start for _, columns in digits) - start, stop - max(columns.stop for _, columns in digits))
    across = [line for line in lines if line.start <= EDGE and line.stop >= shape[1] - EDGE]
    inner = [line for line in across if line.width < line.at(0) < shape[0] - line.width]
    longer = LONGER if len(lines) > 1 or beyond >= BEYOND * size else ALONE
    return all(line.length >= max(longer * size, LONG * line.width) for line in lines) or (
        len(across) == len(lines) and (len(inner) >= 2 or (len(inner) == 1 and beyond >= BEYOND * size))
    )


def choose_lines(
    horizontal: Sequence[Line], vertical: Sequence[Line], shape: tuple[int, ...], shortest: float
) -> tuple[list[Line], list[Line]]:
    """Choose horizontal lines of at least `shortest` pixels or between two sides of a frame, and vertical ones on them.

    Those are between two horizontal lines or edges of the picture, or as long as a side of a frame or comb.
    """
    height, width = shape

    def sides(line: Line, end: int) -> list[Line]:
        return [side for side in vertical if line.meets(side, end) and _has_end_on(side, [line])]

    def is_framed(line: Line) -> bool:
        return any(
            one is not other and abs(one.length - other.length) <= SIMILAR * one.length + 3
            for one in sides(line, line.start)
            for other in sides(line, line.stop)
        )

    def is_edge(y: float, x: float) -> bool:
        return min(y, x, height - y, width - x) <= EDGE

    def is_chosen(line: Line) -> bool:
        ends = line.start, line.stop
        edges = [is_edge(end, line.at(end)) for end in ends]
        crossed = sum(row.meets(line, line.at(row.at(0))) for row in rows)
        closed = all(edge or _meets_any(line, end, rows) for end, edge in zip(ends, edges, strict=True))
        return (closed and (crossed >= 2 or all(edges))) or (
            _has_end_on(line, rows)
            and any(
                abs(post.length - line.length) <= 0.04 * post.length + 2 and abs(post.width - line.width) <= 2
                for post in posts
            )
        )

    rows = [line for line in horizontal if line.length >= shortest or is_framed(line)]
    rows = [line for line in rows if line.resembles(max(rows, key=lambda line: line.length))]
    posts = [side for line in rows for end in (line.start, line.stop) for side in sides(line, end)]
    return rows, [line for line in vertical if rows and line.resembles(rows[0]) and is_chosen(line)]


def _has_end_on(line: Line, others: Sequence[Line]) -> bool:
    return _meets_any(line, line.start, others) or _meets_any(line, line.stop, others)


def _meets_any(line: Line, x: int, others: Sequence[Line]) -> bool:
    return any(line.meets(other, x) for other in others)


def find_lines(ink: Ink) -> Iterator[Line]:
    """Yield the nearly horizontal lines in ink, (h, w)."""
    height, width = ink.shape
    dark = ink >= FAINT
    padded = np.pad(dark.T, ((0, 0), (1, 1)))
    changes = np.flatnonzero(padded[:, 1:] != padded[:, :-1])  # each run begins with one and ends with the next
    (x, top), bottom = np.divmod(changes[::2], height + 1), changes[1::2] % (height + 1)
    first = np.ones(len(x), bool)
    first[1:] = (np.diff(x) > 0) | (top[1:] - bottom[:-1] > DOUBLE) | (np.abs(np.diff(bottom - top)) > 1)
    x, top, bottom = x[first], top[first], bottom[np.roll(first, -1)]
    thin = bottom - top <= MAX_WIDTH
    x, middle, thickness = x[thin], ((top + bottom - 1) / 2)[thin], (bottom - top)[thin]
    reach = int(MAX_SLOPE * width / 2) + 1
    slopes = np.linspace(-MAX_SLOPE, MAX_SLOPE, 2 * reach + 1)
    step = len(x) // MAX_VOTES + 1
    rows = np.rint(middle[::step] - slopes[:, np.newaxis] * (x[::step] - width / 2)).astype(np.int64) + reach
    votes = step * np.stack([np.bincount(each, minlength=height + 2 * reach) for each in rows])
    votes = votes + np.roll(votes, 1, axis=1) + np.roll(votes, -1, axis=1)  # rows are rounded
    best = votes.max(axis=0)
    peaks = np.flatnonzero((best == ndimage.maximum_filter1d(best, 3)) & (best >= PURE * MIN_LENGTH))
    for peak in peaks[np.argsort(-best[peaks], kind="stable")]:
        slope = slopes[votes[:, peak].argmax()]
        line = np.array([slope, peak - reach - slope * width / 2])
        for _ in range(4):
            own = np.abs(middle - np.polyval(line, x)) <= TOLERANCE
            usual = float(np.median(thickness[own])) if own.any() else 0
            own &= np.abs(thickness - usual) <= max(1, 0.3 * usual)
            if len(np.unique(x[own])) < PURE * MIN_LENGTH:
                break
            line = np.polyfit(x[own], middle[own], 1)
        else:
            found = _trace(ink, line, x[own], usual)
            if found:
                own &= (x >= found.start) & (x < found.stop)
                x, middle, thickness = x[~own], middle[~own], thickness[~own]
                yield found


def _trace(ink: Ink, line: NDArray[np.float64], x: NDArray[np.intp], width: float) -> Line | None:
    """Return the line through thin runs at the columns x, if it is long and much of it is thin."""
    columns = np.arange(ink.shape[1])
    rows = np.rint(np.polyval(line, columns) + np.arange(-(width // 2), width // 2 + 1)[:, np.newaxis]).astype(int)
    path = np.where((rows >= 0) & (rows < len(ink)), ink[rows.clip(0, len(ink) - 1), columns], 0).max(axis=0)
    pure = np.zeros(len(columns), bool)
    pure[x] = True
    covered = ndimage.binary_closing(np.pad(pure | (path >= FAINT), GAP), np.ones(GAP + 1))[GAP:-GAP]
    parts = [
        part
        for (part,) in ndimage.find_objects(ndimage.label(covered)[0])
        if part.stop - part.start >= MIN_LENGTH and pure[part].mean() >= PURE
    ]
    length = max((part.stop - part.start for part in parts), default=0)
    if sum(part.stop - part.start for part in parts) < WHOLE * (parts[-1].stop - parts[0].start if parts else 0):
        parts = [part for part in parts if part.stop - part.start == length][:1]
    if length < max(MIN_LENGTH, SLENDER * width) or abs(line[0]) > MAX_SLOPE:
        return None
    slope, middle = line.tolist()
    return Line(slope, middle, parts[0].start, parts[-1].stop, length, width, float(np.median(path[pure])))


def erase(ink: Ink, lines: Sequence[Line]) -> Ink:
    """Erase nearly horizontal lines from ink, (h, w), except where strokes cross them."""
    margin = 3 + MAX_WIDTH
    ink = np.pad(ink, margin)
    for line in lines:
        columns = np.arange(line.start, line.stop)
        path, half = line.middle + line.slope * columns + margin, line.width / 2 + 0.25
        columns += margin
        first, last = np.ceil(path - half).astype(int), np.floor(path + half).astype(int)
        rows = np.minimum(first + np.arange((last - first).max() + 1)[:, np.newaxis], last)
        above, below = (
            (ink[edge + sign, columns] >= FAINT) & (ink[edge + 2 * sign, columns] >= FAINT)
            for edge, sign in ((first, -1), (last, 1))
        )
        kept = ink[rows, columns] >= (1 + line.level) / 2 if line.level <= GREY else bridge(above, below, len(rows))
        ink[rows, columns] *= kept
        ink[first - 1, columns] *= above
        ink[last + 1, columns] *= below
    return ink[margin:-margin, margin:-margin]


def bridge(above: Flags, below: Flags, count: int) -> Flags:
    """Join strokes above and below a gap of `count` rows: (count, w), the pixels of the gap that belong to strokes.

    above, below: (w,), columns with strokes. Each is joined to the nearest one, at most two columns aside per row.
    """
    kept = np.zeros((count, len(above)), bool)
    free_above, free_below = above.copy(), below.copy()
    for shift in sorted(range(-2 * count, 2 * count + 1), key=abs):
        x = np.flatnonzero(above)
        x = x[(x + shift >= 0) & (x + shift < len(above))]
        x = x[below[x + shift] & (free_above[x] | free_below[x + shift])]
        free_above[x] = free_below[x + shift] = False
        for row in range(count):
            kept[row, x + round(shift * (row + 1) / (count + 1))] = True
    return kept


def drop_residue(rest: Ink, ink: Ink, tick: float) -> Ink:
    """Drop components within 2 pixels of erased ink, low ones that touch it and are about as wide as `tick`, and sides.

    A side is a narrow component with both ends on erased ink. rest, ink: (h, w), after and before. tick: pixels, or 0.
    """
    labels, boxes = _find_parts(rest)
    largest = max(map(_measure, boxes), default=0)
    near = ndimage.binary_dilation((ink >= FAINT) & (rest < FAINT), iterations=2)
    kept = np.bincount(labels[~near], minlength=len(boxes) + 1) > 0
    kept[0] = True
    for label in set(labels[near].tolist()) - {0}:
        box = boxes[label - 1]
        ends = near[box] & (labels[box] == label)
        height, width = ends.shape
        is_tick = tick > 0 and width <= min(height, 1.5 * tick + 2) and height <= TICK * largest
        is_side = width <= SIDE * height and ends[:3].any() and ends[-3:].any()
        kept[label] &= not (is_tick or is_side)
    return np.asarray(np.where(kept[labels], rest, 0))


def remove_rings(ink: Ink) -> Ink:
    """Remove each connected component of ink, (h, w), that encloses other ink of at least ENCLOSED of its height.

    Narrow ones that are no rectangles are kept, since digits of outline fonts enclose ink.
    """
    labels, boxes = _find_parts(ink)
    for label, box in enumerate(boxes, start=1):
        ring = labels[box] == label
        inside = ~ring & (labels[box] > 0)
        if inside.any() and min(ring.shape) >= MIN_LENGTH:
            filled = ndimage.binary_fill_holes(ring)
            rows = np.flatnonzero((inside & filled).any(axis=1))
            is_frame = filled.mean() >= RECTANGULAR or ring.shape[1] >= ROUND * ring.shape[0]
            if is_frame and len(rows) and rows[-1] - rows[0] >= ENCLOSED * len(ring):
                ink = np.where(ndimage.binary_dilation(labels == label) & ((labels == label) | (labels == 0)), 0, ink)
    return ink


def _find_parts(ink: Ink) -> tuple[NDArray[np.int32], list[Box]]:
    labels, _ = ndimage.label(ink >= LOW, np.ones((3, 3)))
    return labels, ndimage.find_objects(labels)


def _measure(box: Box) -> int:
    """Return the height of a component, or the width if it is larger and not that of a row."""
    height, width = (int(side.stop - side.start) for side in box)
    return max(height, min(width, 2 * height))
