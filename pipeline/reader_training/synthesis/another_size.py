"""Write what a search meets at the wrong size: parts of larger writing, or lines of smaller writing.

The text of such a line image is empty. Sizes are relative to the size that is read there.
"""

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from pipeline.data.ink import to_ink
from pipeline.pictures.filters import ndimage
from pipeline.reader.rows.labels import LINE_IMAGE_HEIGHT, LINE_IMAGE_WIDTH, SHEET, SIDE
from pipeline.reader_training.synthesis.habits import HABITS
from pipeline.reader_training.synthesis.hands import Hands
from pipeline.reader_training.synthesis.line_text import make_tokens
from pipeline.reader_training.synthesis.line_writing import OFF_CENTRE, place, write_line
from pipeline.reader_training.synthesis.number_writing import Style
from pipeline.reader_training.synthesis.paper import paste
from pipeline.reader_training.synthesis.signs import FINER, Generator, Ink, SourceImages

LARGER, SMALLER, MOST_LARGER = (2.2, 5.0), (0.25, 0.42), 0.75
REACH_BEYOND = 60  # pixels of the page of another size beyond each edge of the line image
# Share of these line images with a part like a digit, and its longer side in pixels.
LIKE_DIGIT, PART_SIZES = 0.7, (8, 28)
PART_INK, INK_BESIDE, TRIES = 0.3, 30, 4  # ink; pixels of other ink in view of such a part; parts that are tried


def write_in_another_size(sheet: Ink, style: Style, hands: Hands, source: SourceImages, generator: Generator) -> None:
    """Write lines that are too large or too small to be read in this line image, so that it says nothing."""
    size = style.size * math.exp(generator.uniform(*np.log(LARGER if generator.random() < MOST_LARGER else SMALLER)))
    is_small = size < style.size
    ring_size = style.size * generator.uniform(0.8, 1.4)
    style = replace(style, size=size, pitch=0, spacing="apart")
    page = np.zeros([length + 2 * REACH_BEYOND for length in sheet.shape], np.float32)
    top = generator.uniform(-size / 2, size)
    boxes = list[tuple[int, int, int, int]]()
    while top < page.shape[0] + size / 2:
        tokens = make_tokens(str(generator.choice(["line", "words"])), source, generator)
        written = write_line(tokens, style, hands, page.shape[1], generator)
        for piece in place(written, generator.uniform(-8 * size, page.shape[1] / 2), top, style.hand.angle).pieces:
            paste(page, piece.ink, piece.top, piece.left)
            boxes.append(piece.box)
        top += size * generator.uniform(1.2, 2)
    down, right = REACH_BEYOND, REACH_BEYOND
    if is_small and boxes and generator.random() < HABITS.ring_afar:
        down, right = _draw_ring(page, boxes[generator.integers(len(boxes))], ring_size, generator)
    elif generator.random() < LIKE_DIGIT:
        down, right = _find_like_digit(page, generator)
    np.maximum(sheet, page[down : down + sheet.shape[0], right : right + sheet.shape[1]], out=sheet)


def _draw_ring(page: Ink, box: tuple[int, int, int, int], size: float, generator: Generator) -> tuple[int, int]:
    """Draw a ring around a word or a number, as people do around a total; return the top and left of a sheet there."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    wide = max((box[2] - box[0]) / 2 + 2, size / 2 * generator.uniform(0.6, 1))
    angles = generator.uniform(0, 2 * math.pi) + np.linspace(0, generator.uniform(1.9, 2.2) * math.pi, 40)
    growth = 1 + generator.uniform(-0.15, 0.15) * np.linspace(0, 1, 40)
    around = np.column_stack([x + wide * growth * np.cos(angles), y + size / 2 * growth * np.sin(angles)])
    image = Image.new("L", (FINER * page.shape[1], FINER * page.shape[0]))
    pen = round(FINER * generator.uniform(0.8, 2.2))
    ImageDraw.Draw(image).line([(FINER * x, FINER * y) for x, y in around.tolist()], 255, pen, "curve")
    np.maximum(page, to_ink(np.asarray(image.reduce(FINER))), out=page)
    return _centre_sheet(page, (y, x), generator)


def _find_like_digit(page: Ink, generator: Generator) -> tuple[int, int]:
    """Return the top and left of a sheet of the page that has a part as large as a digit in its middle.

    The search looks at such parts, for instance at the dot of a large i.
    """
    labels, _ = ndimage.label(page > PART_INK)
    boxes = ndimage.find_objects(labels)
    sizes = np.array([max(each.stop - each.start for each in box) for box in boxes], int)
    centres = np.array([[(each.start + each.stop) / 2 for each in box] for box in boxes]).reshape(-1, 2)
    room = np.array(page.shape) - SHEET
    low, high = np.array(SHEET) / 2, np.array(SHEET) / 2 + room
    inside = ((centres >= low) & (centres <= high)).all(axis=1)
    found = np.flatnonzero(inside & (sizes >= PART_SIZES[0]) & (sizes <= PART_SIZES[1]))
    for part in generator.permutation(found)[:TRIES].tolist():
        down, right = _centre_sheet(page, centres[part], generator)
        top, left = down + (SHEET[0] - LINE_IMAGE_HEIGHT) // 2, right + SIDE
        shown = page[top : top + LINE_IMAGE_HEIGHT, left : left + LINE_IMAGE_WIDTH] > PART_INK
        beside = shown.sum() - (labels[boxes[part]] == part + 1).sum()
        if beside > INK_BESIDE:  # alone, anybody would read it as a digit
            return down, right
    return REACH_BEYOND, REACH_BEYOND


def _centre_sheet(page: Ink, centre: Iterable[float], generator: Generator) -> tuple[int, int]:
    """Return the top and left of a sheet of the page whose middle is about at `centre`, y and x."""
    room = np.array(page.shape) - SHEET
    corner = np.array([*centre]) + generator.normal(0, (OFF_CENTRE, LINE_IMAGE_WIDTH / 4)) - np.array(SHEET) / 2
    down, right = np.clip(np.rint(corner), 0, room).astype(int).tolist()
    return down, right
