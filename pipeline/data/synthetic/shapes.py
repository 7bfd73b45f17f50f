"""Digits in the styles of several countries, letters and signs, as strokes: polylines, (points, 2).

The letters, some signs and more digits are from six Hershey fonts, in James Hurt's format (JHF). The strokes of the
other signs and digits are written down below as points x,y in percent of width and height, y downward. Such a stroke
consists of straight lines, or, if it starts with `~`, of a curve near its points. MNIST's writers are American, so its
ones have no upstroke and its zeros no slash.
"""

import functools
import string
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Stroke = NDArray[np.float64]

FOLDER = Path(__file__).parent / "hershey"
FIRST = ord(" ")  # code of the first glyph of a file; the others follow without gaps
GLYPH_HEADER = 8  # characters before a line's coordinates: number of the glyph, number of its points
ORIGIN = ord("R")  # letter of coordinate 0
PEN_UP = " R"
LETTERS = string.ascii_letters + "#$%&*+<=>@~"
# Of each font, the characters that look like digits, as O like 0.
DIGIT_LIKE = {
    "futural": "BGIOQSZbgijloqsz",
    "timesr": "BIOQSZbgijloqsz",
    "timesi": "BIOQSZbgijloqsz",
    "scripts": "BGIJOQSYZbgijloqsyz",
    "scriptc": "BGIJOQSYZbgijloqsyz",
    "cyrilc_1": "BCHOXZ$&bchoxz",  # its letters have the codes of the Latin alphabet
}

SMOOTHINGS = 3  # of Chaikin's corner cutting

OVAL = "~50,0 15,10 2,50 15,90 50,100 85,90 98,50 85,10 50,0"
BOWL = "~24,44 55,32 92,52 85,92 45,102 10,88"  # of a 5
TOP_RING = "~50,0 20,6 20,42 50,48 80,42 80,6 50,0"
LOW_RING = "~50,48 10,54 8,96 50,100 92,96 90,54 50,48"

STYLED_DIGITS = (
    ("0", f"{OVAL}"),
    ("0", f"{OVAL} | 15,95 85,5"),  # slashed
    ("0", f"{OVAL} | -5,105 105,-5"),
    ("0", f"{OVAL} | 48,48 53,53"),  # dotted
    ("0", "~75,12 35,-2 5,40 15,92 55,104 95,70 92,20 60,2 45,12"),  # open or with a loop at the top
    ("1", "50,0 50,100"),
    ("1", "36,16 52,0 52,100"),  # with upstrokes of several lengths
    ("1", "25,28 58,0 58,100"),
    ("1", "14,42 58,0 58,100"),
    ("1", "2,62 62,0 62,100"),
    ("1", "-12,82 62,0 62,100"),
    ("1", "~-10,72 20,55 50,12 62,-8 62,20 60,100"),
    ("1", "30,24 50,0 50,100 | 20,100 80,100"),  # with a foot
    ("1", "10,50 50,0 50,100 | 15,100 85,100"),
    ("2", "~12,28 20,4 55,-4 88,12 78,45 45,72 12,98 | 12,98 92,97"),
    ("2", "~14,26 30,0 72,0 84,28 60,64 22,96 6,92 18,78 45,86 70,98 96,92"),  # with a loop
    ("2", "~10,30 25,0 70,-2 86,24 68,60 30,86 10,100 12,98 50,92 90,99"),
    ("3", "~12,14 40,-4 82,8 78,40 42,48 | ~42,48 92,50 90,94 45,106 8,86"),
    ("3", "10,3 85,3 42,40 | ~42,40 92,42 94,90 50,106 8,88"),  # with a flat top
    ("3", "~10,10 50,-8 90,14 70,44 36,47 70,48 98,72 80,102 30,104 5,84"),
    ("4", "28,2 12,58 92,58 | 66,26 64,100"),  # open
    ("4", "22,4 20,50 80,50 | 78,2 78,100"),
    ("4", "66,0 4,68 96,68 | 66,0 66,100"),  # closed
    ("4", "58,0 14,56 84,50 44,104"),  # lightning
    ("4", "50,0 10,62 78,48 50,100"),
    ("5", f"26,3 24,44 | {BOWL} | 26,3 88,2"),
    ("5", f"22,10 22,44 | {BOWL} | 34,2 96,-6"),  # with a separate bar
    ("5", "85,2 28,4 22,42 | ~22,42 60,34 94,62 80,98 40,103 8,90"),
    ("5", "~86,4 50,-2 22,20 34,42 72,52 88,76 60,104 10,92"),
    ("6", "~68,0 30,26 6,64 20,98 62,104 84,78 66,56 30,60 10,78"),
    ("6", "~60,0 20,22 -4,62 14,102 70,106 102,70 78,36 30,42 2,70"),  # with a large loop
    ("6", "~78,6 42,-4 8,40 6,84 46,106 84,88 78,56 42,50 12,72"),
    ("7", "8,4 90,4 42,100"),
    ("7", "8,4 90,4 42,100 | 28,52 80,50"),  # crossed
    ("7", "~8,8 40,2 96,-2 70,40 52,70 46,102 | 30,50 84,46"),
    ("7", "8,26 10,4 90,4 40,100"),  # with a serif
    ("7", "6,24 8,4 90,4 40,100 | 26,54 78,50"),
    ("8", f"{TOP_RING} | {LOW_RING}"),  # two circles
    ("8", "~76,14 40,-6 12,18 40,44 84,66 84,98 46,106 10,92 14,64 54,46 84,24 76,10"),
    ("8", "~86,8 50,-4 16,12 30,38 70,58 92,82 58,104 12,96 16,66 60,42 92,6"),
    ("9", "~82,16 50,-6 12,14 18,46 56,54 82,22 | 83,8 80,100"),  # straight
    ("9", "~80,18 46,-6 10,18 22,50 62,48 82,20 | ~82,12 88,60 72,100 34,104 12,92"),  # hooked
    ("9", "~86,18 50,-8 8,14 12,48 60,54 86,18 80,60 46,102"),
)

