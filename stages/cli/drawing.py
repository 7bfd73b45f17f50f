"""Draw images as text: one character for two pixels, one above the other."""

import os
import sys

import numpy as np
from numpy.typing import NDArray

from stages.cli.terminal import has_colours, width

# The ink of the upper and the lower pixel that each character shows best, in [0, 1].
Characters = dict[str, tuple[float, float]]
BLOCKS: Characters = {" ": (0, 0), "░": (0.25, 0.25), "▒": (0.5, 0.5), "▓": (0.75, 0.75), "█": (1, 1)} | {
    "▀": (1, 0),
    "▄": (0, 1),
}
ASCII: Characters = {" ": (0, 0), "'": (0.7, 0), ".": (0, 0.7), ":": (0.5, 0.5), "+": (0.75, 0.75), "#": (1, 1)}
GREYS = range(232, 256)  # from black to white, in the palette of 256 colours


def draw(images: NDArray[np.uint8]) -> str:
    """Draw images, uint8 (n, h, w), side by side, w columns each, as many as fit the terminal; the others below.

    In grey levels if standard output is a terminal with 256 colours; else in block characters, or in ASCII if its
    encoding lacks them, without trailing spaces and empty lines at the ends.
    """
    per_row = max(1, width() // images.shape[2])
    rows = [np.concatenate(list(images[i : i + per_row]), axis=1) for i in range(0, len(images), per_row)]
    if not _encodable("".join(BLOCKS)):
        return "\n\n".join(_draw_in_characters(row, ASCII) for row in rows)
    if has_colours(sys.stdout) and ("256color" in os.environ.get("TERM", "") or "COLORTERM" in os.environ):
        return "\n".join(map(_draw_in_greys, rows))
    return "\n\n".join(_draw_in_characters(row, BLOCKS) for row in rows)


def _encodable(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _pairs(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the pixels of an image (h, w) two by two, one above the other: uint8 (h / 2, 2, w), rounded up."""
    height, width = image.shape
    return np.pad(image, ((0, height % 2), (0, 0))).reshape(-1, 2, width)


def _draw_in_characters(image: NDArray[np.uint8], characters: Characters) -> str:
    shown = np.array(list(characters.values()))
    difference = _pairs(image)[..., np.newaxis] / 255 - shown.T[:, np.newaxis]
    nearest = np.square(difference).sum(axis=1).argmin(axis=-1)
    lines = ["".join(list(characters)[index] for index in row).rstrip() for row in nearest]
    return "\n".join(lines).strip("\n")


def _draw_in_greys(image: NDArray[np.uint8]) -> str:
    """Draw upper half blocks: the upper pixel is the text colour, the lower one the background."""
    greys = GREYS.start + _pairs(image).astype(int) * len(GREYS) // 256
    return "\n".join(
        "".join(f"\x1b[38;5;{upper};48;5;{lower}m▀" for upper, lower in line.T) + "\x1b[0m" for line in greys
    )
