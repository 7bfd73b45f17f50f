"""Read picture files as grey levels, rotated upright.

Files are untrusted: the size is checked before Pillow decodes them, and every error message is one line.
"""

import contextlib
import ctypes
import errno
import io
import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError, _imaging

from pipeline.engine.errors import PipelineError
from pipeline.engine.signals import stop_requested
from pipeline.pictures import pdf
from pipeline.pictures.levels import MAX_SIDE, SIDEWAYS, Grey, to_colours, to_grey, turn_upright

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WebP")
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".webp"))
CONVERTIBLE = frozenset((".pdf", ".heic", ".heif", ".avif"))  # of files that another program converts to pictures
MAX_PIXELS = 64_000_000  # which take up to about 550 MB during decoding
MAX_PIXELS_WEBP = MAX_PIXELS // 2  # the WebP decoder holds four copies
MAX_FILE_SIZE = 8 * MAX_PIXELS  # of a file that is read whole: four channels of 16 bits
MIN_SIDE = 4  # pixels
MAX_PAGES = 10_000  # of a file: Pillow's time to find those of a TIFF file grows with the square of their number


logging.getLogger("PIL").addHandler(logging.NullHandler())  # an error of Pillow is in the message of PictureError
# libtiff prints its messages to file descriptor 2, which other threads and child processes also use.
with contextlib.suppress(OSError, AttributeError):  # Pillow is linked in another way
    _libtiff = ctypes.CDLL(_imaging.__file__)  # a name is also looked up in the libraries that it needs
    _libtiff.TIFFSetWarningHandler(None)
    _libtiff.TIFFSetErrorHandler(None)

PictureSource = Path | BinaryIO | Image.Image


class PictureError(PipelineError):
    """A file is not a readable picture."""


@dataclass(frozen=True, eq=False)
class Page:
    """A picture, or a page of its file, upright.

    grey: levels, float32 (h, w) in [0, 255], no side longer than MAX_SIDE. size: its (height, width) before it was
    reduced. more_pages: whether its file has more pages. colours: in RGB, no side longer than MAX_SIDE, if asked for;
    pictures with transparency or with more than 8 bits are as in `grey`.
    """

    grey: Grey
    size: tuple[int, int]
    more_pages: bool
    colours: Image.Image | None


