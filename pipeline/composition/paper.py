"""What paper has besides digits: rules, boxes, stains, folds, print, shadows."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from pipeline.composition.glyphs import FINE, PRINTED, Generator, Glyphs, Ink, choose_hand, draw_print, write
from pipeline.composition.writing import Placed, paste

LINES = 0.45  # share of pictures with lines of some kind
PRINT = 0.15  # with printed words
Shape = tuple[int, int]


class Lines:
    """A layer of lines, drawn FINE times as large, with soft ends and widths in pixels of the picture."""

    def __init__(self, shape: Shape) -> None:
        self.image = Image.new("L", (FINE * shape[1], FINE * shape[0]))
        self.draw = ImageDraw.Draw(self.image)

    def line(self, points: Sequence[tuple[float, float]], width: float, strength: float) -> None:
        """Draw a polyline through points (x, y). strength: in [0, 1]."""
        scaled = [(FINE * x, FINE * y) for x, y in points]
        whole = max(1, round(FINE * width))
        self.draw.line(scaled, fill=round(255 * strength * min(1, FINE * width / whole)), width=whole)

    def arc(self, box: tuple[float, float, float, float], width: float, strength: float) -> None:
        """Draw an ellipse in a box (left, top, right, bottom)."""
        left, top, right, bottom = (FINE * side for side in box)
        if right > left and bottom > top:
            self.draw.ellipse((left, top, right, bottom), outline=round(255 * strength), width=max(1, round(FINE * width)))

    def ink(self) -> Ink:
        """Return the layer, in [0, 1]."""
        return np.asarray(self.image.reduce(FINE), np.float32) / 255


def draw_lines(shape: Shape, placed: Sequence[Placed], generator: Generator) -> Ink:
    """Draw the lines of ruled or squared paper, of boxes, combs, tables and so on, in units of the pen's ink."""
    height, width = shape
    lines = Lines(shape)
    slope = generator.normal(0, 0.015 if generator.random() < 0.6 else 0.08)
    strength, pen = generator.uniform(0.1, 1), generator.choice([generator.uniform(0.4, 1.2), generator.uniform(0.8, 2.6)])
    size = float(np.median([each.size for each in placed])) if placed else 20.0

    def across(y: float) -> None:
        lines.line([(0, y), (width, y + slope * width)], pen, strength)

    def down(x: float, top: float = 0, bottom: float = height) -> None:
        lines.line([(x - slope * top, top), (x - slope * bottom, bottom)], pen, strength)

    def ruled() -> None:
        pitch = size * generator.uniform(0.9, 2.5)
        for y in np.arange(generator.uniform(0, pitch) - width * abs(slope), height + width * abs(slope), pitch):
            across(y)
        if generator.random() < 0.3:
            down(generator.uniform(0, width))

    def squared() -> None:
        pitch = size * generator.uniform(0.25, 1.6)
        for y in np.arange(generator.uniform(0, pitch) - width * abs(slope), height + width * abs(slope), pitch):
            across(y)
        for x in np.arange(generator.uniform(0, pitch) - height * abs(slope), width + height * abs(slope), pitch):
            down(x)

    def boxes() -> None:
        margin = size * generator.uniform(0.05, 0.6)
        side = size * generator.uniform(1.0, 1.5)
        shared = generator.random() < 0.5
        for each in placed:
            left, top, right, bottom = each.box
            if shared:
                x, y = generator.normal(each.x, 0.06 * size), generator.normal(each.y, 0.06 * size)
                left, top, right, bottom = x - side / 2 - margin, y - side / 2 - margin, x + side / 2 + margin, y + side / 2 + margin
            corners = [
                (x + generator.normal(0, 0.4), y + generator.normal(0, 0.4))
                for x, y in ((left - margin, top - margin), (right + margin, top - margin),
                             (right + margin, bottom + margin), (left - margin, bottom + margin))
            ]
            lines.line([*corners, corners[0]], pen, strength)

    def comb() -> None:
        pitch = size * generator.uniform(0.9, 1.8)
        at = float(np.mean([each.y for each in placed])) if placed else height / 2
        bottom, tall = at + size * generator.uniform(0.5, 0.9), size * generator.uniform(0.2, 1.5)
        across(bottom)
        if generator.random() < 0.5:
            across(bottom - tall)
        for x in np.arange(generator.uniform(-pitch, 0), width, pitch):
            down(x, bottom - tall, bottom)

    def between() -> None:
        """Draw lines in the middle between neighbours, above and below them: a row of cells."""
        top = min(each.box[1] for each in placed) - size * generator.uniform(0.02, 0.4)
        bottom = max(each.box[3] for each in placed) + size * generator.uniform(0.02, 0.4)
        across(top)
        across(bottom)
        edges = sorted((each.box[0], each.box[2]) for each in placed)
        middles = [(one[1] + other[0]) / 2 for one, other in zip(edges, edges[1:], strict=False)]
        for x in [edges[0][0] - 0.3 * size, *middles, edges[-1][1] + 0.3 * size]:
            down(x + generator.normal(0, 0.03 * size), top, bottom)

    def underline() -> None:
        y = max((each.box[3] for each in placed), default=height / 2) + size * generator.uniform(-0.08, 0.5)
        ends = sorted(generator.uniform(-0.2, 1.2, 2) * width)
        if generator.random() < 0.5:
            ends = [-width, 2 * width]
        lines.line([(x, y + slope * x) for x in ends], pen, strength)

    def circled() -> None:
        for each in placed:
            reach = each.size * generator.uniform(0.65, 1.1)
            lines.arc((each.x - reach, each.y - reach, each.x + reach, each.y + reach), pen, strength)

    def single() -> None:
        for _ in range(generator.integers(1, 4)):
            points = generator.uniform(-0.2, 1.2, (2, 2)) * (width, height)
            lines.line([(x, y) for x, y in points.tolist()], pen, strength)

    def frame() -> None:
        x, y = generator.uniform(0, 0.3, 2) * (width, height)
        right, bottom = generator.uniform(0.7, 1.1, 2) * (width, height)
        lines.line([(x, y), (right, y), (right, bottom), (x, bottom), (x, y)], pen, strength)

    kinds: list[tuple[float, Callable[[], None]]] = [
        (0.2, ruled), (0.22, squared), (0.1, single), (0.05, frame), (0.08, underline), (0.06, comb),
        *([(0.15, boxes), (0.1, between), (0.04, circled)] if placed else []),
    ]
    shares = np.array([share for share, _ in kinds])
    kinds[generator.choice(len(kinds), p=shares / shares.sum())][1]()
    if generator.random() < 0.12:
        single()
    return lines.ink()


