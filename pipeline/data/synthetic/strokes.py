"""Draw the strokes of a sign as a hand would: distorted, with a random pen."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from pipeline.data.ink import find_extent
from pipeline.data.synthetic.shapes import Stroke
from pipeline.engine.float_arrays import Array

Generator = np.random.Generator

STROKE_SUBPIXELS = 4  # drawn pixels per pixel of the image
PEN = 0.08, 0.22  # width of a stroke relative to the box
SLANT, SIGN_STRETCH, WAVE = 0.3, 0.3, 0.06  # maximum distortions of a glyph, relative to its size
WOBBLE = 0.03  # standard deviation of the points of a stroke, relative to the size of the glyph


def draw_by_hand(strokes: Sequence[Stroke], box: int, generator: Generator, pens: tuple[float, float] = PEN) -> Array:
    """Draw strokes, distorted, as `draw_polylines` does."""
    size = np.ptp(np.concatenate(strokes), axis=0).max() or 1
    moved = [stroke + generator.normal(0, WOBBLE * size * min(1, 6 / len(stroke)), stroke.shape) for stroke in strokes]
    return draw_polylines(distort(moved, generator), box, generator, pens)


def distort(strokes: Sequence[Stroke], generator: Generator) -> list[Stroke]:
    """Apply a random slant, stretch and wave to the strokes of a glyph."""
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), np.ptp(points, axis=0).max() or 1
    slant = generator.uniform(-SLANT, SLANT, 2) * (1, 0.3)
    stretch = 1 + generator.uniform(-SIGN_STRETCH, SIGN_STRETCH, 2)
    wave, phases = generator.uniform(0, WAVE, 2), generator.uniform(0, 2 * np.pi, 2)

    def move(stroke: Stroke) -> Stroke:
        unit = (stroke - low) / size * stretch
        return np.asarray(unit + slant * unit[:, ::-1] + wave * np.sin(5 * unit[:, ::-1] + phases))

    return [move(stroke) for stroke in strokes]


def draw_polylines(strokes: Sequence[Stroke], box: int, generator: Generator, pens: tuple[float, float] = PEN) -> Array:
    """Draw strokes with a random pen; return ink in [0, 1], a square whose side is STROKE_SUBPIXELS times the box."""
    size = STROKE_SUBPIXELS * box
    pen = max(1, round(generator.uniform(*pens) * size))
    points = np.concatenate(strokes)
    low, scale = points.min(axis=0), (size - pen) / max(np.ptp(points, axis=0).max(), 1e-6)
    page = Image.new("L", (size, size))
    canvas = ImageDraw.Draw(page)
    for stroke in strokes:
        places = [(x, y) for x, y in ((stroke - low) * scale + pen / 2).tolist()]
        canvas.line(places, fill=255, width=pen, joint="curve")
        for x, y in (places[0], places[-1]):  # round ends
            canvas.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return np.asarray(page, np.float32) / 255


def shrink(ink: Array, box: int) -> Array:
    """Crop to the ink and resize its longer side to the box."""
    top, bottom, left, right = find_extent(ink >= 0.5 * ink.max())
    cropped = ink[top:bottom, left:right]
    scale = box / max(cropped.shape)
    height, width = (max(1, round(side * scale)) for side in cropped.shape)
    picture = Image.fromarray(np.ascontiguousarray(cropped, np.float32))
    return np.asarray(np.clip(np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC)), 0, 1))
