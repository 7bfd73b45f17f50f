"""Write what a search meets at the wrong size: parts of larger writing, or lines of smaller writing.

The text of such a line image is empty. Sizes are relative to the size that is read there.
"""

import math
from dataclasses import replace

import numpy as np
from scipy import ndimage

from pipeline.reader.rows.labels import SHEET, WIDTH
from pipeline.reader.synthesis.hands import Hands
from pipeline.reader.synthesis.line_kinds import make_tokens
from pipeline.reader.synthesis.line_writing import OFF_CENTRE, place, write_line
from pipeline.reader.synthesis.number_writing import Style
from pipeline.reader.synthesis.paper import paste
from pipeline.reader.synthesis.signs import Generator, Ink, SourceImages

LARGER, SMALLER, MOST_LARGER = (2.2, 5.0), (0.25, 0.42), 0.75
BEYOND = 60  # pixels of the page of another size beyond each edge of the line image
LIKE_DIGIT, PART_SIZES = (
    0.6,
    (8, 28),
)  # share of these line images with a part like a digit, and its longer side


def write_in_another_size(sheet: Ink, style: Style, hands: Hands, source: SourceImages, generator: Generator) -> None:
    """Write lines that are too large or too small to be read in this line image, so that it says nothing."""
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
    """Return the top and left of a sheet of the page that has a part as large as a digit in its middle.

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