def print_words(page: Ink, placed: Sequence[Placed], generator: Generator) -> None:
    """Print words around the digits, smaller or as large as these."""
    for _ in range(generator.integers(1, 4)):
        size = int(generator.integers(6, 22))
        word = "".join(generator.choice(list(PRINTED), generator.integers(2, 9)).tolist())
        ink = draw_print(word, generator)
        wide = max(4, round(ink.shape[1] * size / ink.shape[0]))
        shrunk = Image.fromarray(np.uint8(255 * ink)).resize((wide, size), Image.Resampling.LANCZOS)
        y, x = (int(value) for value in (generator.uniform(-4, page.shape[0]), generator.uniform(-30, page.shape[1])))
        free = all(
            x + wide < each.box[0] or x > each.box[2] or y + size < each.box[1] or y > each.box[3] for each in placed
        )
        if free:
            paste(page, np.asarray(shrunk, np.float32) / 255 * generator.uniform(0.4, 1), y, x)


def bleed_through(shape: Shape, glyphs: Glyphs, generator: Generator) -> Ink:
    """Return faint, blurred, mirrored writing of the other side."""
    page = np.zeros(shape, np.float32)
    hand = choose_hand(generator)
    size = generator.uniform(12, 40)
    for _ in range(generator.integers(2, 10)):
        ink, _ = glyphs.draw_class(generator)
        y, x = generator.uniform(-0.1, 1, 2) * shape
        paste(page, write(ink, size, hand, generator)[:, ::-1], int(y), int(x))
    return np.asarray(ndimage.gaussian_filter(page, generator.uniform(0.6, 2)) * generator.uniform(0.05, 0.4))


def smooth_noise(shape: Shape, scale: tuple[float, float], generator: Generator) -> Ink:
    """Return noise that is smooth over `scale` pixels, with standard deviation 1."""
    coarse = [max(2, math.ceil(side / reach) + 1) for side, reach in zip(shape, scale, strict=True)]
    noise = Image.fromarray(generator.standard_normal(coarse, np.float32))
    return np.asarray(noise.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def light(shape: Shape, generator: Generator) -> Ink:
    """Return factors on the light of each pixel: gradients, shadows, folds, stains, vignettes."""
    height, width = shape
    y, x = np.ogrid[:height, :width]
    factor = np.ones(shape, np.float32)
    if generator.random() < 0.6:
        across, down = generator.normal(0, 0.15, 2)
        factor *= np.clip(1 + across * (x / width - 0.5) + down * (y / height - 0.5), 0.3, 1.7)
    if generator.random() < 0.2:  # the edge of a shadow
        angle, soft = generator.uniform(0, 2 * math.pi), generator.choice([0.4, 1, 3, 10])
        side = (x - generator.uniform(0, width)) * math.cos(angle) + (y - generator.uniform(0, height)) * math.sin(angle)
        factor *= 1 - generator.uniform(0.1, 0.65) / (1 + np.exp(-np.clip(side / soft, -30, 30)))
    if generator.random() < 0.1:  # a fold
        angle = generator.choice([0, math.pi / 2]) + generator.normal(0, 0.2)
        side = (x - generator.uniform(0, width)) * math.cos(angle) + (y - generator.uniform(0, height)) * math.sin(angle)
        factor *= 1 + generator.normal(0, 0.05) * np.tanh(side / 3) + generator.normal(0, 0.12) * np.exp(-((side / generator.uniform(0.6, 3)) ** 2))
    if generator.random() < 0.12:  # a round stain, or the ring of a cup
        radius, reach = generator.uniform(10, 90), generator.uniform(1, 6)
        away = np.hypot(x - generator.uniform(0, width), y - generator.uniform(0, height))
        ring = np.exp(-(((away - radius) / reach) ** 2)) if generator.random() < 0.6 else 1 / (1 + np.exp((away - radius) / reach))
        factor *= 1 - generator.uniform(0.05, 0.45) * ring
    if generator.random() < 0.3:  # clouds, wood, creases
        scale = generator.choice([(8, 8), (20, 20), (4, 40), (40, 4), (3, 3), (60, 1.5)])
        factor *= 1 + generator.uniform(0, 0.08) * smooth_noise(shape, tuple(scale), generator)
    if generator.random() < 0.06:  # fabric, a screen
        pitch, depth = generator.uniform(2, 7, 2), generator.uniform(0.02, 0.12)
        factor *= 1 + depth * np.sin(2 * math.pi * x / pitch[0] + y / 9) * np.sin(2 * math.pi * y / pitch[1])
    return np.maximum(factor, 0.05)