SIGNS = (
    "~50,30 32,2 2,10 4,44 50,100 | ~50,30 68,2 98,10 96,44 50,100",  # heart
    "0,50 100,50 | 68,22 100,50 68,78",  # arrows
    "50,100 50,0 | 22,32 50,0 78,32",
    "0,100 100,0 | 55,0 100,0 100,45",
    "~8,26 30,0 74,2 84,30 52,48 50,70 | 49,92 52,95",  # question mark
    "50,0 50,68 | 49,94 52,97",  # exclamation mark
    f"{OVAL} | 32,34 34,38 | 66,34 68,38 | ~24,62 40,80 60,80 76,62",  # faces
    f"{OVAL} | 34,34 36,38 | 64,34 66,38 | 28,72 72,72",
    f"{OVAL} | ~26,36 32,28 40,36 | ~60,36 68,28 74,36 | ~24,60 36,84 64,84 76,60 24,60",
    f"{OVAL} | 34,32 34,40 | 66,32 66,40 | 50,46 46,58 52,58 | ~28,80 40,68 60,68 72,80",
    f"{OVAL} | ~28,30 42,30 42,42 28,42 28,30 | ~58,30 72,30 72,42 58,42 58,30 | ~36,72 50,62 64,72 50,82 36,72",
    f"{OVAL} | 0,50 100,50 | 50,0 50,100",  # a wheel, a target, the signs of Mars and Venus
    f"{OVAL} | ~50,30 32,40 32,60 50,70 68,60 68,40 50,30",
    "~50,0 20,8 14,32 24,56 50,64 76,56 86,32 80,8 50,0 | 50,64 50,110 | 30,86 70,86",
    "~40,30 10,38 2,64 12,92 40,100 68,92 78,64 68,38 40,30 | 62,40 100,0 | 72,0 100,0 100,28",
    "~50,30 36,36 30,50 36,64 50,70 64,64 70,50 64,36 50,30 | 50,0 50,18 | 50,82 50,100 | 0,50 18,50 | 82,50 100,50",
    "~50,36 36,10 50,-6 64,10 50,36 80,30 96,46 78,60 50,44 64,76 50,92 38,76 50,44 20,60 4,46 20,30 50,36",  # flower
    "~50,0 34,6 34,22 50,28 66,22 66,6 50,0 | 50,28 50,66 26,100 | 50,66 74,100 | 20,44 80,44",  # a person
    "~16,60 0,44 16,26 30,30 44,6 70,14 76,32 98,36 96,60 16,60",  # cloud
    "56,0 16,56 46,56 34,100 86,40 54,40 76,0 56,0",  # lightning
    "50,0 84,40 62,40 94,76 6,76 38,40 16,40 50,0 | 50,76 50,100",  # tree
    "~0,50 30,18 70,22 100,70 | ~0,50 30,82 70,78 100,30 | 22,44 26,46",  # fish
    "~50,50 56,44 62,54 48,64 36,50 48,32 72,38 78,62 50,82 20,60 24,26 56,10 96,30",  # spiral
    "~50,34 38,0 10,6 16,36 50,50 84,36 90,6 62,0 50,34 | ~50,50 20,54 16,86 46,80 50,50 54,80 84,86 80,54 50,50",
    "20,0 20,100 80,100 80,0 20,0 | 20,50 80,50 | 50,0 50,100",  # a window
    "0,20 50,62 100,20 100,90 0,90 0,20 100,20",  # an envelope
    "~0,70 12,56 20,74 30,56 40,74 50,56 60,74 72,56 84,74 100,58",  # a wavy line
    "10,40 50,0 90,40 90,100 10,100 10,40 | 40,100 40,66 60,66 60,100",  # houses
    "0,42 50,0 100,42 | 12,36 12,100 88,100 88,36",
    "0,0 100,100 | 0,100 100,0",  # crosses
    "50,0 50,100 | 0,50 100,50",
    "50,0 50,100 | 20,30 80,30",
    "0,55 35,100 100,0",  # check mark
    "30,0 20,100 | 76,0 66,100 | 0,34 100,30 | 0,70 98,66",  # number sign
    "~88,18 50,-4 20,30 18,70 48,104 88,84 | 2,40 66,40 | 0,60 62,60",  # euro sign
    "~84,14 44,-2 14,24 50,48 86,70 58,102 12,88 | 50,-10 50,110",  # dollar sign
    "50,0 64,36 100,38 72,60 82,98 50,76 18,98 28,60 0,38 36,36 50,0",  # star
    "0,0 100,0 100,100 0,100 0,0",  # square
    "50,0 100,100 0,100 50,0",  # triangle
    "0,30 100,30 | 0,70 100,70",  # equals sign
    "~60,0 30,30 30,70 60,100",  # brackets
    "~40,0 70,30 70,70 40,100",
    "70,0 30,100",  # slash
    "~0,60 20,10 30,80 50,20 60,90 75,40 100,70",  # signatures
    "~0,70 10,0 22,100 34,40 46,90 58,45 66,85 78,50 88,80 120,40 60,30",
    "~0,50 25,0 40,100 60,30 70,80 100,40 140,60",
    "~50,10 40,60 10,90 30,100 50,50 90,20 70,70 100,90",
)


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
    return [_parse_font(font)[ord(character) - FIRST] for character in text]


