"""Compose a training strip: a line of writing in local contrast, with marks of what it says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.pictures.contrast import add_margin, local_contrast
from pipeline.reader.composition.hands import Hands
from pipeline.reader.composition.legibility import measure_legibility, view
from pipeline.reader.composition.lettering import covers, draw_lettering, list_faces
from pipeline.reader.composition.line_text import SIGN, Token, make_line, make_words, tokenize
from pipeline.reader.composition.line_writing import Line, write_cells, write_line
from pipeline.reader.composition.number_text import MOST, make_number
from pipeline.reader.composition.number_writing import NOTHING, Piece, Style, choose_style
from pipeline.reader.composition.paper import bleed_through, expose, paste, smooth_noise, texture, to_levels
from pipeline.reader.composition.scenes import draw_scene
from pipeline.reader.composition.signs import Generator, Ink, SourceImages, choose, choose_hand, write
from pipeline.reader.composition.surroundings import surround
from pipeline.reader.composition.transcript import list_digits, make_marks
from pipeline.reader.rows.marks import OUTER, SHEET, SIDE, WIDTH, encode_contrast

# Pixels from the ends of what a network sees up to which there are digits, so that they are not stretched beyond it.
REACH = 16
ROOM = WIDTH - 2 * REACH
SIZES = 13.6, 27.6  # pixels: longer side of the digits; that of most is about 19
OFF_CENTRE, SLOPE = 2.2, 0.025  # standard deviations of the height of a line, in pixels, and of its slope
KINDS = {  # shares
    "digits": 0.19,
    "line": 0.35,
    "cells": 0.09,
    "words": 0.13,
    "another size": 0.12,
    "texture": 0.03,
    "scene": 0.08,
    "nothing": 0.01,
}
# A strip of another size shows writing as a search meets it at the wrong size: parts of what is larger, or lines of
# what is smaller. Sizes are relative to those that are read there.
LARGER, SMALLER, MOST_LARGER = (2.2, 5.0), (0.25, 0.42), 0.75
BEYOND = 60  # pixels of the page of another size beyond each edge of the strip
LIKE_DIGIT, PART_SIZES = 0.6, (8, 28)  # share of them with a part like a digit in the middle, and its longer side
COMBS = 0.1  # share of the lines of numbers in boxes
MOST_CELLS = 9  # numbers in a row of cells
MOST_WORDS = 8  # groups of words in a line without a number
TABLES = 0.3  # share of the rows of cells with any numbers, such as dates, times and amounts
EVEN_LENGTHS = 0.6  # share of the strips with only digits whose numbers have each length equally often
TWO = 0.4  # share of the strips with only digits that have two numbers
NEIGHBOURS, PITCHES = 0.6, (1.1, 1.8)  # probability of a line above, and of one below; how far, in sizes
NEIGHBOUR_ROOM = 130  # pixels of its digits
NEIGHBOUR_KINDS = {"line": 0.6, "digits": 0.2, "words": 0.2}
# Of a strip of words: probability that the lines above and below have only words, too; otherwise NEIGHBOUR_KINDS
# decides.
TEXT = 0.7
BLEED, GRAIN = 0.07, 0.15  # shares of the strips with writing of the other side, and with the grain of a pencil
CUT = {"digits": 0.45, "line": 0.1}  # share of the strips of a kind that show the edges of a picture
SIDES_CUT = 0.8  # share of the sides that are such edges
TIGHT_SHARE, TIGHT, NARROW = 0.6, (-2, 6), (4, 24)  # pixels from the ink to the edges
BACKDROPS = {"texture": texture, "scene": draw_scene}
SMALL_PRINT, PRINT_SIZE, PRINT_AWAY = 0.15, (0.3, 0.65), (0.75, 1.4)  # share of strips with it; in sizes of the digits
PRINT = list_faces("print")
LEGIBLE = 1.9  # of each sign: chosen by eye


@dataclass(frozen=True, eq=False)
class Composed:
    """A strip, its marks, its kind, and how well its least legible digit is seen.

    levels: uint8, SHEET. marks: float32 (MAX_MARKS, 3). digits: float32
    (MAX_DIGITS, 5), those of the lines above and below included.
    """

    levels: NDArray[np.uint8]
    marks: NDArray[np.float32]
    digits: NDArray[np.float32]
    kind: str
    legibility: float


def compose_strip(
    source: SourceImages, faces: Sequence[Path], generator: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Return a strip, its marks and its digits; see `pipeline.reader.rows.marks`.

    faces: files of handwriting. A strip with a digit in its middle line that nobody could read is composed anew.
    """
    while True:
        composed = compose_any(source, faces, generator)
        if composed.legibility >= LEGIBLE:
            return composed.levels, composed.marks, composed.digits


