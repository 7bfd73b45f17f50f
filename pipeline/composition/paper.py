"""Imperfect paper: print, writing on the other side, stains, folds, shadows, fabric."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

from pipeline.composition.glyphs import PRINTED, Generator, Glyphs, Ink, choose_hand, draw_print, write
from pipeline.composition.writing import Placed, paste
from pipeline.data.ink import to_ink

Shape = tuple[int, int]


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
            paste(page, np.float32(generator.uniform(0.4, 1)) * to_ink(np.asarray(shrunk)), y, x)


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

    def beyond(angle: float) -> Ink:
        """Return the distance of each pixel from a line at an angle, negative on one side."""
        return np.asarray(
            (x - generator.uniform(0, width)) * math.cos(angle) + (y - generator.uniform(0, height)) * math.sin(angle)
        )

    if generator.random() < 0.6:
        across, down = generator.normal(0, 0.15, 2)
        factor *= np.clip(1 + across * (x / width - 0.5) + down * (y / height - 0.5), 0.3, 1.7)
    if generator.random() < 0.2:  # the edge of a shadow
        angle, soft = generator.uniform(0, 2 * math.pi), generator.choice([0.4, 1, 3, 10])
        edge = np.clip(beyond(angle) / soft, -30, 30)
        factor *= 1 - generator.uniform(0.1, 0.65) / (1 + np.exp(-edge))
    if generator.random() < 0.1:  # a fold
        angle = generator.choice([0, math.pi / 2]) + generator.normal(0, 0.2)
        side = beyond(angle)
        bend, crease = generator.normal(0, 0.05), generator.normal(0, 0.12)
        factor *= 1 + bend * np.tanh(side / 3) + crease * np.exp(-((side / generator.uniform(0.6, 3)) ** 2))
    if generator.random() < 0.12:  # a round stain, or the ring of a cup
        radius, reach = generator.uniform(10, 90), generator.uniform(1, 6)
        away = np.hypot(x - generator.uniform(0, width), y - generator.uniform(0, height))
        edge = (away - radius) / reach
        stain = np.exp(-(edge**2)) if generator.random() < 0.6 else 1 / (1 + np.exp(edge))
        factor *= 1 - generator.uniform(0.05, 0.45) * stain
    if generator.random() < 0.3:  # clouds, wood, creases
        scale = generator.choice([(8, 8), (20, 20), (4, 40), (40, 4), (3, 3), (60, 1.5)])
        factor *= 1 + generator.uniform(0, 0.08) * smooth_noise(shape, tuple(scale), generator)
    if generator.random() < 0.06:  # fabric, a screen
        pitch, depth = generator.uniform(2, 7, 2), generator.uniform(0.02, 0.12)
        factor *= 1 + depth * np.sin(2 * math.pi * x / pitch[0] + y / 9) * np.sin(2 * math.pi * y / pitch[1])
    return np.maximum(factor, 0.05)
