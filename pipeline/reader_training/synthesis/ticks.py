"""Write dots, commas, apostrophes and quotation marks as short strokes, which resemble a 1 without their word."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipeline.pictures.filters import ndimage
from pipeline.reader_training.synthesis.lettering import Lettering, frame
from pipeline.reader_training.synthesis.signs import Generator, Ink

# In x-heights: length of a tick, from a dot on; gap between a tick and the letter below it; room for ticks.
TICK_LENGTHS, GAPS, TICK_ROOM = (0.12, 0.62), (0.04, 0.3), 2.0
LEAN = 0.25, 0.3  # x per y of a tick: mean and standard deviation
TICK_INK = 0.3
DOT = 0.5  # x-heights: longest side of a dot
LOW = 1.3  # x-heights: height of a letter that may have a tick above it
TICK_PLACES = {"above": 0.62, "comma": 0.2, "apostrophe": 0.12, "quotes": 0.06}


@dataclass(frozen=True)
class Tick:
    """How a hand makes ticks. length: in x-heights. lean: x per y, to the right at the top. bow: in lengths."""

    length: float
    lean: float
    bow: float


def choose_tick(generator: Generator) -> Tick:
    """Return the tick of a random hand."""
    return Tick(generator.uniform(*TICK_LENGTHS), generator.normal(*LEAN), generator.normal(0, 0.08))


def add_ticks(drawn: Lettering, tick: Tick, x_height: float, generator: Generator) -> Lettering:
    """Return a word whose dots are ticks, with more ticks above its letters, or with punctuation.

    A tick above is higher than the letters around it, and a comma is partly below the line, because anybody would
    read a stroke beside a word that is as high as its letters as a 1. x_height: of the letters, in heights of a digit.
    """
    height = float(max(drawn.ink.shape) / drawn.size)  # of a digit, in pixels
    unit, room = x_height * height, math.ceil(TICK_ROOM * x_height * height)
    foot = len(drawn.ink) / 2 - drawn.middle * height + room  # row of the line of writing, below the room for ticks
    ink = np.pad(drawn.ink, room)
    dots = _take_dots(ink, foot, unit)
    sheet = Image.new("L", ink.shape[::-1])
    pen = float(np.clip(_measure_pen(drawn.ink) * generator.uniform(0.8, 1.2), 2, unit / 3))

    def draw(x: float, bottom: float) -> None:
        own = unit * tick.length * generator.uniform(0.75, 1.25)
        lean, bow = tick.lean + generator.normal(0, 0.12), tick.bow + generator.normal(0, 0.04)
        along = np.linspace(0, 1, 6)
        points = np.column_stack([x + own * (lean * along + bow * np.sin(np.pi * along)), bottom - own * along])
        _stroke(sheet, points, pen)

    tops = _find_tops(ink)
    for x, bottom in dots:
        draw(x, min(bottom, tops[round(x)] - pen / 2 - GAPS[0] * unit))
    columns = np.flatnonzero(tops < foot)
    low = columns[tops[columns] > foot - LOW * unit]
    first, last = columns[[0, -1]] if len(columns) else (room, ink.shape[1] - room)
    places = list(TICK_PLACES)
    for _ in range(1 if dots else int(generator.integers(1, 4))):
        place = places[generator.choice(len(places), p=list(TICK_PLACES.values()))]
        if place == "above" and len(low):
            x = int(low[generator.integers(len(low))])
            near = tops[max(x - round(0.3 * unit), 0) : x + round(0.5 * unit) + 1].min()
            draw(x, near - pen / 2 - unit * generator.uniform(*GAPS))
        elif place == "comma":
            below = unit * generator.uniform(0.4, 0.7) * tick.length
            draw(last + unit * generator.uniform(0.0, 0.25) - tick.lean * below, foot + below)
        else:
            x = last + pen + unit * generator.uniform(0, 0.2) if generator.random() < 0.6 else first - 0.4 * unit
            bottom = foot - unit * generator.uniform(0.85, 1.3)
            for number in range(2 if place == "quotes" else 1):
                draw(x + number * (1.6 * pen + 0.15 * unit), bottom)
    return frame(np.maximum(ink, np.asarray(sheet, np.float32) / 255), foot, height)


def _take_dots(ink: Ink, foot: float, unit: float) -> list[tuple[float, float]]:
    """Remove the dots of letters from the ink; return x and the lower end of each."""
    labels, _ = ndimage.label(ink > TICK_INK)
    dots = []
    for number, (down, along) in enumerate(ndimage.find_objects(labels), 1):
        small = max(down.stop - down.start, along.stop - along.start) < DOT * unit
        if small and down.stop < foot - 0.8 * unit:
            part = np.s_[max(down.start - 2, 0) : down.stop + 2, max(along.start - 2, 0) : along.stop + 2]
            ink[part][np.isin(labels[part], (0, number))] = 0
            dots.append(((along.start + along.stop) / 2, float(down.stop)))
    return dots


def _find_tops(ink: Ink) -> NDArray[np.float64]:
    """Return the first row with ink of each column, or the number of rows."""
    inked = ink > TICK_INK
    return np.where(inked.any(axis=0), inked.argmax(axis=0), len(ink)).astype(np.float64)


def _measure_pen(ink: Ink) -> float:
    """Return about how wide strokes are, in pixels: twice their area by the length of their edges."""
    edges = sum(float(np.abs(np.diff(ink, axis=axis)).sum()) for axis in (0, 1)) * math.pi / 4
    return 2 * float(ink.sum()) / max(edges, 1)


def _stroke(sheet: Image.Image, points: NDArray[np.float64], pen: float) -> None:
    """Draw a polyline with round ends. points: (n, 2), x and y."""
    brush = ImageDraw.Draw(sheet)
    brush.line([(x, y) for x, y in points.tolist()], 255, max(1, round(pen)), "curve")
    for x, y in (points[0], points[-1]):
        brush.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
