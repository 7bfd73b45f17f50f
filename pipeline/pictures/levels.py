"""Convert decoded pictures of any mode to grey levels of a limited size, in strips."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_SIDE = 2048  # pixels of the longer side of a picture that is read
COLOUR_CONTRAST = 3  # minimum ratio of a channel's to the lightness's contrast for which the channel is used
STD_SAMPLES = 256  # pixels a side from which these contrasts are computed
STRIP_ROWS = 32  # rows of the result converted at a time, to save memory

# Exif orientations of pictures whose axes are exchanged, that are mirrored left to right, and upside down.
SIDEWAYS, MIRRORED, INVERTED = (5, 6, 7, 8), (2, 3, 6, 7), (3, 4, 7, 8)

Grey = NDArray[np.float32]


def to_grey(image: Image.Image) -> Grey:
    """Return the levels of a decoded picture, float32 (h, w) in [0, 255], with no side longer than MAX_SIDE."""
    if image.mode.startswith("I") or image.mode == "F":
        return _to_levels(_shrink(image, _to_floats))
    if image.has_transparency_data:
        direct = "LA" if image.mode == "La" else "RGBA"
        return _composite(_shrink(image, lambda strip: strip.convert(direct).convert("LA")))
    if image.mode in ("1", "L", "LAB"):
        return _shrink(image, lambda strip: strip.getchannel(0).convert("L"))
    return _fit(_to_lightness(_reduce(image, lambda strip: strip if strip.mode == "RGB" else strip.convert("RGB"))))


def to_colours(image: Image.Image) -> NDArray[np.uint8]:
    """Return a decoded picture in RGB, (h, w, 3), or in its grey levels if it has transparency or more than 8 bits."""
    if image.mode in ("LAB", "F") or image.mode.startswith("I") or image.has_transparency_data:
        image = Image.fromarray(np.rint(to_grey(image)).astype(np.uint8))
    colours = image.convert("RGB")
    colours.thumbnail((MAX_SIDE, MAX_SIDE))
    return np.asarray(colours)


def turn_upright(pixels: NDArray[Any], orientation: object) -> NDArray[Any]:
    """Turn pixels, (h, w, ...), as the orientation in Exif data requires."""
    if orientation in SIDEWAYS:
        pixels = pixels.swapaxes(0, 1)
    if orientation in INVERTED:
        pixels = pixels[::-1]
    if orientation in MIRRORED:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _shrink(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Grey:
    """Convert an image, and reduce it until no side is longer than MAX_SIDE: (h, w) or (h, w, bands)."""
    return _fit(_reduce(image, convert))


def _reduce(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Grey:
    """Convert an image in strips, and reduce it by a whole factor to less than twice MAX_SIDE; as in `_shrink`."""
    factor = max(max(image.size) // MAX_SIDE, 1)
    rows = range(0, image.height, STRIP_ROWS * factor)
    strips = (image.crop((0, top, image.width, min(top + rows.step, image.height))) for top in rows)
    return np.concatenate([np.asarray(convert(strip).reduce(factor), np.float32) for strip in strips])


def _fit(levels: Grey) -> Grey:
    """Reduce a picture, (h, w) or (h, w, bands), to MAX_SIDE pixels on its longer side, if this is longer."""
    height, width = levels.shape[:2]
    scale = MAX_SIDE / max(height, width)
    if scale >= 1:
        return levels
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    bands = levels.reshape(height, width, -1)
    resized = [
        np.asarray(Image.fromarray(bands[..., i]).resize(size, Image.Resampling.BOX)) for i in range(bands.shape[2])
    ]
    return np.stack(resized, axis=-1).reshape(size[1], size[0], *levels.shape[2:])


def _to_floats(image: Image.Image) -> Image.Image:
    levels = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)
    return Image.fromarray(np.maximum(levels, 0) if image.mode == "F" else levels)


def _to_levels(values: Grey) -> Grey:
    """Scale integers of more than 8 bits, or floats, to [0, 255]. Negative integers are moved up until none is left.

    White is 1 if no value is larger. Otherwise, it is the largest integer of as few bits, from 8 to 16, as hold the
    largest value, or else that value itself.
    """
    values = values - min(values.min(), 0)
    largest = values.max()
    white = next((limit for limit in (1, *(2**bits - 1 for bits in range(8, 17))) if largest <= limit), largest)
    return values * np.float32(255 / white)


def _to_lightness(colours: Grey) -> Grey:
    """Return the lightness (ITU-R 601-2) of red, green and blue, (h, w, 3), or a channel with far more contrast."""
    light = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    step = max(light.shape) // STD_SAMPLES + 1
    stds = colours[::step, ::step].std(axis=(0, 1))
    return light if stds.max() < COLOUR_CONTRAST * light[::step, ::step].std() else colours[..., stds.argmax()]


def _composite(bands: Grey) -> Grey:
    """Composite level and opacity, (h, w, 2), onto a background that contrasts with the opaque pixels."""
    levels, opacity = bands[..., 0], bands[..., 1] / 255
    light = opacity.any() and np.average(levels, weights=opacity) > 127
    return np.asarray(levels * opacity + (0 if light else 255) * (1 - opacity), np.float32)
