"""Imperfect paper: words, writing on the other side, textures, stains, folds, shadows, fabric."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

from pipeline.composition.signs import Generator, Glyphs, Ink, choose, choose_hand, write
from pipeline.composition.writing import Placed, paste

Shape = tuple[int, int]

PLACES = {"single": 0.2, "text": 0.45, "beside": 0.35}  # shares of the places of words
ALIKE = 0.6  # share of the pictures with words that are about as large as the digits
INLINE = 0.6  # share of the texts of which one line continues the digits


def write_words(sheet: Ink, glyphs: Glyphs, placed: Sequence[Placed], generator: Generator) -> None:
    """Write words around the digits, often about as large as these: single ones, lines of text, or beside a digit."""
    kind = choose(PLACES, generator)
    size = math.exp(generator.uniform(math.log(6), math.log(40)))
    digit = placed[int(generator.integers(len(placed)))] if placed else None
    if digit and generator.random() < ALIKE:  # as one hand writes words and numbers
        size = float(np.clip(digit.size * math.exp(generator.uniform(-0.7, 0.4)), 6, 60))
    hand, strength = choose_hand(generator), generator.uniform(0.5, 1)
    y, x = generator.uniform(-4, sheet.shape[0]), generator.uniform(-60, sheet.shape[1])
    gap, pitch = size * generator.uniform(0.2, 0.8), size * generator.uniform(1.1, 1.8)
    if kind == "text":
        y, x = generator.uniform(-10, 20), generator.uniform(-30, 40)
        if digit and generator.random() < INLINE:
            y = (digit.y - size / 2) % pitch - pitch
    for _ in range(200 if kind == "text" else generator.integers(1, 4)):
        ink = glyphs.draw_word(generator)
        ink = write(ink, size * max(1.0, ink.shape[1] / ink.shape[0]), hand, generator)
        height, width = ink.shape
        if kind == "beside" and placed:
            digit = placed[int(generator.integers(len(placed)))]
            left, _, right, _ = digit.box
            y = digit.y - size / 2 + generator.normal(0, 0.1) * size
            x = left - width - gap if generator.random() < 0.5 else right + gap
        top, left = round(y + (size - height) / 2), round(x)
        box = left - 3, top - 3, left + width + 3, top + height + 3
        if not any(overlap(box, each.box) for each in placed):
            paste(sheet, np.float32(strength) * ink, top, left)
        x += width + gap
        if x > sheet.shape[1]:
            x, y = generator.uniform(-30, 40), y + pitch
        if y > sheet.shape[0]:
            break


def overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Return whether two boxes, left, top, right and bottom, overlap."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def bleed_through(shape: Shape, glyphs: Glyphs, generator: Generator) -> Ink:
    """Return faint, blurred, mirrored writing of the other side."""
    sheet = np.zeros(shape, np.float32)
    hand = choose_hand(generator)
    size = generator.uniform(12, 40)
    for _ in range(generator.integers(2, 10)):
        ink, _ = glyphs.draw_class(generator)
        y, x = generator.uniform(-0.1, 1, 2) * shape
        paste(sheet, write(ink, size, hand, generator)[:, ::-1], int(y), int(x))
    return np.asarray(ndimage.gaussian_filter(sheet, generator.uniform(0.6, 2)) * generator.uniform(0.05, 0.4))


def texture(shape: Shape, generator: Generator) -> Ink:
    """Return a pattern in [0, 1] on which nothing is written: stripes, checks, dots, bars, grain."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    angle, pitch = generator.uniform(0, math.pi), generator.uniform(3, 40, 2)
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    waves = np.sin(2 * math.pi * along / pitch[0]), np.sin(2 * math.pi * across / pitch[1])
    kind = generator.integers(5)
    if kind == 0:
        pattern = waves[0] + 0 * across
    elif kind == 1:
        pattern = waves[0] * waves[1]
    elif kind == 2:
        pattern = np.minimum(waves[0], waves[1]) - generator.uniform(-0.5, 0.7)
    elif kind == 3:
        bars = np.repeat(generator.random(2 * sum(shape)) < 0.5, int(generator.integers(1, 8)))
        pattern = np.where(bars[np.asarray(along + shape[0]).astype(int) + 0 * y.astype(int)], 1.0, -1.0)
    else:
        pattern = smooth_noise(shape, tuple(generator.uniform(1, 40, 2)), generator)
    return np.asarray(1 / (1 + np.exp(-generator.choice([1, 3, 20]) * pattern)), np.float32)


def smooth_noise(shape: Shape, scale: tuple[float, float], generator: Generator) -> Ink:
    """Return noise that is smooth over `scale` pixels, with a standard deviation of about 0.8."""
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
        across, down = generator.normal(0, 0.15 if generator.random() < 0.8 else 0.6, 2)
        factor *= np.clip(1 + across * (x / width - 0.5) + down * (y / height - 0.5), 0.2, 1.8)
    if generator.random() < 0.08:  # a vignette, or a spot of light
        away = np.hypot(x - generator.uniform(0, width), y - generator.uniform(0, height)) / generator.uniform(30, 150)
        factor *= 1 - generator.uniform(0.2, 0.9) * np.clip(away, 0, 1) ** generator.choice([2, 4])
    if generator.random() < 0.06:  # a soft shadow, as of a hand or a pen
        angle, wide = generator.uniform(0, 2 * math.pi), generator.uniform(3, 30)
        across, along = beyond(angle) / wide, beyond(angle + math.pi / 2) / (wide * generator.uniform(0.5, 8))
        factor *= 1 - generator.uniform(0.1, 0.6) * np.exp(-(across**4) - along**4)
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
