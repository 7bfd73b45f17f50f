"""Draw lines and boxes, and make a picture of ink and print on paper in a given light."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from tests.benchmarks.writing import Generator, Layer

Levels = NDArray[np.uint8] | NDArray[np.uint16]  # grey (h, w) or RGB (h, w, 3)
Light = Layer | float


def draw_line(layer: Layer, start: tuple[float, float], end: tuple[float, float], width: float) -> None:
    """Draw a straight line into the layer; start and end: x, y."""
    reach = width / 2 + 1
    (left, right), (top, bottom) = (
        (max(0, int(min(ends) - reach)), max(0, int(max(ends) + reach) + 1)) for ends in zip(start, end, strict=True)
    )
    part = layer[top:bottom, left:right]
    y, x = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]] + 0.5
    across = np.subtract(end, start)
    along = ((x - start[0]) * across[0] + (y - start[1]) * across[1]) / max(float(across @ across), 1e-9)
    along = np.clip(along, 0, 1)
    distance = np.hypot(x - start[0] - along * across[0], y - start[1] - along * across[1])
    np.maximum(part, np.clip(width / 2 + 0.5 - distance, 0, 1), out=part)


def draw_box(generator: Generator, layer: Layer, box: tuple[float, float, float, float], width: float) -> None:
    """Draw four lines around `box` (left, top, right, bottom of the inside), corners up to 1.5 pixels further out."""
    corners = []
    for x, y in ((0, 1), (2, 1), (2, 3), (0, 3)):
        out = width / 2 + generator.uniform(0, 1.5, 2)
        corners.append((box[x] + out[0] * (x - 1), box[y] + out[1] * (y - 2)))
    for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
        draw_line(layer, start, end, width)


def wear(generator: Generator, layer: Layer) -> Layer:
    """Print half of the layers unevenly, down to 0.7."""
    if generator.random() < 0.5:
        return layer
    uneven = ndimage.gaussian_filter(generator.normal(size=layer.shape), 2)
    return np.asarray(layer * (1 - 0.3 * np.clip(np.abs(uneven) / uneven.std() / 2, 0, 1)))


def draw_grid(
    generator: Generator, shape: tuple[int, ...], spacing: float, width: float, angle: float, squared: bool
) -> Layer:
    """Draw ruled paper, or squared paper, rotated by `angle` degrees."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    turned = np.deg2rad(angle)
    layer = np.zeros(shape)
    for position in (y * np.cos(turned) - x * np.sin(turned), x * np.cos(turned) + y * np.sin(turned))[: 1 + squared]:
        phase = (position / spacing + generator.random()) % 1
        distance = spacing * np.minimum(phase, 1 - phase)
        layer = np.maximum(layer, np.clip(width / 2 + 0.5 - distance, 0, 1))
    return layer


# A dye: share of grey ones, range of their grey, and ranges of red, green and blue of the others, as they reflect.
PEN = 0.5, (0.08, 0.35), ((0.08, 0.15, 0.45), (0.25, 0.35, 0.7))
PRINT = 0.7, (0.55, 0.85), ((0.55, 0.65, 0.8), (0.7, 0.8, 0.95))


def choose_dye(generator: Generator, dye: tuple[float, tuple[float, float], Any]) -> NDArray[np.float64]:
    """Return the share of red, green and blue that a grey or blue dye reflects."""
    share, grey, blue = dye
    return np.full(3, generator.uniform(*grey)) if generator.random() < share else generator.uniform(*blue)


def expose(
    generator: Generator,
    ink: Layer,
    printed: Layer | None = None,
    in_ink: bool = False,
    light: Light = 1.0,
    paper: Layer | None = None,
) -> NDArray[np.uint8]:
    """Return the picture, RGB (h, w, 3), of ink and print on paper.

    in_ink: the print has the colour of the ink. light: (h, w), at most 1. paper: RGB in [0, 1]; default: light grey.
    """
    pen = choose_dye(generator, PEN)
    levels = 255 * np.asarray(generator.uniform(0.86, 1) * generator.uniform(0.98, 1, 3) if paper is None else paper)
    levels = levels * (1 - ink[..., np.newaxis] * (1 - pen))
    if printed is not None:
        levels = levels * (1 - printed[..., np.newaxis] * (1 - (pen if in_ink else choose_dye(generator, PRINT))))
    levels = levels * (light if isinstance(light, float) else light[..., np.newaxis])
    noise = generator.choice([0, generator.uniform(0.5, 3)])
    return to_bytes(levels + generator.normal(0, noise, ink.shape)[..., np.newaxis])


def to_bytes(levels: Layer) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)


def list_coordinates(shape: tuple[int, ...]) -> tuple[Layer, Layer]:
    """Return y and x, each (h, w), in units of half the longer side, 0 in the centre."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    half = max(shape) / 2
    return (y - shape[0] / 2) / half, (x - shape[1] / 2) / half


def choose_edge(generator: Generator, ink: Layer, angle: float) -> Layer:
    """Return the distance in pixels, negative on one side, from a straight edge through the middle of the ink."""
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    y, x = (generator.uniform(*np.quantile(inked, (0.3, 0.7))) for inked in (rows, columns))
    down, across = np.mgrid[: ink.shape[0], : ink.shape[1]]
    return np.asarray((across - x) * np.cos(angle) + (down - y) * np.sin(angle))


def as_file(levels: Levels, generator: Generator) -> io.BytesIO:
    """Return a picture as a file: PNG if it is grey, otherwise PNG or JPEG."""
    file = io.BytesIO()
    form = "PNG" if levels.ndim == 2 or generator.random() < 0.5 else "JPEG"
    Image.fromarray(levels).save(file, form, quality=int(generator.integers(75, 96)))
    file.seek(0)
    return file
