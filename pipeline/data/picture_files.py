"""Picture files that people have, of any common format, size and kind of pixels, as grey that is the right way up.

Decoding is Pillow's. Nothing is believed of a file: its size is read before its pixels, and whatever goes wrong with
it is told in one line.
"""

import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.engine.errors import PipelineError

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WebP")
SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"))
LARGEST = 64_000_000  # pixels; about 200 MB while they are decoded
SMALLEST = 4  # pixels a side
WORKING = 1024  # pixels of the longer side that are kept; a digit needs far fewer

Grey = NDArray[np.float32]


class PictureError(PipelineError):
    """A file is no picture that can be read."""


def load_grey(file: Path | BinaryIO, name: str) -> Grey:
    """The picture in a file as grey levels, float32 (h, w) in [0, 255], no side longer than WORKING.

    Of several frames it is the first. What is transparent becomes light if the rest is dark, and dark if it is light.
    Raises PictureError, which calls the file by `name`, if there is no picture in it, or one too large or too small.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of oddities in a file that Pillow can nevertheless read
            with Image.open(file, formats=FORMATS) as image:
                _check_size(image, name)
                image.draft(None, (WORKING, WORKING))  # of a JPEG, only as many pixels as are needed are decoded
                grey = _as_grey(ImageOps.exif_transpose(image))
                return np.asarray(grey.reduce(-(-max(grey.size) // WORKING)), np.float32)
    except PictureError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own limit, which a file can break before ours is asked
        raise PictureError(f"{name} is too large: {LARGEST:,} pixels are the most ({error})") from None
    except UnidentifiedImageError:
        raise PictureError(f"{name} is no picture: it has to be {', '.join(FORMATS[:-1])} or {FORMATS[-1]}") from None
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise PictureError(f"{name} cannot be read: {error.strerror}") from None
    except MemoryError:
        raise
    except Exception as error:  # decoders raise a dozen kinds for damaged files
        raise PictureError(f"{name} is damaged: {' '.join(str(error).split()) or type(error).__name__}") from None


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > LARGEST:
        raise PictureError(f"{name} is too large: {width:,} x {height:,} pixels, {LARGEST:,} are the most in all")
    if min(width, height) < SMALLEST:
        raise PictureError(f"{name} is too small: {width} x {height} pixels, {SMALLEST} a side are the least")


def _as_grey(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _as_levels(image)
    return _lay_on_ground(image) if image.has_transparency_data else image.convert("L")


def _as_levels(image: Image.Image) -> Image.Image:
    """Whole numbers of more than 8 bits, or floats, as levels in [0, 255]. The largest tells what they are out of."""
    values = np.maximum(np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0), 0)
    largest = values.max()
    most = next((limit for limit in (1, 255, 65535) if largest <= limit), largest)
    return Image.fromarray(values * np.float32(255 / most))


def _lay_on_ground(image: Image.Image) -> Image.Image:
    """What is transparent gets a ground from which the rest stands out."""
    levels, opacity = image.convert("RGBA").convert("LA").split()
    factor = -(-max(image.size) // WORKING)
    level, weight = (np.asarray(band.reduce(factor), np.float32) for band in (levels, opacity))
    light = weight.any() and np.average(level, weights=weight) > 127
    return Image.composite(levels, Image.new("L", image.size, 0 if light else 255), opacity)
