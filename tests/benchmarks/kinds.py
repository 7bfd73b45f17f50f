"""Measure the accuracy and calibration of reading on kinds of pictures that people have: forms, photographs, rows.

    python -m tests.benchmarks.kinds [--count 200] [--part test] [--errors FOLDER]

Writes MNIST's digits, about four times as large, with pens on paper, as JPEG or PNG files. Picture n of a kind is
always the same. Choices are made with `--part validation`, the last 10,000 training images. Needs artifacts/parse in
the current folder.
"""

import argparse
import io
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from threadpoolctl import threadpool_limits

from pipeline.engine.cores import count_cores
from pipeline.evaluation.metrics import Reliability, measure_reliability
from pipeline.pictures.files import load_grey
from pipeline.pictures.reading import format_digits, read
from pipeline.reader import PRETRAINED, load
from tests.benchmarks.markdown import table

PARSE = Path("artifacts/parse")
PARTS = {"validation": ("train", 10_000), "test": ("test", 10_000)}  # the files, and how many images from their end
SCALES = (3.4, 4.6)  # pixels per pixel of MNIST
BOX = 20  # pixels of MNIST: height of most digits
APART = (2.0, 14.0)  # pixels of MNIST between the digits of a row
SURE = 0.8  # confidence above which an error counts as a confident one

Generator = np.random.Generator
Layer = NDArray[np.float64]  # (h, w) in [0, 1]: how much of each pixel is inked or printed
Levels = NDArray[np.uint8] | NDArray[np.uint16]  # grey (h, w) or RGB (h, w, 3)
Light = Layer | float


