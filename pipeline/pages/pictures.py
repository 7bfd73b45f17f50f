"""Arrays become small PNG pictures that a page can hold."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LARGEST = 64  # pixels of a side; what is larger is shrunk
LEVELS = 127  # shades on either side of zero

NEGATIVE, POSITIVE = (228, 84, 56), (46, 124, 230)  # red and blue, seen on light background and on dark


def draw_grey(image: NDArray[np.uint8]) -> str:
    """A picture, uint8 (h, w), 0 black and 255 white, as the address of a PNG."""
    return _encode(_shrink(Image.fromarray(np.ascontiguousarray(image))))


def draw_signed(values: NDArray[np.floating[Any]], limit: float) -> str:
    """Numbers, (h, w), as the address of a PNG: red below zero, blue above, the stronger the nearer to `limit`.

    Zero is transparent, so it has the colour of the page, whichever that is. What is beyond the limit is as at it.
    """
    scaled = np.asarray(_shrink(Image.fromarray(np.asarray(values, np.float32))))
    shares = np.clip(scaled / limit, -1, 1) if limit > 0 else np.zeros_like(scaled)
    picture = Image.fromarray(np.rint(shares * LEVELS + LEVELS).astype(np.uint8), "P")
    picture.putpalette([*NEGATIVE] * LEVELS + [*POSITIVE] * (LEVELS + 1))
    strengths = np.abs(np.arange(2 * LEVELS + 1) - LEVELS) * 255 // LEVELS
    return _encode(picture, transparency=bytes(strengths.tolist()))


def _shrink(picture: Image.Image) -> Image.Image:
    """The picture, as small as a page shows it; each pixel is the mean of those that it stands for."""
    share = LARGEST / max(picture.size)
    if share >= 1:
        return picture
    width, height = (max(1, round(side * share)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX)


def _encode(picture: Image.Image, **options: Any) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True, **options)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
