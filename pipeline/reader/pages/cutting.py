"""Cut line images along rows out of a picture, as the recogniser has seen them in training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array
from pipeline.pictures.contrast import local_contrast
from pipeline.pictures.smoothing import interpolate
from pipeline.reader.pages.lines import CentreLine
from pipeline.reader.pages.search import Level, choose_level
from pipeline.reader.rows.labels import OUTER, SHEET
from pipeline.reader.rows.spans import SIZE

CUT_BEYOND = 9.0  # sizes of a digit by which a line image is longer than its row, at each end
OUTSIDE = 2.0  # sizes of a digit by which it reaches beyond the edges of the picture, at most
ROUND = 64  # pixels: lengths are multiples of it, so that the layers of a few lengths serve all line images


@dataclass(frozen=True, eq=False)
class LineImage:
    """An image of a row, like a training line image.

    sheet: local contrast, float32 (SHEET[0], length), with parts of the rows above and below.
    y, x: places in the picture of its pixels on the row, (length,).
    """

    sheet: NDArray[np.float32]
    y: Array
    x: Array
    line: CentreLine

    @property
    def contrast(self) -> NDArray[np.float32]:
        """What the recogniser sees of it, (LINE_IMAGE_HEIGHT + 2 LINE_MARGIN, length)."""
        return self.sheet[OUTER:-OUTER]


def cut_line(line: CentreLine, pyramid: Sequence[Level]) -> LineImage:
    """Cut the line image along a line out of the picture; beyond the edges, its paper continues as in training."""
    scale = SIZE / line.size
    level = choose_level(pyramid, scale)
    width = level.grey.shape[1] / level.scale
    first = max(line.x[0] - CUT_BEYOND * line.size, -OUTSIDE * line.size)
    last = min(line.x[-1] + CUT_BEYOND * line.size, width + OUTSIDE * line.size)
    ends = line.heights(np.array([first, last]))
    slope = float(np.diff(ends)[0]) / (last - first)
    cos = 1 / np.hypot(1, slope)
    count = -(-int(scale * (last - first) / cos) // ROUND) * ROUND
    x = (first + last) / 2 + (np.arange(count) - (count - 1) / 2) * cos / scale
    y = line.heights(x)
    along = np.gradient(y, x)
    norm = np.hypot(1, along)
    down = (np.arange(SHEET[0])[:, np.newaxis] - (SHEET[0] - 1) / 2) / scale
    at = [each * level.scale + 0.5 for each in (y + down / norm, x - down * along / norm)]
    levels = interpolate(level.padded, *at)  # the margin of one pixel suffices: it continues unchanged
    return LineImage(local_contrast(levels), y, x, line)
