"""Draw images as text: one block character for two pixels, one above the other."""

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.terminal import width

# The ink of the upper and the lower pixel that each character shows best, in [0, 1].
BLOCKS = {" ": (0, 0), "░": (0.25, 0.25), "▒": (0.5, 0.5), "▓": (0.75, 0.75), "█": (1, 1), "▀": (1, 0), "▄": (0, 1)}


def draw(images: NDArray[np.uint8]) -> str:
    """Draw images, uint8 (n, h, w), side by side, w columns each, as many as fit the terminal; the others below.

    Trailing spaces, and empty lines at the ends, are left out.
    """
    per_row = max(1, width() // images.shape[2])
    rows = [np.concatenate(list(images[i : i + per_row]), axis=1) for i in range(0, len(images), per_row)]
    return "\n\n".join(map(_draw_row, rows))


def _draw_row(image: NDArray[np.uint8]) -> str:
    height, columns = image.shape
    pairs = np.pad(image, ((0, height % 2), (0, 0))).reshape(-1, 2, columns, 1) / 255
    shown = np.array(list(BLOCKS.values())).T[:, np.newaxis]
    nearest = np.square(pairs - shown).sum(axis=1).argmin(axis=-1)
    lines = ["".join(list(BLOCKS)[index] for index in line).rstrip() for line in nearest]
    return "\n".join(lines).strip("\n")