@dataclass(frozen=True)
class Digits:
    """images: uint8 (n, 28, 28), light on dark. labels: uint8 (n,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


Draw = Callable[[Generator, Digits], tuple[Levels, str]]


def load_digits(part: str, parse: Path = PARSE) -> Digits:
    name, count = PARTS[part]
    images, labels = (np.load(parse / f"{name}-{kind}.npy", mmap_mode="r") for kind in ("images", "labels"))
    return Digits(images[-count:], labels[-count:])


# Writing


def write_digit(generator: Generator, digits: Digits, scale: float) -> tuple[Layer, str]:
    """Return the ink of a random digit, cropped to its bounding box, and its name."""
    index = int(generator.integers(len(digits.images)))
    image = digits.images[index]
    image = image[np.ix_(image.any(axis=1), image.any(axis=0))]
    size = [max(3, round(scale * side)) for side in image.shape]
    enlarged = Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return np.asarray(enlarged, float) / 255, str(digits.labels[index])


def write_row(
    generator: Generator,
    digits: Digits,
    count: int,
    gap: tuple[float, float] = APART,
    by_ink: bool = False,
    scale: float | None = None,
    heights: tuple[float, float] = (0.9, 1.1),
) -> tuple[Layer, str]:
    """Write `count` digits of slightly different heights from left to right.

    heights: least and greatest, relative to `scale`. gap: least and greatest, in pixels of MNIST, negative if the
    digits overlap; between the bounding boxes, or, by_ink, between the ink of neighbours, which touches if it is 0.
    """
    scale = scale or generator.uniform(*SCALES)
    height = round(32 * scale)
    row, text = np.zeros((height, 0)), ""
    for _ in range(count):
        ink, name = write_digit(generator, digits, scale * generator.uniform(*heights))
        top = round((height - len(ink)) / 2 + generator.uniform(-1.5, 1.5) * scale)
        ink = np.pad(ink, ((top, height - top - len(ink)), (0, 0)))
        left = 0
        if text:
            touching = _find_contact(row, ink) if by_ink else row.shape[1]
            left = max(0, touching + round(scale * generator.uniform(*gap)))
        width = max(row.shape[1], left + ink.shape[1])
        row = np.maximum(_widen(row, 0, width), _widen(ink, left, width))
        text += name
    return row[row.any(axis=1)], text


def _find_contact(row: Layer, ink: Layer) -> int:
    """Return the column at which `ink` starts if it is moved left until it touches the row."""
    last = np.where(row >= 0.5, np.arange(row.shape[1]), -np.inf).max(axis=1)
    first = np.where(ink >= 0.5, np.arange(ink.shape[1]), np.inf).min(axis=1)
    return int((ndimage.maximum_filter1d(last, 3) - first).max()) + 1  # 3: pixels also touch diagonally


def _widen(ink: Layer, left: int, width: int) -> Layer:
    return np.pad(ink, ((0, 0), (left, width - left - ink.shape[1])))


def write_number(generator: Generator, digits: Digits) -> tuple[Layer, str]:
    """Write a single digit or, less often, a row of three or five."""
    return write_row(generator, digits, int(generator.choice([1, 1, 1, 3, 5])))


def add_margin(generator: Generator, layer: Layer, least: int = 10, most: int = 60) -> Layer:
    top, bottom, left, right = generator.integers(least, most + 1, 4)
    return np.pad(layer, ((top, bottom), (left, right)))


# Printing


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


# Light and paper


def choose_pen(generator: Generator) -> NDArray[np.float64]:
    """Return the share of red, green and blue that dark grey or blue ink reflects."""
    if generator.random() < 0.5:
        return np.full(3, generator.uniform(0.08, 0.35))
    return generator.uniform((0.08, 0.15, 0.45), (0.25, 0.35, 0.7))


def choose_print(generator: Generator) -> NDArray[np.float64]:
    """Return the share of red, green and blue that a grey line, or one of light blue, reflects."""
    if generator.random() < 0.7:
        return np.full(3, generator.uniform(0.55, 0.85))
    return generator.uniform((0.55, 0.65, 0.8), (0.7, 0.8, 0.95))


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
    pen = choose_pen(generator)
    levels = 255 * np.asarray(generator.uniform(0.86, 1) * generator.uniform(0.98, 1, 3) if paper is None else paper)
    levels = levels * (1 - ink[..., np.newaxis] * (1 - pen))
    if printed is not None:
        levels = levels * (1 - printed[..., np.newaxis] * (1 - (pen if in_ink else choose_print(generator))))
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


# Kinds of pictures


def plain(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    ink, text = write_number(generator, digits)
    return expose(generator, add_margin(generator, ink)), text


def tight(generator: Generator, digits: Digits, edges: int | None = None) -> tuple[Levels, str]:
    """Crop at the ink on one to three edges or on `edges`; a quarter of the pictures are light on dark."""
    scale = float(np.exp(generator.uniform(np.log(2), np.log(10))))
    count = int(generator.choice([1, 1, 1, 2, 4]))
    ink, text = write_row(generator, digits, count, scale=scale)
    inked = ink >= 0.5
    ink = ink[np.ix_(np.any(inked, axis=1), np.any(inked, axis=0))]
    margins = generator.integers(3, 41, 4)
    margins[generator.permutation(4)[: edges or int(generator.integers(1, 4))]] = 0
    levels = expose(generator, np.pad(ink, (margins[:2], margins[2:])))
    return (255 - levels if generator.random() < 0.25 else levels), text


def boxed(generator: Generator, digits: Digits, in_ink: bool) -> tuple[Levels, str]:
    """Print a box around one digit, at the same distance on all four sides or at different ones."""
    ink, text = write_digit(generator, digits, generator.uniform(30, 150) / BOX)
    width, gap = int(generator.integers(1, 9)), int(generator.integers(41))
    gaps = np.full(4, gap) if generator.random() < 0.5 else generator.integers(gap, 41, 4)
    outside = width + generator.integers(4, 41, 4)
    before, after = gaps[:2] + outside[:2], gaps[2:] + outside[2:]
    ink = np.pad(ink, ((before[1], after[1]), (before[0], after[0])))
    box = (*outside[:2].tolist(), ink.shape[1] - int(outside[2]), ink.shape[0] - int(outside[3]))
    printed = np.zeros(ink.shape)
    draw_box(generator, printed, box, width)
    return expose(generator, ink, wear(generator, printed), in_ink), text


def write_cells(generator: Generator, digits: Digits, padding: int) -> tuple[Layer, str, tuple[float, float], int]:
    """Write a digit in the middle of each of some cells: ink, text, size (width, height) of a cell, number of cells.

    padding: least distance in pixels of a digit from the edge of its cell. The last cells may be empty.
    """
    scale = generator.uniform(*SCALES)
    written = [
        write_digit(generator, digits, scale * generator.uniform(0.9, 1.1)) for _ in range(generator.integers(2, 9))
    ]
    height, width = (max(ink.shape[axis] for ink, _ in written) + 2 * padding for axis in (0, 1))
    cells = [np.zeros((height, width)) for _ in range(len(written) + int(generator.choice([0, 0, 1, 2])))]
    for cell, (ink, _) in zip(cells, written, strict=False):
        spare = [side - inner - 2 * padding for side, inner in zip(cell.shape, ink.shape, strict=True)]
        top, left = (padding + int(generator.integers(free // 4, free - free // 4 + 1)) for free in spare)
        cell[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return np.concatenate(cells, axis=1), "".join(name for _, name in written), (width, height), len(cells)


def form(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Fill in a row of boxes, one digit in each; the boxes share their sides or are apart."""
    padding, width = int(generator.integers(3, 20)), int(generator.integers(1, 6))
    ink, text, (across, down), count = write_cells(generator, digits, padding)
    apart = int(generator.integers(min(padding - 2, 8))) if generator.random() < 0.5 else 0
    margin = 2 * width + int(generator.integers(8, 40))
    ink = np.pad(ink, margin)
    printed = np.zeros(ink.shape)
    for cell in range(count):
        left = margin + cell * across
        draw_box(generator, printed, (left + apart, margin, left + across - apart, margin + down), width)
    return expose(generator, ink, wear(generator, printed), bool(generator.random() < 0.5)), text


