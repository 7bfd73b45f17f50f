"""Synthesise a training line image: a line of writing in local contrast, with labels of what it says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.pictures.contrast import add_margin, local_contrast
from pipeline.reader.rows.labels import LINE_IMAGE_WIDTH, OUTER, SHEET, SIDE, encode_contrast
from pipeline.reader_training.synthesis.another_size import write_in_another_size
from pipeline.reader_training.synthesis.habits import HABITS
from pipeline.reader_training.synthesis.hands import Hands
from pipeline.reader_training.synthesis.legibility import measure_legibility, measure_visibility
from pipeline.reader_training.synthesis.lettering import covers, draw_lettering, list_fonts
from pipeline.reader_training.synthesis.line_text import make_cells, make_signs, make_tokens, make_wide_row
from pipeline.reader_training.synthesis.line_writing import OFF_CENTRE, Line, place, write_line
from pipeline.reader_training.synthesis.number_writing import NOTHING, Style, choose_style
from pipeline.reader_training.synthesis.paper import bleed_through, expose, paste, smooth_noise, texture, to_levels
from pipeline.reader_training.synthesis.row_writing import write_cells, write_wide_row
from pipeline.reader_training.synthesis.scenes import draw_scene
from pipeline.reader_training.synthesis.signs import Generator, Ink, SourceImages, choose, choose_hand, write
from pipeline.reader_training.synthesis.surroundings import draw_surroundings
from pipeline.reader_training.synthesis.transcript import make_labels, place_digits
from pipeline.reader_training.synthesis.words import make_words

# Pixels from the ends of what a network sees up to which there are digits, so that they are not stretched beyond it.
REACH = 16
LINE_ROOM = LINE_IMAGE_WIDTH - 2 * REACH
LINE_SIZES = 13.6, 27.6  # pixels: longer side of the digits; that of most is about 19
MARKER = 0.05, 0.13  # by how much the strokes of a marker are wider, in sizes
SLOPE = 0.025  # standard deviation of the slope of a line
LINE_SHARES = {  # shares
    "digits": 0.17,
    "line": 0.4,
    "wide row": 0.1,
    "cells": 0.06,
    "signs": 0.05,
    "words": 0.1,
    "another size": 0.07,
    "texture": 0.01,
    "scene": 0.03,
    "nothing": 0.01,
}
COMBS = 0.1  # share of the lines of numbers in boxes
# Probability of a line above, and of one below; the same, beside a number that may be all that a picture shows; how far
# they are, in sizes.
NEIGHBOURS, BESIDE_NUMBER, PITCHES = 0.6, 0.25, (1.1, 1.8)
NEIGHBOUR_ROOM = 130  # pixels of its digits
NEIGHBOUR_KINDS = {"line": 0.6, "digits": 0.2, "words": 0.2}
# Of a line image of words: probability that the lines above and below also have only words; otherwise NEIGHBOUR_KINDS
# decides.
TEXT_SHARE = 0.7
BLEED, GRAIN = 0.07, 0.15  # shares of the line images with writing of the other side, and with the grain of a pencil
BACKDROPS = {"texture": texture, "scene": draw_scene}
SMALL_PRINT, PRINT_SIZE, PRINT_AWAY = 0.15, (0.3, 0.65), (0.75, 1.4)  # share of lines with it; in sizes of the digits
PRINT_FONTS = list_fonts("print")
# Share of the line images of a kind that show the edges of a picture.
CUT = {"digits": 0.45, "line": 0.1, "wide row": 0.2, "words": 0.15, "signs": 0.1}
SIDES_CUT = 0.8  # share of the sides that are such edges
TIGHT_SHARE, TIGHT, NARROW_WIDTHS = 0.6, (-2, 6), (4, 24)  # pixels from the ink to the edges
LEGIBLE = 1.9  # of each sign: chosen by eye


@dataclass(frozen=True, eq=False)
class SyntheticLine:
    """A line image, its labels, its kind, and how well the least legible sign of its middle line is seen.

    levels: uint8, SHEET. labels: float32 (MAX_LABELS, 3). digits: float32 (MAX_DIGITS, 5), including those of the lines
    above and below.
    """

    levels: NDArray[np.uint8]
    labels: NDArray[np.float32]
    digits: NDArray[np.float32]
    kind: str
    legibility: float


def synthesise_line(
    source: SourceImages, fonts: Sequence[Path], generator: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Return a line image, its labels and its digits; see `pipeline.reader.rows.labels`.

    fonts: files of handwriting. A line image is synthesised again if a sign of its middle line is illegible.
    """
    while True:
        synthetic = synthesise_any(source, fonts, generator)
        if synthetic.legibility >= LEGIBLE:
            return synthetic.levels, synthetic.labels, synthetic.digits