def compose_any(source: SourceImages, faces: Sequence[Path], generator: Generator) -> Composed:
    """Compose a strip, legible or not."""
    kind = choose(KINDS, generator)
    hands = Hands(source, {"script": faces, "print": PRINT}, generator)
    size = math.exp(generator.uniform(*np.log(SIZES)))
    hand = replace(choose_hand(generator), angle=generator.normal(0, SLOPE))
    middle = SHEET[0] / 2 + generator.normal(0, OFF_CENTRE)
    style = choose_style(hand, size, generator.random() < COMBS, generator)
    if kind == "cells":
        line = write_cells(make_cells(source, generator), style, hands, ROOM, generator)
    else:
        line = write_line(make_tokens(kind, source, generator), style, hands, ROOM, generator)
    line = place(line, _choose_start(line, generator), middle, hand.angle)
    pieces, writing, others = [*line.pieces], np.zeros(SHEET, np.float32), np.zeros(SHEET, np.float32)
    if kind == "another size":
        _write_in_another_size(others, style, hands, source, generator)
    if kind in BACKDROPS:
        others += BACKDROPS[kind](SHEET, generator) * np.float32(generator.uniform(0.2, 1))
    for piece in line.pieces:
        paste(writing, piece.ink, piece.top, piece.left)
    sides = [side for side in (-1, 1) if generator.random() < NEIGHBOURS]
    if sides:  # the same line above and below, elsewhere: it takes a third of the time
        of_text = kind == "words" and generator.random() < TEXT
        tokens = make_tokens("words" if of_text else choose(NEIGHBOUR_KINDS, generator), source, generator)
        neighbour = write_line(tokens, replace(style, pitch=0), hands, NEIGHBOUR_ROOM, generator)
        for side in sides:
            away = middle + side * size * generator.uniform(*PITCHES)
            for piece in place(neighbour, generator.uniform(-60, 180), away, hand.angle).pieces:
                paste(others, piece.ink, piece.top, piece.left)
                pieces.append(piece)
    if generator.random() < SMALL_PRINT:
        _print_beside(others, style, middle, hands, generator)
    np.maximum(others, surround(line, style, middle, generator), out=others)
    if generator.random() < BLEED:
        np.maximum(others, bleed_through(SHEET, source, generator), out=others)
    if generator.random() < GRAIN:
        grain = np.clip(1 + generator.uniform(0.1, 0.6) * smooth_noise(SHEET, (1.2, 1.2), generator), 0, 1.2)
        writing, others = writing * grain, others * grain
    levels = to_levels(expose(np.maximum(writing, others), generator))
    left, top, right, bottom = window = choose_window(line, kind, generator)
    levels = continue_beyond(levels, window)
    outside = np.ones(SHEET, bool)
    outside[top:bottom, left:right] = False
    others[outside] = 1  # there is neither writing nor paper
    contrast = local_contrast(levels)
    strip = view(*(each[OUTER:-OUTER] for each in (contrast, writing, others)))
    seen = [
        measure_legibility(strip, piece.ink, piece.top - OUTER, piece.left, not piece.is_digit)
        for piece in line.pieces
        if piece.symbol != NOTHING
    ]
    marks = make_marks(line.pieces, len(source.class_names), left, right)
    digits = list_digits([piece for piece in pieces if piece.is_digit], window)
    return Composed(encode_contrast(contrast), marks, digits, kind, min(seen, default=math.inf))


def make_tokens(kind: str, source: SourceImages, generator: Generator) -> list[Token]:
    """Return what a line of a kind says.

    Classes that are not the ten digits have no separators, and only signs without a name beside them.
    """
    if kind == "line":
        text = make_line(generator)
    elif kind == "words":
        text = " ".join(make_words(generator) for _ in range(generator.integers(1, MOST_WORDS + 1)))
    elif kind == "digits":
        count = 2 if generator.random() < TWO else 1
        most = int(generator.integers(1, MOST + 1)) if generator.random() < EVEN_LENGTHS else None
        text = " ".join(make_number(generator, most) for _ in range(count))
    else:
        text = ""
    tokens = tokenize(text)
    if source.has_digits:
        return tokens
    plain = ("".join(filter(str.isdigit, each.text)) if each.is_number else SIGN for each in tokens)
    return [replace(each, text=text) for each, text in zip(tokens, plain, strict=True)]


def make_cells(source: SourceImages, generator: Generator) -> list[str]:
    """Return the numbers of a row of cells: single digits, numbers of up to so many digits, or any numbers."""
    most = int(generator.choice([1, 1, 1, 2, 2, 3, 5]))
    counts = generator.integers(1, most + 1, MOST_CELLS).tolist()
    if not source.has_digits:
        return ["0" * count for count in counts]
    of_a_table = generator.random() < TABLES
    return [make_number(generator, None if of_a_table else count) for count in counts]


