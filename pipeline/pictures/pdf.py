"""Render the pages of PDF files with pypdfium2, which is optional."""

import importlib.util
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline.pictures import pdf_page
from pipeline.pictures.levels import MAX_SIDE

INSTALL = "pip install pypdfium2"  # what reads PDF files
TIMEOUT = 60  # seconds in which a page is rendered
PASSWORD = "password"  # in the message of pypdfium2 about an encrypted file


class PdfError(Exception):
    """A PDF file cannot be read; the message says what it is, and what to do."""


def can_read() -> bool:
    """Return whether PDF files can be read."""
    return importlib.util.find_spec("pypdfium2") is not None


def count_pages(path: Path) -> int:
    """Return the number of pages. Raises PdfError."""
    with _open(path) as pages:
        return len(pages)


def render_page(path: Path, number: int) -> Image.Image:
    """Return a page, from 0, in grey levels, with MAX_SIDE pixels on the longer side. Raises PdfError."""
    with _open(path) as pages:
        if number >= len(pages):
            raise PdfError(f"without a page {number + 1}: name one up to {len(pages)}")
    command = [sys.executable, "-P", pdf_page.__file__, os.fspath(path), str(number), str(MAX_SIDE)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise PdfError(f"not rendered within {TIMEOUT} seconds: export it as pictures") from None
    if done.returncode:
        raise PdfError("damaged, or needs too much memory: export it again, as PDF or as pictures")
    return Image.open(io.BytesIO(done.stdout), formats=("PPM",))


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    """Yield the pages of a file."""
    import pypdfium2

    try:
        with closing(pypdfium2.PdfDocument(path)) as pages:
            yield pages
    except pypdfium2.PdfiumError as error:
        if PASSWORD in str(error).lower():
            raise PdfError("encrypted: save a copy without a password") from None
        raise PdfError("damaged: export it again, as PDF or as pictures") from None
