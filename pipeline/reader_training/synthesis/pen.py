"""Draw paths with a pen: thin or thick, round or with a broad nib, with pressure that changes, soft edges and gaps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from pipeline.data.synthetic.shapes import Stroke
from pipeline.pictures.filters import ndimage
from pipeline.reader_training.synthesis.paths import resample
from pipeline.reader_training.synthesis.signs import Generator, Hand, Ink, choose_turn, crop

WIDTHS = 0.005, 0.2  # range of the width of a pen, in sizes of a digit
BROAD_SHARE, FLATNESS = 0.2, (0.15, 0.7)  # of the pens with a broad nib; its thin side, relative to its broad one
PRESSURE = 0.0, 0.35  # standard deviation of the logarithm of the width along a path
FELT_SHARE, FELT = 0.25, (0.1, 0.5)  # of the pens with soft edges; how soft, in widths
DRY_SHARE, DRY = 0.15, (0.1, 0.5)  # of the pens that dry up; part of the path with little ink
CHANGES = 0.15, 0.6  # sizes along the path over which pressure and ink change
SUBPIXELS = 4  # drawn pixels per pixel, along each axis
POINT_DISTANCE = 0.05  # sizes between the points of a path
# Stretched parts of a path: the height at which they part, and by how much they are longer or wider, in logarithms.
WAIST, LONGER, WIDER = (0.25, 0.75), 0.22, 0.16


@dataclass(frozen=True)
class Pen:
    """A pen. width: of its broad side, in sizes of a digit. flatness: its thin side, relative to the broad one.

    angle: of the broad side, in radians. pressure: standard deviation of the logarithm of the width along a path. felt:
    softness of the edges, in widths. dry: part of the path with little ink.
    """

    width: float
    flatness: float
    angle: float
    pressure: float
    felt: float
    dry: float


def choose_pen(generator: Generator) -> Pen:
    """Return a random pen."""
    return Pen(
        width=math.exp(generator.uniform(*np.log(WIDTHS))),
        flatness=generator.uniform(*FLATNESS) if generator.random() < BROAD_SHARE else 1.0,
        angle=generator.uniform(0, math.pi),
        pressure=generator.uniform(*PRESSURE),
        felt=generator.uniform(*FELT) if generator.random() < FELT_SHARE else 0.0,
        dry=generator.uniform(*DRY) if generator.random() < DRY_SHARE else 0.0,
    )


def stretch_parts(strokes: Sequence[Stroke], generator: Generator) -> list[Stroke]:
    """Return strokes with longer or shorter, and wider or narrower, upper and lower parts: long legs, wide loops."""
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-6)
    waist, middle = generator.uniform(*WAIST), float(low[0] + size[0] / 2)
    longer, wider = (np.exp(generator.normal(0, deviation, 2)) for deviation in (LONGER, WIDER))

    def move(stroke: Stroke) -> Stroke:
        y = (stroke[:, 1] - low[1]) / size[1]
        down = np.minimum(y, waist) * longer[0] + np.maximum(y - waist, 0) * longer[1]
        return np.column_stack([middle + (stroke[:, 0] - middle) * np.interp(y, [0, 1], wider), down * size[1]])

    return [move(stroke) for stroke in strokes]


def write_path(
    strokes: Sequence[Stroke], length: float, size: float, pen: Pen, hand: Hand, generator: Generator
) -> Ink:
    """Return the ink of strokes, cropped, as a hand writes them with a pen.

    length: longer side of the ink before it is turned, in pixels. size: of a digit, in pixels. A pen that is thinner
    than a pixel draws a line of one pixel; see `darkness`.
    """
    pen = replace(pen, width=max(pen.width, 1 / size))
    extent = float(np.ptp(np.concatenate(strokes), axis=0).max())
    scale = max(length - pen.width * size, 0.1) / max(extent, 1e-6)
    turned = scale * choose_turn(hand, generator).T
    return crop(draw_path([stroke @ turned for stroke in strokes], size, pen, generator, SUBPIXELS))


def darkness(pen: Pen, size: float) -> float:
    """Return how dark the lines of a pen are beside those of one pixel: a picture is reduced until a digit has a size.

    size: of a digit, in pixels.
    """
    return min(1.0, pen.width * size)


def draw_path(strokes: Sequence[Stroke], size: float, pen: Pen, generator: Generator, subpixels: int) -> Ink:
    """Return the ink of strokes, (h, w) in [0, 1], as large as they are with the pen.

    size: of a digit, in pixels, to which the width of the pen is relative. subpixels: drawn for each pixel.
    """
    scale, reach = float(subpixels), math.ceil(pen.width * size * (0.75 + 2 * pen.felt)) + 1
    points = np.concatenate(strokes)
    low = points.min(axis=0)
    width, height = (np.ceil(np.ptp(points, axis=0)).astype(int) + 2 * reach).tolist()
    sheet = Image.new("L", (subpixels * width, subpixels * height))
    brush = ImageDraw.Draw(sheet)
    change = size * generator.uniform(*CHANGES)
    for stroke in strokes:
        fine = resample(stroke, POINT_DISTANCE * size)
        moved = (fine - low + reach) * scale
        between = np.diff(moved, axis=0)
        turn = np.sin(np.arctan2(between[:, 1], between[:, 0]) - pen.angle)
        widths = pen.width * size * scale * np.hypot(pen.flatness, math.sqrt(1 - pen.flatness**2) * turn)
        widths *= np.exp(pen.pressure * _vary(len(turn), change / size / POINT_DISTANCE, generator))
        wet = _vary(len(turn), change / size / POINT_DISTANCE, generator)
        inks = np.where(wet < np.quantile(wet, pen.dry), generator.uniform(0, 0.6), 1.0)
        for (x, y), (u, v), wide, ink in zip(
            moved[:-1].tolist(), moved[1:].tolist(), widths.tolist(), inks.tolist(), strict=True
        ):
            whole = max(1, round(wide))
            fill = round(255 * ink * min(1.0, wide / whole))
            brush.line((x, y, u, v), fill, whole)
            if whole > 2:
                half = wide / 2
                for a, b in ((x, y), (u, v)):
                    brush.ellipse((a - half, b - half, a + half, b + half), fill)
    drawn = np.asarray(sheet, np.float32)
    if pen.felt:
        drawn = ndimage.gaussian_filter(drawn, pen.felt * pen.width * size * scale)
    return np.asarray(drawn.reshape(height, subpixels, width, subpixels).mean(axis=(1, 3)) / 255, np.float32)


def _vary(count: int, smooth: float, generator: Generator) -> Stroke:
    """Return values that change smoothly along a path, (count,), with a standard deviation of about 1."""
    coarse = generator.standard_normal(max(2, math.ceil(count / smooth) + 1))
    return np.interp(np.linspace(0, len(coarse) - 1, count), np.arange(len(coarse)), coarse)
