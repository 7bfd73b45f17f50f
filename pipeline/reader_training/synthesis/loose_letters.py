"""Write a word in a font as no two people would: each letter has its own size and place, and the whole is deformed."""

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.data.ink import to_ink
from pipeline.reader_training.synthesis.lettering import EM, Lettering, find_digit_height, frame, load_font
from pipeline.reader_training.synthesis.signs import Generator, Ink

LETTER_SIZES = 0.85, 0.92, 1.0, 1.08, 1.16  # of a letter, relative to its font
ADVANCE = 0.8, 1.15  # range of the mean distance of the letters of a word, relative to the font
OWN_ADVANCE, UP = 0.07, 0.06  # standard deviations: of the distance of a letter; of its height, in heights of a digit
WAVES, BEND = (1.2, 4.0), 0.07  # lengths of the waves, in heights of a digit; largest height, relative to the length
BENDS = 2  # waves along each axis


@functools.cache
def _load(path: Path, size: int) -> Any:
    return ImageFont.truetype(path, size)


def draw_loosely(path: Path, text: str, pen: int, generator: Generator) -> Lettering:
    """Draw text in a font that covers it, letter by letter. pen: pixels by which strokes are wider, on each side."""
    height, font = find_digit_height(path), load_font(path)
    advance = generator.uniform(*ADVANCE)
    places, right = list[tuple[float, float, int]](), 0.0
    for letter in text:
        places.append((right, generator.normal(0, UP) * height, int(generator.choice(len(LETTER_SIZES)))))
        right += font.getlength(letter) * advance * math.exp(generator.normal(0, OWN_ADVANCE))
    edge = round(1.5 * height)
    sheet = Image.new("L", (int(right) + 2 * edge, 4 * edge))
    brush, foot = ImageDraw.Draw(sheet), 2.3 * edge
    for letter, (x, up, size) in zip(text, places, strict=True):
        own = _load(path, round(EM * LETTER_SIZES[size]))
        brush.text((edge + x, foot - up), letter, 255, own, anchor="ls", stroke_width=pen)
    ink = bend(to_ink(np.asarray(sheet)), height, generator)
    return frame(ink, foot, height)


def bend(ink: Ink, height: float, generator: Generator) -> Ink:
    """Return ink that is displaced by smooth waves along both axes. height: of a digit, in pixels."""
    moved = np.indices(ink.shape, np.float32)
    y, x = np.ogrid[: ink.shape[0], : ink.shape[1]]
    for axis in (0, 1):
        for _ in range(BENDS):
            length = height * math.exp(generator.uniform(*np.log(WAVES)))
            turn, phase = generator.uniform(0, math.pi), generator.uniform(0, 2 * math.pi)
            high = length * generator.uniform(0, BEND) / BENDS
            along = (np.float32(math.sin(turn)) * y + np.float32(math.cos(turn)) * x) * (2 * math.pi / length)
            moved[axis] += np.float32(high) * np.sin(along + phase, dtype=np.float32)
    rows, columns = (
        np.clip(np.rint(each), 0, side - 1).astype(int) for each, side in zip(moved, ink.shape, strict=True)
    )
    return np.asarray(ink[rows, columns])
