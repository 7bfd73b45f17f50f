"""Encode arrays as small PNG pictures in data URIs."""

import base64
import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_IMAGE_SIDE = 64  # pixels; larger pictures are downsampled
SIGNED_SHADES = 127  # shades on either side of zero

# Orange and blue, between the colours --neg and --pos of light and dark mode, because a picture has one palette.
NEGATIVE, POSITIVE = (226, 101, 46), (46, 124, 230)


def draw_grey(image: NDArray[np.uint8]) -> str:
    """Return the data URI of a grey picture, uint8 (h, w), 0 black and 255 white."""
    return _encode(_shrink(Image.fromarray(image)))


def draw_patches(patches: NDArray[np.uint8], columns: int) -> str:
    """Return the data URI of grey pictures, uint8 (n, h, w), in rows of `columns` with transparent gaps."""
    count, height, width = patches.shape
    size = columns * (width + 1) - 1, math.ceil(count / columns) * (height + 1) - 1
    sheet = Image.new("LA", size, (0, 0))
    for number, patch in enumerate(patches):
        row, column = divmod(number, columns)
        sheet.paste(Image.fromarray(patch).convert("LA"), (column * (width + 1), row * (height + 1)))
    return _encode(sheet)


def draw_signed(values: NDArray[np.floating[Any]], limit: float) -> str:
    """Return the data URI of values (h, w) as a picture: orange below zero, blue above, zero transparent.

    Opacity grows linearly with the magnitude up to `limit`; larger magnitudes are clipped.
    """
    scaled = np.asarray(_shrink(Image.fromarray(np.asarray(values, np.float32))))
    shares = np.clip(scaled / limit, -1, 1) if limit > 0 else np.zeros_like(scaled)
    picture = Image.fromarray(np.rint(shares * SIGNED_SHADES + SIGNED_SHADES).astype(np.uint8), "P")
    picture.putpalette([*NEGATIVE] * SIGNED_SHADES + [*POSITIVE] * (SIGNED_SHADES + 1))
    strengths = np.abs(np.arange(2 * SIGNED_SHADES + 1) - SIGNED_SHADES) * 255 // SIGNED_SHADES
    return _encode(picture, transparency=bytes(strengths.tolist()))


def _shrink(picture: Image.Image) -> Image.Image:
    """Downsample to at most MAX_IMAGE_SIDE pixels a side, by box filter."""
    picture.thumbnail((MAX_IMAGE_SIDE, MAX_IMAGE_SIDE), Image.Resampling.BOX, reducing_gap=None)
    return picture


def _encode(picture: Image.Image, **options: Any) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True, **options)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
