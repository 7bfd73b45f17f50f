"""Text in a font, in print or as written by hand, with its place on the line of writing."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.data.ink import to_ink
from pipeline.reader_training.synthesis.signs import FONT_FOLDERS, Generator, Ink, crop

EM = 56  # pixels: size at which text is drawn; its digits are about twice as high as those of a line image
HELD_OUT = 10  # one in so many fonts is for validation
MISSING = "\uffff"  # no font has this character
FRAMED_INK = 0.3  # least ink in the first and the last row of lettering, relative to its most
RENDERED = 20_000  # texts that a process keeps
# How a hand deviates from a font, if no two of its letters are the same.
LETTER_SIZES = 0.85, 0.92, 1.0, 1.08, 1.16  # of a letter, relative to its font
ADVANCE = 0.8, 1.15  # range of the mean distance of the letters of a word, relative to the font
OWN_ADVANCE, UP = 0.07, 0.06  # standard deviations: of the distance of a letter; of its height, in heights of a digit
WAVES, BEND = (1.2, 4.0), 0.07  # lengths of the waves, in heights of a digit; largest height, relative to the length
BENDS = 2  # waves along each axis


@dataclass(frozen=True, eq=False)
class Lettering:
    """Drawn text. middle: of its ink, below the line. size: its longer side. Both are in heights of a digit."""

    ink: Ink
    middle: float
    size: float


def frame(ink: Ink, foot: float, height: float) -> Lettering:
    """Return ink, cropped, as lettering. foot: row of the line of writing. height: of a digit, in pixels."""
    rows = np.flatnonzero((ink >= FRAMED_INK * ink.max()).any(axis=1))
    cropped = crop(ink)
    middle = ((rows[0] + rows[-1] + 1) / 2 - foot) / height
    return Lettering(cropped, float(middle), max(cropped.shape) / height)


def list_fonts(kind: str, folder: Path | None = None) -> tuple[Path, ...]:
    """Return the font files of a kind, including those in `folder`, sorted by name."""
    folders = [FONT_FOLDERS[kind], folder] if folder else [FONT_FOLDERS[kind]]
    return tuple(sorted((path for each in folders for path in each.glob("*.woff")), key=lambda path: path.name))


def split_fonts(fonts: Sequence[Path], held_out: bool) -> tuple[Path, ...]:
    """Return the fonts that are only for validation, or the others."""
    return tuple(font for index, font in enumerate(fonts) if (index % HELD_OUT == 0) == held_out)


@functools.cache
def load_font(path: Path, size: int = EM) -> Any:
    """Return the font in a file. size: in pixels."""
    return ImageFont.truetype(path, size)


@functools.cache
def find_digit_height(path: Path) -> float:
    """Return the height of the digits of a font, in pixels."""
    _, top, _, bottom = load_font(path).getbbox("8", anchor="ls")
    return float(bottom - top)


@functools.cache
def find_x_height(path: Path) -> float:
    """Return the height of a small x of a font, in heights of a digit."""
    _, top, _, bottom = load_font(path).getbbox("x", anchor="ls")
    return float(bottom - top) / find_digit_height(path)


def covers(path: Path, text: str) -> bool:
    """Return whether a font has all characters of a text."""
    return all(_has(path, character) for character in set(text))


@functools.cache
def _has(path: Path, character: str) -> bool:
    drawn, missing = (load_font(path).getmask(each) for each in (character, MISSING))
    return drawn.getbbox() is not None and (drawn.size != missing.size or bytes(drawn) != bytes(missing))


@functools.lru_cache(RENDERED)
def draw_lettering(path: Path, text: str, pen: int) -> Lettering:
    """Draw text in a font that covers it. pen: pixels by which strokes are wider, on each side."""
    font, height = load_font(path), find_digit_height(path)
    left, top, right, bottom = font.getbbox(text, anchor="ls", stroke_width=pen)
    sheet = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    ImageDraw.Draw(sheet).text((1 - left, 1 - top), text, 255, font, anchor="ls", stroke_width=pen)
    ink = to_ink(np.asarray(sheet))
    return Lettering(ink, (top + bottom) / 2 / height, max(right - left, bottom - top) / height)


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
        own = load_font(path, round(EM * LETTER_SIZES[size]))
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
