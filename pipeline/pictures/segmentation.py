"""Segmentation: split ink into connected components, merge fragments, sort in reading order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Ink = NDArray[np.float32]

HIGH, LOW = 0.5, 0.25  # hysteresis thresholds: components have ink >= LOW everywhere, and >= HIGH somewhere
MIN_SIZE = 7  # pixels: minimum of the larger side of a digit
MAX_DIGITS = 64  # a picture with more, or with four times as many components, counts as a texture
SPECK = 0.15  # maximum size, relative to the largest component
FRAGMENT = 0.6  # maximum height of a part, such as the bar of a 5, relative to the tallest component
MIN_OVERLAP = 0.5  # of two parts of a digit, relative to the narrower one's width
MAX_GAP = 0.15  # between a fragment and its digit, relative to the tallest component
LINE = 8  # minimum width / height of a ruled line, which is also at least half as wide as the picture


@dataclass(frozen=True)
class Component:
    """Bounding box, rows [top, bottom) and columns [left, right), of one or more connected components of the ink."""

    top: int
    bottom: int
    left: int
    right: int
    labels: tuple[int, ...]

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left


def split(ink: Ink) -> list[Ink]:
    """Split ink, (h, w) in [0, 1], into digits with a margin, line by line, from left to right."""
    labels, _ = ndimage.label(ink >= LOW, np.ones((3, 3)))
    strong = set(np.unique(labels[ink >= HIGH]).tolist()) - {0}
    components = [
        Component(rows.start, rows.stop, columns.start, columns.stop, (label,))
        for label, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1)
        if label in strong
    ]
    components = drop_non_digits(components, ink.shape)
    digits = sort_components(merge_fragments(components)) if len(components) <= 4 * MAX_DIGITS else []
    return [crop(ink, labels, digit) for digit in digits] if len(digits) <= MAX_DIGITS else []


def drop_non_digits(components: Sequence[Component], shape: tuple[int, ...]) -> list[Component]:
    """Drop specks. Also drop ruled lines and components at the border, unless only much smaller ones are left."""
    height, width = shape
    large = [component for component in components if max(component.height, component.width) >= MIN_SIZE]
    inner = [
        component
        for component in large
        if (component.top > 0 and component.left > 0 and component.bottom < height and component.right < width)
        and not (component.width >= LINE * component.height and component.width >= width / 2)
    ]
    tallest = max((component.height for component in inner), default=0)
    kept = inner if tallest >= max((component.height for component in large), default=0) / 8 else large
    size = max((max(component.height, min(component.width, 2 * component.height)) for component in kept), default=0)
    return [component for component in kept if max(component.height, component.width) >= SPECK * size]


def merge_fragments(components: Iterable[Component]) -> list[Component]:
    """Merge the fragments of each digit into one component."""
    components = sorted(components, key=lambda component: component.left)
    tall = max((component.height for component in components), default=0)
    digits: list[Component] = []
    for component in components:
        while other := next((digit for digit in digits if are_one_digit(digit, component, tall)), None):
            digits.remove(other)
            top, bottom = min(other.top, component.top), max(other.bottom, component.bottom)
            left, right = min(other.left, component.left), max(other.right, component.right)
            component = Component(top, bottom, left, right, other.labels + component.labels)
        digits.append(component)
    return digits


def are_one_digit(one: Component, other: Component, tall: int) -> bool:
    """Return whether two components are parts of one digit. tall: height of the tallest component.

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


def sort_components(components: Iterable[Component]) -> list[Component]:
    """Sort into reading order. Two components share a line if they overlap by half the smaller height."""
    lines: list[list[Component]] = []
    for component in sorted(components, key=lambda component: component.top):
        line = next((line for line in lines if any(_share_line(component, other) for other in line)), None)
        if line is None:
            lines.append([component])
        else:
            line.append(component)
    return [component for line in lines for component in sorted(line, key=lambda component: component.left)]


def _share_line(one: Component, other: Component) -> bool:
    return min(one.bottom, other.bottom) - max(one.top, other.top) >= min(one.height, other.height) / 2


def crop(ink: Ink, labels: NDArray[np.int32], component: Component) -> Ink:
    """Crop one component, without the ink of others, with a margin for its soft edges."""
    margin = 2 + max(component.height, component.width) // 16
    rows = slice(component.top, component.bottom + 2 * margin)
    columns = slice(component.left, component.right + 2 * margin)
    cropped, own = np.pad(ink, margin)[rows, columns], np.pad(labels, margin)[rows, columns]
    others = (own > 0) & ~np.isin(own, component.labels)
    cropped[~ndimage.binary_dilation(np.isin(own, component.labels), iterations=2) | others] = 0
    return np.asarray(cropped / cropped.max())
