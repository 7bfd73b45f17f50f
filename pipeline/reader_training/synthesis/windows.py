"""Choose the part of a sheet that the picture shows, and extend it beyond its edges as reading does."""

import numpy as np
from numpy.typing import NDArray

from pipeline.pictures.contrast import add_margin
from pipeline.reader.rows.labels import SHEET
from pipeline.reader_training.synthesis.line_writing import Line
from pipeline.reader_training.synthesis.signs import Generator

# Share of the line images of a kind that show the edges of a picture.
CUT = {"digits": 0.45, "line": 0.1, "wide row": 0.2, "words": 0.15, "signs": 0.1}
SIDES_CUT = 0.8  # share of the sides that are such edges
TIGHT_SHARE, TIGHT, NARROW_WIDTHS = 0.6, (-2, 6), (4, 24)  # pixels from the ink to the edges


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
