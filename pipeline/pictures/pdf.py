"""Read PDF files with pypdfium2, which is optional: count their pages, and render them."""

import functools
import io
import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from pipeline.engine.extras import find_lacking
from pipeline.pictures import pdf_page
from pipeline.pictures.levels import MAX_SIDE

MAX_SECONDS = 60  # of CPU time, for a page
MAX_MEMORY = 400_000_000  # bytes, for a page; one that shows 64 million pixels of a JPEG takes 300 million


class PdfError(Exception):
    """A PDF file cannot be read; the message says what it is, and what to do."""


@functools.cache
def find_lacking_packages() -> str:
    """Return the command that installs what reads PDF files, if it is not installed."""
    return find_lacking("handwriting", "pdf")


def count_pdf_pages(path: Path) -> int:
    """Return the number of pages. Raises PdfError."""
    return int(_read(path))


def render_page(path: Path, number: int) -> Image.Image:
    """Return a page, from 0, in grey levels, with MAX_SIDE pixels on the longer side. Raises PdfError."""
    return Image.open(io.BytesIO(_read(path, number, MAX_SIDE)), formats=("PPM",))


def _read(path: Path, *page: int) -> bytes:
    """Return what the process of pdf_page prints. Raises PdfError."""
    command = [sys.executable, "-P", pdf_page.__file__, os.fspath(path), str(MAX_SECONDS), str(MAX_MEMORY)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([*command, *map(str, page)], env=environment, stdin=subprocess.DEVNULL, capture_output=True)
    match done.returncode:
        case 0:
            return done.stdout
        case pdf_page.REFUSED:
            raise PdfError(done.stdout.decode().strip())
        case pdf_page.TOO_SLOW:
            raise PdfError(f"not rendered within {MAX_SECONDS} seconds: export it as pictures")
        case pdf_page.TOO_LARGE:
            megabytes = MAX_MEMORY // 1_000_000
            raise PdfError(f"too large (more than {megabytes} MB in memory): export it as smaller pictures")
    raise PdfError("damaged, or the memory is short: export it again, as PDF or as pictures")