def load_digits() -> list[list[list[Stroke]]]:
    """Return the strokes of the ten digits of each font."""
    return [load_letters(font, string.digits) for font in DIGIT_LIKE]


@functools.cache
def _parse_font(font: str) -> list[list[Stroke]]:
    """Parse a file: one glyph a line, each coordinate a letter."""
    glyphs = []
    for line in (FOLDER / f"{font}.jhf").read_text(encoding="ascii").splitlines():
        pairs = [
            line[i : i + 2] for i in range(GLYPH_HEADER + 2, len(line), 2)
        ]  # the first pair: left and right margin
        strokes = "\n".join(pairs).replace(PEN_UP, "").split("\n\n")
        lines = [[[ord(letter) - ORIGIN for letter in pair] for pair in stroke.split()] for stroke in strokes]
        glyphs.append([np.array(points, float) for points in lines if points])
    return glyphs


@functools.cache
def parse_shape(text: str) -> tuple[Stroke, ...]:
    """Return the strokes of a shape, each (points, 2) in units of its height."""
    return tuple(_parse_stroke(part.strip()) for part in text.split("|"))


def _parse_stroke(text: str) -> Stroke:
    points = np.array([point.split(",") for point in text.removeprefix("~").split()], float) / 100
    return cut_corners(points) if text.startswith("~") else points


def cut_corners(points: Stroke) -> Stroke:
    """Return the curve to which cutting the corners of a polyline converges.  (Chaikin 1974)"""
    for _ in range(SMOOTHINGS):
        start, stop = points[:-1], points[1:]
        cut = np.stack([0.75 * start + 0.25 * stop, 0.25 * start + 0.75 * stop], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut, points[-1:]])
    return points
