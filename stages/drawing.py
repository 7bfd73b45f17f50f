"""Pictures in a terminal, made of characters."""

import numpy as np
from numpy.typing import NDArray

SHADES = " ░▒▓█"
PLAIN_SHADES = " .+#@"


def draw(image: NDArray[np.uint8], encoding: str) -> str:
    """A picture, uint8 (h, w), as h lines of characters, two for each pixel since they are tall.

    Shades of grey become blocks, or where `encoding` has none of these, ASCII. Lines end where the ink ends.
    """
    try:
        SHADES.encode(encoding)
        shades = SHADES
    except (UnicodeEncodeError, LookupError):
        shades = PLAIN_SHADES
    levels = (image.astype(int) * len(shades)) // 256
    return "\n".join("".join(2 * shades[level] for level in row).rstrip() for row in levels)