def _write_in_another_size(sheet: Ink, style: Style, hands: Hands, source: SourceImages, generator: Generator) -> None:
    """Write lines that are too large or too small to be read in this strip, so that it says nothing."""
    size = style.size * math.exp(generator.uniform(*np.log(LARGER if generator.random() < MOST_LARGER else SMALLER)))
    style = replace(style, size=size, pitch=0, spacing="apart")
    page = np.zeros([length + 2 * BEYOND for length in sheet.shape], np.float32)
    top = generator.uniform(-size / 2, size)
    while top < page.shape[0] + size / 2:
        tokens = make_tokens(str(generator.choice(["line", "words"])), source, generator)
        written = write_line(tokens, style, hands, page.shape[1], generator)
        for piece in place(written, generator.uniform(-8 * size, page.shape[1] / 2), top, style.hand.angle).pieces:
            paste(page, piece.ink, piece.top, piece.left)
        top += size * generator.uniform(1.2, 2)
    down, right = _find_like_digit(page, generator) if generator.random() < LIKE_DIGIT else (BEYOND, BEYOND)
    np.maximum(sheet, page[down : down + sheet.shape[0], right : right + sheet.shape[1]], out=sheet)


def _find_like_digit(page: Ink, generator: Generator) -> tuple[int, int]:
    """Return the top and the left of a sheet of the page in whose middle there is a part of the size of a digit.

    The search looks at such parts, for instance at the dot of a large i.
    """
    boxes = ndimage.find_objects(ndimage.label(page > 0.3)[0])
    sizes = np.array([max(each.stop - each.start for each in box) for box in boxes], int)
    centres = np.array([[(each.start + each.stop) / 2 for each in box] for box in boxes]).reshape(-1, 2)
    room = np.array(page.shape) - SHEET
    low, high = np.array(SHEET) / 2, np.array(SHEET) / 2 + room
    inside = ((centres >= low) & (centres <= high)).all(axis=1)
    found = np.flatnonzero(inside & (sizes >= PART_SIZES[0]) & (sizes <= PART_SIZES[1]))
    if not found.size:
        return BEYOND, BEYOND
    centre = centres[found[generator.integers(found.size)]] + generator.normal(0, (OFF_CENTRE, WIDTH / 4))
    down, right = np.clip(np.rint(centre - low), 0, room).astype(int).tolist()
    return down, right


def _print_beside(sheet: Ink, style: Style, middle: float, hands: Hands, generator: Generator) -> None:
    """Print small words above or below the line, as forms have them."""
    face = PRINT[generator.integers(len(PRINT))]
    size, left = style.size * generator.uniform(*PRINT_SIZE), generator.uniform(-80, SHEET[1] - 60)
    away = generator.choice([-1, 1]) * style.size * generator.uniform(*PRINT_AWAY)
    for _ in range(generator.integers(1, 5)):
        word = make_words(generator)
        if not covers(face, word):
            continue
        drawn = draw_lettering(face, word, int(generator.integers(2)))
        ink = write(drawn.ink, max(drawn.size * size, 4), replace(style.hand, shear=0.0, outline=False), generator)
        paste(sheet, ink, round(middle + away - ink.shape[0] / 2), round(left))
        left += ink.shape[1] + 0.5 * size


def _choose_start(line: Line, generator: Generator) -> float:
    """Return where on the sheet a line starts: its digits are REACH from the ends of the strip, its words anywhere."""
    if line.digits:
        low, high = SIDE + REACH - line.digits[0].left, SIDE + WIDTH - REACH - max(each.right for each in line.digits)
        return float(generator.integers(min(low, high), high + 1))
    return float(SIDE + generator.uniform(0, 1) * WIDTH - max((each.right for each in line.pieces), default=0) / 2)


def place(line: Line, start: float, middle: float, slope: float) -> Line:
    """Return a line on the sheet: its start, its height in the middle of the sheet, and its slope."""

    def move(piece: Piece) -> Piece:
        left = piece.left + round(start)
        down = slope * (left + piece.ink.shape[1] / 2 - SHEET[1] / 2)
        return replace(piece, left=left, top=round(piece.top + middle + down))

    combs = [replace(comb, left=comb.left + round(start)) for comb in line.combs]
    return Line([move(piece) for piece in line.pieces], combs, [rule + round(start) for rule in line.rules])


def choose_window(line: Line, kind: str, generator: Generator) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the part of the sheet that the picture shows."""
    height, width = SHEET
    if not line.pieces or generator.random() >= CUT.get(kind, 0):
        return 0, 0, width, height
    boxes = np.array([piece.box for piece in line.pieces])
    low, high = TIGHT if generator.random() < TIGHT_SHARE else NARROW
    edges = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    low = max(low, -(edges[2:] - edges[:2]).min() / 4)  # a half of a thin sign stays
    edges = edges + (-1, -1, 1, 1) * generator.uniform(low, high, 4)
    shown = np.where(generator.random(4) < SIDES_CUT, edges, (0, 0, width, height))
    left, top, right, bottom = np.clip(np.rint(shown), 0, (width, height, width, height)).astype(int).tolist()
    return left, top, right, bottom


def continue_beyond(levels: NDArray[np.uint8], window: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Return the part of a picture within a window, with margins as reading adds them beyond the edges of a picture."""
    (height, width), (left, top, right, bottom) = levels.shape, window
    if window == (0, 0, width, height):
        return levels
    return add_margin(levels[top:bottom, left:right], top, height - bottom, left, width - right)