def comb(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write on a line with ticks upwards between the digits; some digits touch or cross the line."""
    ink, text, (across, down), count = write_cells(generator, digits, int(generator.integers(3, 14)))
    margin, width = 20 + int(generator.integers(30)), generator.uniform(1, 4)
    ink = np.pad(ink, margin)
    base = margin + down - generator.uniform(-3, 0.15) * (down / 10)
    printed = np.zeros(ink.shape)
    draw_line(printed, (margin, base), (margin + count * across, base), width)
    tick = down * generator.uniform(0.15, 0.6)
    for cell in range(count + 1):
        draw_line(printed, (margin + cell * across, base), (margin + cell * across, base - tick), width)
    return expose(generator, ink, wear(generator, printed), bool(generator.random() < 0.5)), text


def baseline(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write above a line, or on it; some digits cross it by 3 pixels."""
    ink, text = write_row(generator, digits, int(generator.integers(1, 7)))
    bottom, side = len(ink), int(generator.integers(5, 60))
    ink = np.pad(ink, ((20, 60), (side + 20, side + 20)))
    height = 20 + bottom + generator.uniform(-3, 20)
    printed = np.zeros(ink.shape)
    ends = generator.uniform(0, side + 20, 2)
    slope = generator.uniform(-0.01, 0.01) * ink.shape[1] / 2
    draw_line(printed, (ends[0], height - slope), (ink.shape[1] - ends[1], height + slope), generator.uniform(1, 5))
    return expose(generator, ink, wear(generator, printed), bool(generator.random() < 0.5)), text


def lined(
    generator: Generator, digits: Digits, squared: bool, in_ink: bool, count: int | None = 1
) -> tuple[Levels, str]:
    """Write on ruled or squared paper. count: default, two to five digits."""
    scale = generator.uniform(*SCALES)
    ink, text = write_row(generator, digits, count or int(generator.integers(2, 6)), scale=scale)
    ink = add_margin(generator, ink, 30, 120)
    spacing = BOX * scale * generator.uniform(1 / 3 if squared else 0.6, 1.5)
    angle = generator.uniform(-2, 2)
    grid = draw_grid(generator, ink.shape, spacing, generator.uniform(1, 3), angle, squared)
    return expose(generator, ink, wear(generator, grid), in_ink), text


def low_contrast(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write 16 to 24 grey levels darker than paper, without noise."""
    ink, text = write_number(generator, digits)
    ink = add_margin(generator, ink)
    return to_bytes(generator.integers(120, 256) - generator.integers(16, 25) * ink), text


def twelve_bits(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Use levels up to 4095 of 16 bits."""
    ink, text = write_number(generator, digits)
    ink = add_margin(generator, ink)
    paper, pen = generator.uniform(2400, 4090), generator.uniform(200, 1500)
    levels = paper + (pen - paper) * ink + generator.normal(0, generator.choice([0, 8, 30]), ink.shape)
    return np.asarray(np.clip(levels, 0, 4095), np.uint16), text


def several_rows(
    generator: Generator, digits: Digits, count: int, gap: tuple[float, float] = (0.0, 1.2)
) -> tuple[Levels, str]:
    """Write `count` rows of one to five digits of different heights, rotated by up to 4 degrees.

    gap: least and greatest, in heights of a digit, between the highest ink of a row and the lowest of the one above.
    """
    scale = generator.uniform(*SCALES)
    lengths = generator.integers(1, 6, count).tolist()
    rows = [write_row(generator, digits, length, scale=scale, heights=(0.75, 1.1)) for length in lengths]
    starts = generator.integers(0, round(BOX * scale), count).tolist()
    distance = round(BOX * scale * generator.uniform(*gap))
    page = np.zeros(
        (sum(len(ink) + abs(distance) for ink, _ in rows), max(ink.shape[1] for ink, _ in rows) + max(starts))
    )
    top = 0
    for start, (ink, _) in zip(starts, rows, strict=True):
        part = page[top : top + len(ink), start : start + ink.shape[1]]
        np.maximum(part, ink, out=part)
        top += len(ink) + distance
    page = ndimage.rotate(page[: top - min(distance, 0)], generator.uniform(-4, 4), order=1)
    return expose(generator, add_margin(generator, page)), "".join(text for _, text in rows)


def shadow(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Cast a hard shadow on half of the ink, or on all but a strip, of a half to three quarters of the light."""
    ink, text = write_number(generator, digits)
    ink = add_margin(generator, ink, 20, 80)
    angle = generator.uniform(0, 2 * np.pi)
    softness = generator.uniform(0.5, 4)
    shaded = np.clip(choose_edge(generator, ink, angle) / softness + 0.5, 0, 1)
    if generator.random() < 0.3:  # a corner
        shaded = shaded * np.clip(choose_edge(generator, ink, angle + np.pi / 2) / softness + 0.5, 0, 1)
    light = 1 - generator.uniform(0.25, 0.6) * shaded
    y, x = list_coordinates(ink.shape)
    light = light * (1 - generator.uniform(0, 0.1) * np.abs(x) - generator.uniform(0, 0.1) * np.abs(y))
    return expose(generator, ink, light=light), text


def two_lights(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    ink, text = write_number(generator, digits)
    ink = add_margin(generator, ink, 20, 100)
    y, x = list_coordinates(ink.shape)
    light = np.full(ink.shape, 0.1)
    for _ in range(2):
        centre, reach = generator.uniform(-1.2, 1.2, 2), generator.uniform(0.5, 1.2)
        light += generator.uniform(0.5, 1) / (1 + ((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / reach**2)
    return expose(generator, ink, light=np.asarray(light / light.max())), text


def yellowed(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write on yellow or brown paper with stains and fibres."""
    ink, text = write_number(generator, digits)
    ink = add_margin(generator, ink, 20, 80)
    stains = ndimage.gaussian_filter(generator.normal(size=ink.shape), generator.uniform(8, 40))
    stains = np.clip(stains / stains.std(), -2, 2) * generator.uniform(0.01, 0.05)
    fibres = ndimage.gaussian_filter(generator.normal(size=ink.shape), (0.5, 2))
    stains += fibres / fibres.std() * generator.uniform(0, 0.012)
    age = generator.uniform(0, 1)
    colour = age * np.array((0.8, 0.68, 0.45)) + (1 - age) * np.array((0.98, 0.94, 0.78))
    paper = np.clip(colour + stains[..., np.newaxis] * (0.6, 0.9, 1.3), 0, 1)
    return expose(generator, ink, paper=paper), text


def vignette(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Darken the corners by half to four fifths; the digits are anywhere."""
    ink, text = write_number(generator, digits)
    ink = add_margin(generator, ink, 10, 160)
    y, x = list_coordinates(ink.shape)
    radius = np.hypot(y, x) / np.hypot(y, x).max()
    return expose(
        generator, ink, light=np.asarray(1 - generator.uniform(0.5, 0.8) * radius ** generator.uniform(2, 4))
    ), text


def fold(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Fold the paper through the ink: another light on either side, and a dark crease next to a light one."""
    ink, text = write_number(generator, digits)
    ink = add_margin(generator, ink, 20, 80)
    angle = generator.choice([0, np.pi / 2]) + generator.normal(0, 0.1)
    edge = choose_edge(generator, ink, angle) + generator.uniform(1, 4) * np.sin(
        choose_edge(generator, ink, angle + np.pi / 2) / 40
    )
    light = np.where(edge > 0, 1, generator.uniform(0.8, 0.95))
    light = light - generator.uniform(0, 0.12) * np.exp(-np.abs(edge) / generator.uniform(10, 60)) * (edge > 0)
    width = generator.uniform(0.7, 2)
    light = light - generator.uniform(0.05, 0.2) * np.exp(-((edge / width) ** 2))
    light = light + generator.uniform(0, 0.05) * np.exp(-(((edge - 3 * width) / width) ** 2))
    return expose(generator, ink, light=np.clip(light / 1.05, 0, 1)), text


def row(
    generator: Generator, digits: Digits, count: int | None, gap: tuple[float, float] = APART, by_ink: bool = False
) -> tuple[Levels, str]:
    """Write a row of `count` digits; default, 1 to 12."""
    ink, text = write_row(generator, digits, count or int(generator.integers(1, 13)), gap, by_ink)
    return expose(generator, add_margin(generator, ink)), text


KINDS: dict[str, Draw] = {
    "one to five digits on plain paper": plain,
    "tight crops, ink at one to three edges": tight,
    "tight crops, ink at all edges": partial(tight, edges=4),
    "a digit in a box, grey": partial(boxed, in_ink=False),
    "a digit in a box, of the ink's colour": partial(boxed, in_ink=True),
    "rows of boxes": form,
    "combs": comb,
    "a line below": baseline,
    "ruled paper, grey": partial(lined, squared=False, in_ink=False, count=None),
    "ruled paper, of the ink's colour": partial(lined, squared=False, in_ink=True, count=None),
    "squared paper, grey: one digit": partial(lined, squared=True, in_ink=False),
    "squared paper, grey: a row": partial(lined, squared=True, in_ink=False, count=None),
    "squared paper, of the ink's colour: one digit": partial(lined, squared=True, in_ink=True),
    "squared paper, of the ink's colour: a row": partial(lined, squared=True, in_ink=True, count=None),
    "ink 16 to 24 grey levels darker than the paper": low_contrast,
    "12 bits in a 16-bit file": twelve_bits,
    "two rows": partial(several_rows, count=2),
    "two rows, almost touching": partial(several_rows, count=2, gap=(-0.1, 0.1)),
    "three rows": partial(several_rows, count=3),
    "hard shadow": shadow,
    "two lights": two_lights,
    "yellowed paper": yellowed,
    "strong vignette": vignette,
    "a fold": fold,
    "a row of 1 to 12 digits, apart": partial(row, count=None),
    **{
        f"{name} digits whose {of} {relation}": partial(row, count=count, gap=(gap, gap), by_ink=by_ink)
        for relation, gap in (("touch", 0), ("overlap by two of MNIST's pixels", -2))
        for name, count in (("three", 3), ("six", 6))
        for of, by_ink in (("boxes", False), ("ink", True))
    },
}


# Measurement


@dataclass(frozen=True)
class Result:
    """What was read in a picture, "" for no digit; the confidence is 1 then."""

    truth: str
    predicted: str
    confidence: float

    @property
    def correct(self) -> bool:
        return self.predicted == self.truth


def as_file(levels: Levels, generator: Generator) -> io.BytesIO:
    """Return a picture as a file: PNG if it is grey, otherwise PNG or JPEG."""
    file = io.BytesIO()
    form = "PNG" if levels.ndim == 2 or generator.random() < 0.5 else "JPEG"
    Image.fromarray(levels).save(file, form, quality=int(generator.integers(75, 96)))
    file.seek(0)
    return file


def draw_picture(kind: str, number: int, digits: Digits, part: str) -> tuple[io.BytesIO, str]:
    """Return picture `number` of a kind as a file, with its truth."""
    generator = np.random.default_rng((zlib.crc32(f"{part} {kind}".encode()), number))
    levels, truth = KINDS[kind](generator, digits)
    return as_file(levels, generator), truth


def measure_kind(kind: str, count: int, part: str, errors: Path | None = None) -> list[Result]:
    """Read `count` pictures with the included model; write those with errors into the folder `errors`."""
    model, digits, results = load(PRETRAINED).model, load_digits(part), []
    with threadpool_limits(1, "blas"):
        for number in range(count):
            file, truth = draw_picture(kind, number, digits, part)
            reading = read(model, load_grey(file, "picture"))
            result = Result(truth, format_digits(reading.labels, model.class_names), reading.confidence)
            results.append(result)
            if errors and not result.correct:
                name = f"{kind} {number} {truth} as {result.predicted or 'none'} {result.confidence:.2f}"
                Image.open(file).save(errors / f"{name}.png")
    return results


def count_results(kind: str, results: Sequence[Result]) -> list[str]:
    """Return the cells of a kind's line."""
    wrong = [result for result in results if not result.correct]
    return [
        kind,
        f"{1 - len(wrong) / len(results):.1%}",
        f"{sum(not result.predicted for result in results) / len(results):.1%}",
        f"{sum(result.confidence > SURE for result in wrong if result.predicted) / len(results):.1%}",
    ]


def measure_calibration(results: Sequence[Result]) -> Reliability:
    """Compare the confidence of whole rows with whether they are correct, where any digit was read."""
    claimed = [result for result in results if result.predicted]
    confidence = np.array([[result.confidence] for result in claimed], np.float32)
    return measure_reliability(confidence, np.array([not result.correct for result in claimed], np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="pictures of each kind")
    parser.add_argument("--part", choices=PARTS, default="test")
    parser.add_argument("--errors", type=Path, help="folder for the pictures with errors")
    given = parser.parse_args()
    if given.errors:
        given.errors.mkdir(parents=True, exist_ok=True)
    measure = partial(measure_kind, count=given.count, part=given.part, errors=given.errors)
    with ProcessPoolExecutor(count_cores()) as pool:
        results = dict(zip(KINDS, pool.map(measure, KINDS), strict=True))
    everything = [result for of_kind in results.values() for result in of_kind]
    rows = [count_results(kind, of_kind) for kind, of_kind in {**results, "all": everything}.items()]
    print(table(["pictures", "correct", "no digit found", f"wrong with a confidence above {SURE:.0%}"], rows))
    print(f"\n{given.count} pictures of each kind, generated from {given.part} images and read by the included model.")
    print("A picture is correct if all its digits are correct.")
    print(f"Expected calibration error of the confidence in a picture: {measure_calibration(everything).error:.1%}.")


if __name__ == "__main__":
    main()
