"""Draw lines on paper: rules, squares, boxes, tables and circles, as in forms and notebooks."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from pipeline.data.ink import to_ink
from pipeline.pictures.contrast import BOX
from pipeline.pictures.filters import ndimage
from pipeline.reader.rows.labels import SHEET
from pipeline.reader_training.synthesis.number_writing import Piece
from pipeline.reader_training.synthesis.signs import FINER, Generator, Ink, choose

SECOND_SHARE = 0.12  # probability of single lines in addition to another kind
# Distance of rules, and of squares, in sizes of a digit: from several through a large digit to those of a notebook.
RULE_PITCHES, SQUARES = (0.18, 2.6), (0.15, 1.6)
SOFT, SOFTNESS = 0.3, (0.3, 1.2)  # share of the lines that are out of focus or faded; standard deviation, in pixels
JITTER = 0.4  # pixels: standard deviation of the corners of a box


@dataclass(eq=False)
class Ruler:
    """A pen that draws lines on a sheet that is enlarged FINER times.

    digits: the digits on the sheet. slope: slope of the horizontal lines. width: pen width in pixels. strength:
    strength of the ink, in [0, 1].
    """

    digits: Sequence[Piece]
    slope: float
    width: float
    strength: float
    generator: Generator

    def __post_init__(self) -> None:
        self.image = Image.new("L", (FINER * SHEET[1], FINER * SHEET[0]))
        self.pen = ImageDraw.Draw(self.image)
        self.size = float(np.median([each.size for each in self.digits])) if self.digits else BOX

    def line(self, points: Iterable[tuple[float, float]]) -> None:
        """Draw a polyline through points (x, y)."""
        whole = max(1, round(FINER * self.width))
        fill = round(255 * self.strength * min(1, FINER * self.width / whole))
        self.pen.line([(FINER * x, FINER * y) for x, y in points], fill=fill, width=whole)

    def across(self, y: float) -> None:
        """Draw a horizontal line."""
        self.line([(0, y), (SHEET[1], y + self.slope * SHEET[1])])

    def down(self, x: float, top: float = 0, bottom: float | None = None) -> None:
        """Draw a vertical line, by default over the whole sheet."""
        bottom = SHEET[0] if bottom is None else bottom
        self.line([(x - self.slope * top, top), (x - self.slope * bottom, bottom)])

    def box(self, left: float, top: float, right: float, bottom: float) -> None:
        """Draw a rectangle, printed or by hand."""
        corners = [
            (x + self.generator.normal(0, JITTER), y + self.slope * x + self.generator.normal(0, JITTER))
            for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))
        ]
        self.line([*corners, corners[0]])

    def spread(self, pitch: float, along: int, across: int) -> Iterable[float]:
        """Return where equally spaced lines begin on an axis of length `along` that they cross over `across` pixels."""
        reach = across * abs(self.slope)
        return np.arange(self.generator.uniform(0, pitch) - reach, along + reach, pitch).tolist()

    def ink(self) -> Ink:
        """Return what has been drawn, in [0, 1]."""
        ink = to_ink(np.asarray(self.image.reduce(FINER)))
        is_soft = self.generator.random() < SOFT
        return ndimage.gaussian_filter(ink, self.generator.uniform(*SOFTNESS)) if is_soft else ink


def rule(ruler: Ruler) -> None:
    """Draw ruled paper, sometimes with a margin line."""
    (height, width), generator = SHEET, ruler.generator
    for y in ruler.spread(ruler.size * math.exp(generator.uniform(*np.log(RULE_PITCHES))), height, width):
        ruler.across(y)
    if generator.random() < 0.3:
        ruler.down(generator.uniform(0, width))


def square(ruler: Ruler) -> None:
    """Draw squared paper."""
    height, width = SHEET
    pitch = ruler.size * math.exp(ruler.generator.uniform(*np.log(SQUARES)))
    for y in ruler.spread(pitch, height, width):
        ruler.across(y)
    for x in ruler.spread(pitch, width, height):
        ruler.down(x)


def table(ruler: Ruler) -> None:
    """Draw the lines of a table, whose columns differ in width."""
    (height, width), size, generator = SHEET, ruler.size, ruler.generator
    for y in ruler.spread(size * generator.uniform(1, 3), height, width):
        ruler.across(y)
    x = generator.uniform(-2, 2) * size
    while x < width:
        ruler.down(x)
        x += size * generator.uniform(1, 7)


def cross(ruler: Ruler) -> None:
    """Draw one to three lines anywhere."""
    height, width = SHEET
    for _ in range(ruler.generator.integers(1, 4)):
        points = ruler.generator.uniform(-0.2, 1.2, (2, 2)) * (width, height)
        ruler.line(points.tolist())


DrawRules = Callable[[Ruler], None]
# With their shares. No box or circle is drawn around each digit: it would make a 0 of a 1.
RULE_SHARES: dict[DrawRules, float] = {rule: 0.32, square: 0.36, cross: 0.17, table: 0.15}


def draw_lines(digits: Sequence[Piece], generator: Generator) -> Ink:
    """Return the ink of lines of some kind."""
    ruler = Ruler(
        digits,
        slope=generator.normal(0, 0.015 if generator.random() < 0.6 else 0.08),
        strength=generator.uniform(0.1, 1),
        width=generator.choice([generator.uniform(0.4, 1.2), generator.uniform(0.8, 2.6)]),
        generator=generator,
    )
    choose(RULE_SHARES, generator)(ruler)
    if generator.random() < SECOND_SHARE:
        cross(ruler)
    return ruler.ink()
