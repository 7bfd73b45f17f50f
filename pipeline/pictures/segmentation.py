"""Segmentation: find the connected components of ink, merge fragments, group the digits into lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Ink = NDArray[np.float32]
Labels = NDArray[np.int32]

HIGH, LOW = 0.5, 0.25  # hysteresis thresholds: components have ink >= LOW everywhere, and >= HIGH somewhere
MIN_SIZE = 7  # pixels: minimum of the larger side of a digit
MAX_DIGITS = 64  # a picture with more, or with four times as many components, counts as a texture
SPECK = 0.15  # maximum size, relative to the largest component
FRAGMENT = 0.6  # maximum height of a part, such as the bar of a 5, relative to the tallest component
MIN_OVERLAP = 0.5  # of two parts of a digit, relative to the narrower one's width
MAX_GAP = 0.15  # between a fragment and its digit, relative to the tallest component
MAX_GROWTH = 1.3  # maximum height of a merged digit, relative to the tallest, if others are as tall
SMALL, MAX_HEIGHT = 0.4, 1.5  # height of a digit: minimum, relative to the tallest; maximum, relative to the median
LINE = 8  # minimum width / height of a ruled line, which is also at least half as wide as the picture
EDGE = 0.8  # minimum contact with the edge of the picture, relative to the larger side, of what is not a digit
CUT = 0.5  # minimum height of a digit at the edge of the picture, relative to the tallest one
MIN_SHARED = 0.4  # of the heights of two neighbours in a line, relative to the lower one


@dataclass(frozen=True)
class Component:
    """Bounding box, rows [top, bottom) and columns [left, right), of one or more connected components of the ink.

    contact: number of its pixels along an edge of the picture, the largest of the four.
    """

    top: int
    bottom: int
    left: int
    right: int
    labels: tuple[int, ...]
    contact: int = 0

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left


def find_components(ink: Ink) -> tuple[Labels, list[list[Component]]]:
    """Find the digits in ink, (h, w) in [0, 1]: lines from top to bottom, each from left to right.

    Returns also the label of each pixel, (h, w), 0 for background. Digits that touch are one component. Pictures with
    more than MAX_DIGITS have none.
    """
    labels, count = ndimage.label(ink >= LOW, np.ones((3, 3)))
    strong = set(np.unique(labels[ink >= HIGH]).tolist())
    edges = labels[0], labels[-1], labels[:, 0], labels[:, -1]
    contacts = np.max([np.bincount(edge, minlength=count + 1) for edge in edges], axis=0).tolist()
    components = [
        Component(rows.start, rows.stop, columns.start, columns.stop, (label,), contacts[label])
        for label, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1)
        if label in strong
    ]
    components = drop_non_digits(components, ink.shape)
    digits = drop_cut_off(merge_fragments(components)) if len(components) <= 4 * MAX_DIGITS else []
    return labels, group_lines(digits) if len(digits) <= MAX_DIGITS else []


def drop_non_digits(components: Sequence[Component], shape: tuple[int, ...]) -> list[Component]:
    """Drop specks. Also drop ruled lines and what lies along the edges, unless the others are much smaller."""
    large = [component for component in components if max(component.height, component.width) >= MIN_SIZE]
    inner = [
        component
        for component in large
        if component.contact < EDGE * max(component.height, component.width)
        and not (component.width >= LINE * component.height and component.width >= shape[1] / 2)
    ]
    tallest = max((component.height for component in inner), default=0)
    kept = inner if tallest >= max((component.height for component in large), default=0) / 8 else large
    size = max((max(component.height, min(component.width, 2 * component.height)) for component in kept), default=0)
    return [component for component in kept if max(component.height, component.width) >= SPECK * size]


def drop_cut_off(components: Sequence[Component]) -> list[Component]:
    """Drop components at the edge of the picture that are much lower than others, such as digits of the next line."""
    tall = max((component.height for component in components), default=0)
    return [component for component in components if not component.contact or component.height >= CUT * tall]


def merge_fragments(components: Sequence[Component]) -> list[Component]:
    """Merge the fragments of each digit into one component."""
    lines = group_lines(components)
    tall = [_measure_height(line) for line in lines]
    tallest = {each.labels[0]: height for line, height in zip(lines, tall, strict=True) for each in line}
    whole = [
        each
        for line, height in zip(lines, tall, strict=True)
        if len(line) > 1
        for each in line
        if each.height >= FRAGMENT * height
    ]
    highest = MAX_GROWTH * max(tall) if len(whole) >= 2 else np.inf

    def belong(one: Component, other: Component) -> bool:
        both = join(one, other)
        return both.height <= highest and are_one_digit(one, other, max(tallest[label] for label in both.labels))

    digits: list[Component] = []
    for component in sorted(components, key=lambda component: component.left):
        while other := next((digit for digit in digits if belong(digit, component)), None):
            digits.remove(other)
            component = join(other, component)
        digits.append(component)
    return digits


def _measure_height(line: Sequence[Component]) -> float:
    """Return the height of the tallest component; less if it is far taller than most, such as digits of two lines."""
    heights = [component.height for component in line]
    large = [height for height in heights if height >= SMALL * max(heights)]
    return float(min(max(heights), MAX_HEIGHT * np.median(large) if len(large) >= 4 else np.inf))


def join(one: Component, other: Component) -> Component:
    """Return the component of the ink of both."""
    return Component(
        min(one.top, other.top),
        max(one.bottom, other.bottom),
        min(one.left, other.left),
        max(one.right, other.right),
        one.labels + other.labels,
        max(one.contact, other.contact),
    )


def are_one_digit(one: Component, other: Component, tall: float) -> bool:
    """Return whether two components are parts of one digit. tall: height of the tallest component of their lines.

    Two tall components are one digit if one is above the other. Side by side they are two digits, even if the bounding
    boxes overlap because the digits are slanted. A fragment belongs to a digit if it is above, below or near it.
    """
    lower = min(one, other, key=lambda component: component.height)
    shared = min(one.right, other.right) - max(one.left, other.left)
    apart = max(one.top, other.top) - min(one.bottom, other.bottom)
    over = shared >= MIN_OVERLAP * min(one.width, other.width)
    if lower.height >= FRAGMENT * tall:
        return over and -lower.height / 2 < apart < 0
    near = shared >= -MAX_GAP * tall and apart < MAX_GAP * tall
    return (over or near) and apart < 2 * MAX_GAP * tall


def group_lines(components: Iterable[Component]) -> list[list[Component]]:
    """Group components into lines from top to bottom, each from left to right.

    From left to right, each component continues the line whose last two components share most of its height.
    """
    lines: list[list[Component]] = []
    for component in sorted(components, key=lambda component: component.left):
        shared, line = max(
            ((max(_share_height(component, other) for other in line[-2:]), line) for line in lines),
            key=lambda each: each[0],
            default=(0.0, []),
        )
        if shared < MIN_SHARED:
            line = []
            lines.append(line)
        line.append(component)
    return sorted(lines, key=lambda line: sum(each.top + each.bottom for each in line) / len(line))


def _share_height(one: Component, other: Component) -> float:
    return (min(one.bottom, other.bottom) - max(one.top, other.top)) / min(one.height, other.height)


def crop(ink: Ink, labels: Labels, component: Component) -> Ink:
    """Crop one component, without the ink of others, with a margin for its soft edges."""
    margin = 2 + max(component.height, component.width) // 16
    rows = slice(component.top, component.bottom + 2 * margin)
    columns = slice(component.left, component.right + 2 * margin)
    cropped, own = np.pad(ink, margin)[rows, columns], np.pad(labels, margin)[rows, columns]
    others = (own > 0) & ~np.isin(own, component.labels)
    cropped[~ndimage.binary_dilation(np.isin(own, component.labels), iterations=2) | others] = 0
    return np.asarray(cropped / cropped.max())