def synthesise_any(source: SourceImages, fonts: Sequence[Path], generator: Generator) -> SyntheticLine:
    """Return a new synthetic line image, legible or not, of a random kind, size and hand."""
    kind = choose(LINE_SHARES, generator)
    hands = Hands(source, {"script": fonts, "print": PRINT_FONTS}, generator)
    size = math.exp(generator.uniform(*np.log(LINE_SIZES)))
    hand = replace(choose_hand(generator), angle=generator.normal(0, SLOPE))
    if generator.random() < HABITS.marker:
        hand = replace(hand, stroke=size * generator.uniform(*MARKER), outline=False)
    middle = SHEET[0] / 2 + generator.normal(0, OFF_CENTRE)
    style = choose_style(hand, size, generator.random() < COMBS, generator)
    rows = {"cells": make_cells, "signs": make_signs, "wide row": make_wide_row}
    if kind in rows:
        write_row = write_wide_row if kind == "wide row" else write_cells
        line = write_row(rows[kind](source, generator), style, hands, LINE_ROOM, generator)
    else:
        line = write_line(make_tokens(kind, source, generator), style, hands, LINE_ROOM, generator)
    line = place(line, _choose_start(line, generator), middle, hand.angle)
    pieces, writing, others = [*line.pieces], np.zeros(SHEET, np.float32), np.zeros(SHEET, np.float32)
    if kind == "another size":
        write_in_another_size(others, style, hands, source, generator)
    if kind in BACKDROPS:
        others += BACKDROPS[kind](SHEET, generator) * np.float32(generator.uniform(0.2, 1))
    for piece in line.pieces:
        paste(writing, piece.ink, piece.top, piece.left)
    sides = [side for side in (-1, 1) if generator.random() < (BESIDE_NUMBER if kind == "digits" else NEIGHBOURS)]
    if sides:  # the same line above and below, elsewhere: it takes a third of the time
        of_text = kind == "words" and generator.random() < TEXT_SHARE
        tokens = make_tokens("words" if of_text else choose(NEIGHBOUR_KINDS, generator), source, generator)
        neighbour = write_line(tokens, replace(style, pitch=0), hands, NEIGHBOUR_ROOM, generator)
        for side in sides:
            away = middle + side * size * generator.uniform(*PITCHES)
            for piece in place(neighbour, generator.uniform(-60, 180), away, hand.angle).pieces:
                paste(others, piece.ink, piece.top, piece.left)
                pieces.append(piece)
    if generator.random() < SMALL_PRINT:
        _print_beside(others, style, middle, hands, generator)
    np.maximum(others, draw_surroundings(line, style, middle, generator), out=others)
    if generator.random() < BLEED:
        np.maximum(others, bleed_through(SHEET, source, generator), out=others)
    if generator.random() < GRAIN:
        grain = np.clip(1 + generator.uniform(0.1, 0.6) * smooth_noise(SHEET, (1.2, 1.2), generator), 0, 1.2)
        writing, others = writing * grain, others * grain
    levels = to_levels(expose(np.maximum(writing, others), generator, hands.darkness(size)))
    left, top, right, bottom = window = choose_window(line, kind, generator)
    levels = continue_beyond(levels, window)
    outside = np.ones(SHEET, bool)
    outside[top:bottom, left:right] = False
    others[outside] = 1  # there is neither writing nor paper
    contrast = local_contrast(levels)
    line_image = measure_visibility(*(each[OUTER:-OUTER] for each in (contrast, writing, others)))
    seen = [
        measure_legibility(line_image, piece.ink, piece.top - OUTER, piece.left, not piece.is_digit)
        for piece in line.pieces
        if piece.symbol != NOTHING
    ]
    labels = make_labels(line.pieces, len(source.class_names), left, right)
    digits = place_digits([piece for piece in pieces if piece.is_digit], window)
    return SyntheticLine(encode_contrast(contrast), labels, digits, kind, min(seen, default=math.inf))


def choose_window(line: Line, kind: str, generator: Generator) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the part of the sheet that the picture shows."""
    height, width = SHEET
    if not line.pieces or generator.random() >= CUT.get(kind, 0):
        return 0, 0, width, height
    boxes = np.array([piece.box for piece in line.pieces])
    low, high = TIGHT if generator.random() < TIGHT_SHARE else NARROW_WIDTHS
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


def _print_beside(sheet: Ink, style: Style, middle: float, hands: Hands, generator: Generator) -> None:
    """Print small words above or below the line, as forms have them."""
    font = PRINT_FONTS[generator.integers(len(PRINT_FONTS))]
    size, left = style.size * generator.uniform(*PRINT_SIZE), generator.uniform(-80, SHEET[1] - 60)
    away = generator.choice([-1, 1]) * style.size * generator.uniform(*PRINT_AWAY)
    for _ in range(generator.integers(1, 5)):
        word = make_words(generator)
        if not covers(font, word):
            continue
        drawn = draw_lettering(font, word, int(generator.integers(2)))
        ink = write(drawn.ink, max(drawn.size * size, 4), replace(style.hand, shear=0.0, outline=False), generator)
        paste(sheet, ink, round(middle + away - ink.shape[0] / 2), round(left))
        left += ink.shape[1] + 0.5 * size


def _choose_start(line: Line, generator: Generator) -> float:
    """Return where on the sheet a line starts: its digits are REACH from the ends of the line, its words anywhere."""
    if line.digits:
        low = SIDE + REACH - line.digits[0].left
        high = SIDE + LINE_IMAGE_WIDTH - REACH - max(each.right for each in line.digits)
        return float(generator.integers(min(low, high), high + 1))
    length = max((each.right for each in line.pieces), default=0)
    return float(SIDE + generator.uniform(0, 1) * LINE_IMAGE_WIDTH - length / 2)
