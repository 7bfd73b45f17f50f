"""Compose a training picture: rows of digits with known centres on imperfect paper."""

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pipeline.composition.lines import draw_lines
from pipeline.composition.paper import bleed_through, light, smooth_noise, texture, write_words
from pipeline.composition.signs import Generator, Glyphs, Ink
from pipeline.composition.writing import NOTHING, Placed, write_rows
from pipeline.data.contrast import add_margin

HEIGHT, WIDTH = 96, 160  # pixels of a picture
COLUMNS = ("label", "y", "x", "size", "visible")  # centre, longer side in pixels; part within the picture in [0, 1]
MAX_DIGITS = 64  # of a picture
NO_DIGIT = -1
# Shares of pictures with lines, words, writing of the other side, the grain of a pencil, and without digits.
LINES, WORDS, BLEED, GRAIN, EMPTY = 0.5, 0.6, 0.07, 0.15, 0.16
TEXTURE, TEXT = 0.3, 0.8  # of the pictures without digits


def compose(glyphs: Glyphs, generator: Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a picture, uint8 (HEIGHT, WIDTH), dark on light, and its digits; see `list_digits`."""
    shape = HEIGHT, WIDTH
    empty = generator.random() < EMPTY
    if empty:
        ink, placed = np.zeros(shape, np.float32), list[Placed]()
        if generator.random() < TEXTURE:
            ink = texture(shape, generator) * np.float32(generator.uniform(0.05, 1))
    else:
        ink, placed = write_rows(glyphs, shape, generator)
    if generator.random() < GRAIN:
        grain = 1 + generator.uniform(0.1, 0.6) * smooth_noise(shape, (1.2, 1.2), generator)
        ink = ink * np.clip(grain, 0, 1.2)
    if generator.random() < LINES:
        ink = np.maximum(ink, draw_lines(shape, placed, generator))
    if glyphs.has_digits and generator.random() < (TEXT if empty else WORDS):
        write_words(ink, glyphs, placed, generator)
    if generator.random() < BLEED:
        ink = np.maximum(ink, bleed_through(shape, glyphs, generator))
    levels, window = cut_margins(expose(ink, generator), placed, generator)
    return levels, list_digits(placed, window)


def expose(ink: Ink, generator: Generator) -> Ink:
    """Return grey levels: ink on paper in some light, as a camera or a scanner takes them."""
    shape = ink.shape
    paper = generator.uniform(60, 250)
    contrast = (
        paper * generator.uniform(0.5, 0.95) if generator.random() < 0.7 else paper * generator.uniform(0.07, 0.5)
    )
    grey = (paper - contrast * ink) * light(shape, generator)
    if generator.random() < 0.04:  # the edge of a sheet, or of a scan
        side, wide = generator.integers(4), int(generator.integers(1, 30))
        edge = np.s_[:wide], np.s_[-wide:], np.s_[:, :wide], np.s_[:, -wide:]
        grey[edge[side]] = generator.uniform(0, 255)
    if generator.random() < 0.55:
        sigma = generator.choice([generator.uniform(0.3, 0.9), generator.uniform(0.6, 2.0)])
        grey = ndimage.gaussian_filter(grey, sigma)
    elif generator.random() < 0.15:  # a camera that moves
        grey = ndimage.uniform_filter1d(grey, int(generator.integers(2, 7)), axis=int(generator.integers(2)))
    if generator.random() < 0.1:  # few pixels
        factor = generator.uniform(1.3, 2.7)
        small = Image.fromarray(grey).resize((round(shape[1] / factor), round(shape[0] / factor)), Image.Resampling.BOX)
        kind = generator.choice([Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC])
        grey = np.asarray(small.resize((shape[1], shape[0]), Image.Resampling(kind)))
    if generator.random() < 0.65:
        noise = math.exp(generator.uniform(math.log(0.5), math.log(0.3 * contrast + 0.6)))
        scale = 1 if generator.random() < 0.6 else generator.uniform(1, 4)
        grey = grey + noise / math.sqrt(scale) * smooth_noise(shape, (scale, scale), generator)
    if generator.random() < 0.25:
        grey = compress(grey, int(generator.integers(12, 70)))
    return grey


def to_levels(grey: Ink) -> NDArray[np.uint8]:
    """Return the grey levels as integers."""
    return np.clip(grey, 0, 255).astype(np.uint8)


def compress(grey: Ink, quality: int) -> Ink:
    """Return the grey levels after JPEG compression."""
    file = io.BytesIO()
    Image.fromarray(to_levels(grey)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.float32)


def cut_margins(
    grey: Ink, placed: Sequence[Placed], generator: Generator
) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
    """Cut off the margins of some pictures, and replace them as reading does beyond the edges of a picture.

    Also return the left, top, right and bottom of what remains.
    """
    height, width = grey.shape
    start, end = np.zeros(2, int), np.array([width, height])
    if generator.random() < 0.35:
        boxes = np.array([each.box for each in placed]).reshape(-1, 4)
        tight = generator.random() < 0.55 and len(boxes) > 0
        sides = generator.random(4) < 0.7
        edges = [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)] if tight else [0, 0, width, height]
        gaps = generator.uniform(-2, 6, 4) if tight else -generator.uniform(0, 30, 4)  # from the edges outwards
        start = np.where(sides[:2], np.clip(edges[:2] - gaps[:2], 0, 60), 0).astype(int)
        end = np.where(sides[2:], np.clip(edges[2:] + gaps[2:], start + 12, end), end).astype(int)
    (left, top), (right, bottom) = start.tolist(), end.tolist()
    levels = to_levels(grey)
    inner = levels[top:bottom, left:right]
    if inner.size < levels.size:
        levels = add_margin(inner, top, height - bottom, left, width - right)
    return levels, (left, top, right, bottom)


def list_digits(placed: Sequence[Placed], window: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Return the digits of a picture as an array, (MAX_DIGITS, 5), with the columns COLUMNS; unused rows are NO_DIGIT.

    window: left, top, right and bottom of the part of the sheet that the picture shows.
    """
    left, top, right, bottom = window
    rows = []
    for each in placed:
        x, y, x_end, y_end = each.box
        inside = max(0, min(x_end, right) - max(x, left)) * max(0, min(y_end, bottom) - max(y, top))
        visible = inside / ((x_end - x) * (y_end - y))
        if each.label != NOTHING and visible > 0:
            rows.append((each.label, each.y, each.x, each.size, visible))
    digits = np.full((MAX_DIGITS, len(COLUMNS)), NO_DIGIT, np.float32)
    digits[: len(rows)] = np.reshape(rows[:MAX_DIGITS], (-1, len(COLUMNS)))
    return digits
