"""Rows of digits in ink, each digit with its centre and its size."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.composition.signs import Generator, Glyphs, Hand, Ink, choose_hand, write
from pipeline.data.contrast import BOX
from pipeline.data.shapes import MARKS, parse_shape
from pipeline.data.strokes import draw_by_hand

Floats = NDArray[np.floating[Any]]

NOTHING = -1  # label of a sign of no class
PEN_UP = -1e9
# Sizes of the digits of a picture relative to BOX, and their shares. The first are those that are read; larger and
# smaller ones are what other levels of the pyramid show.
SIZES, SIZE_SHARES = ((0.8, 1.25), (0.12, 0.68), (1.5, 3.2), (3.2, 10)), (0.76, 0.08, 0.1, 0.06)
PUNCTUATION = 0.06  # probability of a point, a comma or a dash after a digit


@dataclass(frozen=True)
class Placed:
    """A sign in the picture: label or NOTHING, centre and longer side of its ink in pixels, bounding box."""

    label: int
    y: float
    x: float
    size: float
    box: tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True)
class Style:
    """How rows are written.

    size: of the digits, in pixels. gap, std: mean and standard deviation of the gap between neighbours, in pixels.
    by_ink: whether the gap is that between their ink, rather than their boxes. signs: probability that a sign is of no
    class.
    """

    hand: Hand
    size: float
    gap: float
    std: float
    by_ink: bool
    signs: float = 0.0


def choose_style(hand: Hand, size: float, generator: Generator) -> Style:
    """Return a style with random spacing: apart, close, touching or overlapping."""
    kind = generator.choice(4, p=[0.35, 0.2, 0.22, 0.23])
    if kind == 0:
        return Style(hand, size, size * generator.uniform(0.15, 1.2), size * 0.1, by_ink=False)
    if kind == 1:
        return Style(hand, size, size * generator.uniform(-0.05, 0.15), size * 0.04, by_ink=False)
    return Style(hand, size, size * generator.uniform(-0.14, 0.06) * (kind == 3), size * 0.02, by_ink=True)


def write_rows(glyphs: Glyphs, shape: tuple[int, int], generator: Generator) -> tuple[Ink, list[Placed]]:
    """Write one row, or three, on a sheet of `shape`, in part beyond its edges."""
    ink, placed = np.zeros(shape, np.float32), []
    low, high = SIZES[generator.choice(len(SIZES), p=SIZE_SHARES)]
    size = BOX * math.exp(generator.uniform(math.log(low), math.log(high)))
    tilt = generator.normal(0, 0.03) if generator.random() < 0.7 else generator.normal(0, 0.14)
    style = choose_style(replace(choose_hand(generator), angle=tilt), size, generator)
    pitch = size * (generator.uniform(1.05, 1.35) if generator.random() < 0.5 else generator.uniform(1.3, 2.5))
    style = replace(style, signs=generator.choice([0, generator.uniform(0, 0.3), 1.0], p=[0.52, 0.36, 0.12]))
    y, most = generator.uniform(0.25, 0.75) * shape[0], int(generator.choice([4, 12], p=[0.35, 0.65]))
    for row in range(-1, 2) if generator.random() < 0.5 else [0]:
        start, count = generator.uniform(-size, 0.35 * shape[1]), int(generator.integers(1, most + 1))
        if generator.random() < 0.15:
            start, count = generator.uniform(0.15, 0.85) * shape[1] - size / 2, 1
        at = y + row * pitch + generator.normal(0, 0.05 * size)
        placed += _write_row(ink, glyphs, style, at, start, count, generator)
    return ink, placed


def _write_row(
    sheet: Ink, glyphs: Glyphs, style: Style, y: float, start: float, count: int, generator: Generator
) -> list[Placed]:
    """Write `count` signs from `start`, to the right."""
    hand, size, placed = style.hand, style.size, list[Placed]()
    border = np.full(sheet.shape[0], PEN_UP)  # the last column with ink in each row of pixels
    right, jitter = start, size * generator.uniform(0, 0.1)
    for _ in range(count):
        ink, label = (
            (glyphs.draw_sign(generator), NOTHING) if generator.random() < style.signs else glyphs.draw_class(generator)
        )
        own = size * math.exp(generator.normal(0, 0.07))
        if label == NOTHING:
            own *= math.exp(generator.normal(0, 0.25))
        ink = write(ink, own, hand, generator)
        height, width = ink.shape
        if style.by_ink and placed and generator.random() < 0.15:  # a new group
            right += size * generator.uniform(0.2, 1)
            border[:] = PEN_UP
        top = round(y + math.tan(hand.angle) * right - height / 2 + generator.normal(0, jitter))
        inked = ink[max(-top, 0) : max(sheet.shape[0] - top, 0)] > 0.3
        beside = border[max(top, 0) :][: len(inked)]
        gap = generator.normal(style.gap, style.std)
        left = right + gap
        if style.by_ink and placed:
            left = find_touch(inked, beside, right, size) + gap
        left = round(left)
        move_border(inked, beside, left)
        strength = generator.uniform(0.85, 1)
        paste(sheet, strength * ink, top, left)
        if generator.random() < PUNCTUATION:
            mark = draw_by_hand(parse_shape(MARKS[generator.integers(len(MARKS))]), BOX, generator)
            mark = write(mark, generator.uniform(0.1, 0.4) * size, hand, generator)
            below = round(top + generator.uniform(0.4, 1) * height)
            paste(sheet, strength * mark, below, left + width + int(generator.integers(1, 4)))
        box = (left, top, left + width, top + height)
        placed.append(Placed(label, top + height / 2, left + width / 2, max(height, width), box))
        right = left + width
        if right > sheet.shape[1] + size:
            break
    return placed


def find_touch(inked: NDArray[np.bool_], border: Floats, right: float, size: float) -> float:
    """Return the left side of a sign that touches the ink before it, `right` if this is far away at its height.

    inked: (h, w). border: (h,), the last column with ink at each height, or PEN_UP. size: of the signs, in pixels.
    """
    first = np.where(inked.any(axis=1), inked.argmax(axis=1), inked.shape[1])
    reach = float(np.max(border + 1 - first, initial=PEN_UP))
    return reach if reach > right - 1.5 * size else right


def move_border(inked: NDArray[np.bool_], border: Floats, left: int) -> None:
    """Move the border, in place, to the last columns of a sign that begins at `left`."""
    last = np.where(inked.any(axis=1), left + inked.shape[1] - 1 - inked[:, ::-1].argmax(axis=1), PEN_UP)
    np.maximum(border, last, out=border)


def paste(sheet: Ink, ink: Ink, top: int, left: int) -> None:
    """Add ink to a sheet, where it is stronger than what is there; what lies outside is lost."""
    bottom, right = min(top + ink.shape[0], sheet.shape[0]), min(left + ink.shape[1], sheet.shape[1])
    y, x = max(top, 0), max(left, 0)
    if y < bottom and x < right:
        part = sheet[y:bottom, x:right]
        np.maximum(part, ink[y - top : bottom - top, x - left : right - left], out=part)
