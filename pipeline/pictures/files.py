"""Picture files that people have, of any common format, size and kind of pixels, as grey that is the right way up.

Decoding is Pillow's. Nothing is believed of a file: its size is read before its pixels, and whatever goes wrong with
it is told in one line.
"""

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from pipeline.engine.errors import PipelineError

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WebP")
SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"))
LARGEST = 64_000_000  # pixels; at most some 550 MB while they are decoded
LARGEST_WEBP = LARGEST // 2  # its decoder holds four copies
LARGEST_PIPED = 2 * LARGEST  # bytes that come by a pipe, in which no decoder can go back
SMALLEST = 4  # pixels a side
WORKING = 1024  # pixels of the longer side that are kept; a digit needs far fewer
DULL = 3  # times less contrast in lightness than in a colour hides ink of another colour than the paper
STRIP = 32  # rows of these that are converted at once, for the memory's sake

Grey = NDArray[np.float32]


class PictureError(PipelineError):
    """A file is no picture that can be read."""


def load_grey(file: Path | BinaryIO, name: str) -> Grey:
    """The picture in a file as grey levels, float32 (h, w) in [0, 255], no side longer than WORKING.

    Of several frames it is the first. What is transparent becomes light if the rest is dark, and dark if it is light.
    Raises PictureError, which calls the file by `name`, if there is no picture in it, or one too large or too small.
    """
    try:
        with file.open("rb") if isinstance(file, Path) else contextlib.nullcontext(file) as stream:
            return _load(stream, name)
    except PictureError:
        raise
    except Image.DecompressionBombError:  # Pillow's own limit, which a file can break before ours is asked
        raise PictureError(f"{name} is too large: {LARGEST:,} pixels are the most in all") from None
    except UnidentifiedImageError:
        raise PictureError(f"{name} is no picture: it has to be {', '.join(FORMATS[:-1])} or {FORMATS[-1]}") from None
    except MemoryError:
        raise PictureError(f"{name} takes more memory than there is") from None
    except Exception as error:  # decoders raise a dozen kinds for damaged files
        if isinstance(error, OSError) and error.strerror:  # and the system its own
            raise PictureError(f"{name} cannot be read: {error.strerror}") from None
        raise PictureError(f"{name} is damaged: {' '.join(str(error).split()) or type(error).__name__}") from None


def _load(stream: BinaryIO, name: str) -> Grey:
    if not stream.seekable():
        stream = io.BytesIO(stream.read(LARGEST_PIPED))
        if len(stream.getbuffer()) == LARGEST_PIPED:
            raise PictureError(f"{name} is too large: {LARGEST_PIPED:,} bytes are the most by a pipe")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of oddities in a file that Pillow can nevertheless read
        with _quiet(), _open(stream) as image:
            _check_size(image, name)
            image.draft(None, (WORKING, WORKING))  # of a JPEG, only as many pixels as are needed are decoded
            image.load()
            grey = Image.fromarray(_as_grey(image))
            grey.getexif()[ExifTags.Base.Orientation] = image.getexif().get(ExifTags.Base.Orientation)
            return np.asarray(ImageOps.exif_transpose(grey))


def _open(stream: BinaryIO) -> Image.Image:
    start = stream.tell()
    image = Image.open(stream, formats=FORMATS)
    if image.format == "PNG":
        image.verify()  # compares the checksums, which reading the pixels does not
        stream.seek(start)
        image = Image.open(stream, formats=FORMATS)
    return image


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Meanwhile nothing gets to stderr: libtiff, of C, tells it of all that it finds, beside the error."""
    if sys.stderr is None:
        yield
        return
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    most = LARGEST_WEBP if image.format == "WEBP" else LARGEST
    if width * height > most:
        raise PictureError(f"{name} is too large: {width:,} x {height:,} pixels, {most:,} are the most in all")
    if min(width, height) < SMALLEST:
        raise PictureError(f"{name} is too small: {width} x {height} pixels, {SMALLEST} a side are the least")


def _as_grey(image: Image.Image) -> Grey:
    if image.mode.startswith("I") or image.mode == "F":
        return _as_levels(_shrink(image, _as_floats))
    if image.has_transparency_data:
        return _lay_on_ground(_shrink(image, lambda strip: strip.convert("RGBA").convert("LA")))
    if image.mode == "LAB":
        return _shrink(image, lambda strip: strip.getchannel("L"))
    if image.mode in ("L", "1"):
        return _shrink(image, lambda strip: strip.convert("L"))
    return _mix(_shrink(image, lambda strip: strip.convert("RGB")))


def _shrink(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Grey:
    """What `convert` makes of an image, with no side longer than WORKING: (h, w), or (h, w, bands)."""
    factor = -(-max(image.size) // WORKING)
    rows = range(0, image.height, STRIP * factor)
    strips = (image.crop((0, top, image.width, min(top + rows.step, image.height))) for top in rows)
    return np.concatenate([np.asarray(convert(strip).reduce(factor), np.float32) for strip in strips])


def _as_floats(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.maximum(np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0), 0))


def _as_levels(values: Grey) -> Grey:
    """Whole numbers of more than 8 bits, or floats, as levels in [0, 255]. The largest tells what they are out of."""
    largest = values.max()
    most = next((limit for limit in (1, 255, 65535) if largest <= limit), largest)
    return values * np.float32(255 / most)


def _mix(colours: Grey) -> Grey:
    """The lightness of red, green and blue, (h, w, 3), as ITU-R 601-2 has it; or one of them that shows far more."""
    light = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    deviations = colours.std(axis=(0, 1))
    return light if deviations.max() < DULL * light.std() else colours[..., deviations.argmax()]


def _lay_on_ground(bands: Grey) -> Grey:
    """What is transparent gets a background from which the rest stands out. bands: level and opacity, (h, w, 2)."""
    levels, opacity = bands[..., 0], bands[..., 1] / 255
    light = opacity.any() and np.average(levels, weights=opacity) > 127
    return np.asarray(levels * opacity + (0 if light else 255) * (1 - opacity), np.float32)