def load_page(file: PictureSource, name: str, page: int = 0, *, colours: bool = False) -> Page:
    """Read a picture. page: the page or frame to read, from 0. colours: whether it is also needed in colours.

    Transparent pixels become light if the others are dark, and vice versa. A JPEG is decoded at a reduced size that
    suffices for MAX_SIDE. Raises PictureError, with `name` in the message, if the file is not a readable picture, or
    one too large or too small.
    """
    with _reading(name), contextlib.ExitStack() as stack:
        if isinstance(file, Path) and is_pdf(file):
            file = pdf.render_page(file, page)
        if isinstance(file, Image.Image):
            image = file
        else:
            stream = stack.enter_context(file.open("rb")) if isinstance(file, Path) else file
            image = stack.enter_context(_open(_from_position(stream, name, stack)))
            if page:
                _turn_to(image, page, name)
        _check_size(image, name)
        size = image.size
        if image is not file:
            factor = max(max(size) // MAX_SIDE, 1)
            image.draft(None, (max(size[0] // factor, 1), max(size[1] // factor, 1)))
        image.load()
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        width, height = reversed(size) if orientation in SIDEWAYS else size
        grey = turn_upright(to_grey(image), orientation)
        coloured = Image.fromarray(turn_upright(to_colours(image), orientation)) if colours else None
        return Page(grey, (height, width), image is not file and _has_more_pages(image), coloured)


@contextlib.contextmanager
def _reading(name: str) -> Iterator[None]:
    """Raise PictureError, in one line, instead of what Pillow and its decoders raise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about files that are readable nevertheless
            yield
    except PictureError:
        raise
    except Image.DecompressionBombError:  # Pillow checks its limit first
        raise PictureError(f"{name} is too large: reduce it to at most {MAX_PIXELS:,} pixels") from None
    except (UnidentifiedImageError, pdf.PdfError) as error:
        raise PictureError(f"{name} is {error}") from None
    except MemoryError:
        raise PictureError(f"{name} does not fit in memory: reduce it, or close other programs") from None
    except FileNotFoundError:
        raise PictureError(describe_missing(name)) from None
    except Exception as error:  # decoders raise many types
        if stop_requested():  # also in place of an interruption
            raise KeyboardInterrupt from None
        if isinstance(error, OSError) and error.strerror:  # an error of the operating system
            is_forbidden = error.errno in (errno.EACCES, errno.EPERM)
            advice = "make it readable, or move it away" if is_forbidden else "check the path"
            raise PictureError(f"{name} cannot be read ({error.strerror}): {advice}") from None
        reason = " ".join(str(error).partition(" (")[0].split())  # without the number of bytes
        raise PictureError(f"{name} is damaged ({reason or type(error).__name__}): copy or export it again") from None


def describe_missing(name: str) -> str:
    """Return the message about a file that does not exist."""
    if re.match(r"(https?|ftp):/", name):  # Path leaves one slash
        return f"{name} is a web address: download it and name the file"
    if "*" in name:
        return f"no file matches {name}: check the pattern, and leave it without quotes, so that the shell expands it"
    return f"{name} does not exist: check the path, and put it in quotes if it contains spaces"


def is_pdf(path: Path) -> bool:
    """Return whether a file is to be read as PDF, by its name."""
    return path.suffix.lower() == ".pdf" and not pdf.find_lacking_packages()


def count_pages(path: Path) -> int:
    """Return the number of pages or frames of a file; 1 if it cannot be read.

    Raises PictureError if there are more than MAX_PAGES.
    """
    count = 1
    ends = contextlib.suppress(EOFError)
    with contextlib.suppress(PictureError), _reading(""):
        if is_pdf(path):
            count = pdf.count_pdf_pages(path)
        else:
            with path.open("rb") as file, _open(file) as image, ends:
                while count <= MAX_PAGES:
                    image.seek(count)
                    count += 1
    if count > MAX_PAGES:
        raise PictureError(f"{path} has more than {MAX_PAGES:,} pages: split it into several files")
    return count


def read_pages(path: Path, pages: Iterable[tuple[int, str]]) -> Iterator[Image.Image | PictureError]:
    """Yield pages or frames of a file, decoded, or their errors. pages: numbers, from 0, and names for messages.

    A file of frames is opened once: a page of a TIFF file is found only through all pages before it.
    """
    with contextlib.ExitStack() as stack:
        image = None
        for page, name in pages:
            found: Image.Image | PictureError
            try:
                with _reading(name):
                    if is_pdf(path):
                        found = pdf.render_page(path, page)
                    else:
                        image = image or stack.enter_context(_open(stack.enter_context(path.open("rb"))))
                        _turn_to(image, page, name)
                        found = image
                    _check_size(found, name)
                    found = found.copy()
            except PictureError as error:
                found = error
            yield found


def read_content(file: Path | BinaryIO, name: str) -> bytes:
    """Return the content of a file, a pipe or a stream. Raises PictureError if it cannot be read or is too large."""
    with _reading(name), contextlib.ExitStack() as stack:
        stream = stack.enter_context(file.open("rb")) if isinstance(file, Path) else file
        content = stream.read(MAX_FILE_SIZE + 1)
        if len(content) > MAX_FILE_SIZE:
            raise PictureError(f"{name} is too large: reduce it to at most {MAX_FILE_SIZE:,} bytes")
        return content


def _from_position(stream: BinaryIO, name: str, stack: contextlib.ExitStack) -> BinaryIO:
    """Return a seekable stream of what follows the position, because Pillow begins at the start; `stack` restores it.

    At its end, a stream is read from its start: it was just written.
    """
    if not stream.seekable():
        return io.BytesIO(read_content(stream, name))
    position = stream.tell()
    stack.callback(stream.seek, position)
    rest = read_content(stream, name) if position else b""
    return io.BytesIO(rest) if rest else stream


def _open(stream: BinaryIO) -> Image.Image:
    """Return the picture, not yet decoded. Raises UnidentifiedImageError that says what it is instead."""
    start = stream.tell()
    try:
        image = Image.open(stream, formats=FORMATS)
    except UnidentifiedImageError:
        stream.seek(start)
        raise UnidentifiedImageError(_describe_other(stream.read(12))) from None
    if image.format == "PNG":
        image.verify()  # checks the checksums, unlike load()
        stream.seek(start)
        image = Image.open(stream, formats=FORMATS)
    return image


def _turn_to(image: Image.Image, page: int, name: str) -> None:
    try:
        image.seek(page)
    except EOFError:
        last = getattr(image, "n_frames", 1)
        raise PictureError(f"{name} has no page {page + 1}: name one up to {last}") from None


def _describe_other(beginning: bytes) -> str:
    """Return what kind of file begins in this way, if not a picture, and what to do about it."""
    if not beginning:
        return "empty (0 bytes): copy or export it again"
    if beginning.startswith(b"%PDF"):
        return f"a PDF file: install what reads it by {pdf.find_lacking_packages()}, and let its name end in .pdf"
    if beginning[4:8] == b"ftyp" and beginning[8:] in HEIC_BRANDS:
        return "a HEIC or AVIF file: export it as JPEG first, for example with a photo program"
    return f"not a picture in a supported format: use {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"


def _has_more_pages(image: Image.Image) -> bool:
    """Return whether pages or frames follow the first one. Other pictures in a JPEG are versions of the same."""
    with contextlib.suppress(Exception):  # of a damaged second frame
        return image.format != "MPO" and bool(getattr(image, "is_animated", False))
    return False


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    limit = MAX_PIXELS_WEBP if image.format == "WEBP" else MAX_PIXELS
    if width * height > limit:
        raise PictureError(
            f"{name} is too large ({width:,} x {height:,} pixels): reduce it to at most {limit:,} pixels"
        )
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"{name} is too small ({width} x {height} pixels): scan it again, with at least {MIN_SIDE} pixels a side"
        )
