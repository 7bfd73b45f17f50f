"""Find where digits may be: positions of a picture at which the first network sees one.

The network was trained on digits of one size, so it is slid over a pyramid: the picture at several sizes. Its answer is
only a hint, since it sees little more than the digit itself: the second network reads the row in which a digit may be.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipeline.data.contrast import BOX, add_margin, local_contrast
from pipeline.pictures.detections import Detections, Floats, centre, suppress
from pipeline.pictures.sliding import Slider

STEP = math.sqrt(2)  # ratio of neighbouring levels of the pyramid
READ = 0.75, 1.25  # sizes of digits that a level shows well enough for a hint, relative to BOX
SMALLEST = 1 / 50, 12  # longer side of a digit, relative to that of the picture, and in pixels
WIDEST = 1.6  # width of a digit, at most, relative to the height of the picture
MARGIN = 3  # pixels around the picture, in addition to half a window
CELLS = 16  # positions of a tile along each axis
FLAT = 0.8  # local contrast up to which a tile is blank
POSSIBLE = 0.1  # probability of a digit from which a row may lead through a position
SURE = 0.9  # probability from which a digit is certain enough to stop looking for far smaller ones
UNEVEN = 2.1  # ratio of sizes beyond which something is no digit of the same picture
MAX_POSITIONS = 1500  # of a picture


@dataclass(frozen=True, eq=False)
class Level:
    """A picture at one size, grey levels (h, w). scale: its pixels for each pixel of the picture."""

    grey: Floats
    scale: float


def search(slider: Slider, grey: Floats) -> tuple[list[Level], Detections]:
    """Return the levels of a picture, grey levels (h, w), and where digits may be, the most probable first.

    Once a digit is certain, digits that are more than UNEVEN times smaller are not searched for.
    """
    levels: list[Level] = []
    parts: list[Detections] = []
    largest = 0.0
    for level in build_pyramid(grey):
        size = BOX / level.scale
        if size * UNEVEN < largest:
            break
        found = find_candidates(slider, level)
        *_, scores = found
        if (scores > SURE).any():
            largest = max(largest, size)
        levels.append(level)
        parts.append(found)
    together = np.concatenate(parts, axis=1)
    return levels, centre(together, suppress(together)[:MAX_POSITIONS])


def build_pyramid(grey: Floats) -> Iterator[Level]:
    """Yield the picture in sizes at which digits of all sizes are BOX pixels high, from the largest digits on."""
    height, width = grey.shape
    largest = max(height, min(width, WIDEST * height))
    finest = max(SMALLEST[0] * max(height, width), SMALLEST[1]) / READ[0]
    image = Image.fromarray(grey)
    for number in range(max(0, math.ceil(math.log(largest / finest / READ[1], STEP))), -1, -1):
        scale = BOX / (finest * STEP**number)
        shape = max(1, round(width * scale)), max(1, round(height * scale))
        yield Level(np.asarray(image.resize(shape, Image.Resampling.BILINEAR)), scale)


def find_candidates(slider: Slider, level: Level) -> Detections:
    """Return the positions of a level at which a digit may be centred.

    The level is cut into tiles, with as many positions each, which overlap by a window. Blank tiles are left out.
    """
    (window, _), step = slider.model.image_shape, slider.step
    margin = window // 2 + MARGIN
    inner = local_contrast(add_margin(level.grey, margin, margin, margin, margin))
    counts = [max(1, (side - window) // step + 1) for side in inner.shape]
    cells = [min(CELLS, count) for count in counts]
    tall, wide = (window + step * (count - 1) for count in cells)
    contrast = np.pad(inner, ((0, tall), (0, wide)))
    corners = (range(0, step * count, step * cell) for count, cell in zip(counts, cells, strict=True))
    tiles = {(y, x): contrast[y:, x:][:tall, :wide] for y, x in itertools.product(*corners)}
    inked = {corner: tile for corner, tile in tiles.items() if np.abs(tile).max() > FLAT}
    predicted = slider.predict_all(list(inked.values())).reshape(len(inked), *cells, slider.model.outputs)
    scores = 1 - predicted[..., -1]
    possible = scores > POSSIBLE
    tile, *cell = np.nonzero(possible)
    starts = np.array([*inked], int).reshape(-1, 2)[tile].T
    y, x = (
        ((start + step * at + window / 2 - margin) / level.scale).astype(np.float32)
        for start, at in zip(starts, cell, strict=True)
    )
    return np.stack([y, x, np.full(len(tile), BOX / level.scale, np.float32), scores[possible]])


def choose_level(levels: Sequence[Level], scale: float) -> Level:
    """Return the smallest level with at least `scale` pixels for each pixel of the picture, or the largest."""
    return min(levels, key=lambda level: (level.scale < 0.999 * scale, abs(level.scale - scale)))
