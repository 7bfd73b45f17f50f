"""Letters and signs as strokes: six Hershey fonts, in James Hurt's format (JHF)."""

import functools
import string
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "hershey"
FIRST = ord(" ")  # code of the first glyph of a file; the others follow without gaps
HEADER = 8  # characters before a line's coordinates: number of the glyph, number of its points
ORIGIN = ord("R")  # letter of coordinate 0
PEN_UP = " R"

SIGNS = "#$%&*+<=>@~"
LETTERS = string.ascii_letters + SIGNS
# Of each font, the characters that look like digits, as O like 0.
DIGIT_LIKE = {
    "futural": "BGIOQSZbgijloqsz",
    "timesr": "BIOQSZbgijloqsz",
    "timesi": "BIOQSZbgijloqsz",
    "scripts": "BGIJOQSYZbgijloqsyz",
    "scriptc": "BGIJOQSYZbgijloqsyz",
    "cyrilc_1": "BCHOXZ$&bchoxz",  # its letters have the codes of the Latin alphabet
}

Stroke = NDArray[np.float64]


def load_glyphs() -> list[list[Stroke]]:
    """Return the strokes of all letters and signs that do not look like a digit.

    A stroke is a polyline, (points, 2): x to the right, y downward, in units of the font.
    """
    return [
        glyph
        for font, left_out in DIGIT_LIKE.items()
        for glyph in load_letters(font, "".join(character for character in LETTERS if character not in left_out))
    ]


def load_letters(font: str, text: str) -> list[list[Stroke]]:
    """Return the strokes of each character of a text, of one of the fonts in DIGIT_LIKE."""
    return [_parse(font)[ord(character) - FIRST] for character in text]


def load_digits() -> list[list[list[Stroke]]]:
    """Return the strokes of the ten digits of each font."""
    return [load_letters(font, string.digits) for font in DIGIT_LIKE]


@functools.cache
def _parse(font: str) -> list[list[Stroke]]:
    """Parse a file: one glyph a line, each coordinate a letter."""
    glyphs = []
    for line in (FOLDER / f"{font}.jhf").read_text(encoding="ascii").splitlines():
        pairs = [line[i : i + 2] for i in range(HEADER + 2, len(line), 2)]  # the first pair: left and right margin
        strokes = "\n".join(pairs).replace(PEN_UP, "").split("\n\n")
        lines = [[[ord(letter) - ORIGIN for letter in pair] for pair in stroke.split()] for stroke in strokes]
        glyphs.append([np.array(points, float) for points in lines if points])
    return glyphs
