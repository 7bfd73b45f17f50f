"""Render the pages of PDF files with pypdfium2, which is optional."""

import importlib.util
from collections.abc import Generator, Iterable
from pathlib import Path

from PIL import Image

from pipeline.pictures.levels import MAX_SIDE

INSTALL = "pip install pypdfium2"  # what reads PDF files
PASSWORD = "password"  # in the message of pypdfium2 about an encrypted file


class PdfError(Exception):
    """A PDF file cannot be read; the message says what it is, and what to do."""


def can_read() -> bool:
    """Return whether PDF files can be read."""
    return importlib.util.find_spec("pypdfium2") is not None


def count_pages(path: Path) -> int:
    """Return the number of pages. Raises PdfError."""
    with _Document(path) as document:
        return len(document.pages)


def render_pages(path: Path, pages: Iterable[int]) -> Generator[Image.Image, None, None]:
    """Yield pages, numbered from 0, in grey levels, with MAX_SIDE pixels on the longer side. Raises PdfError.

    Only one page at a time is in memory.
    """
    with _Document(path) as document:
        for number in pages:
            yield document.render(number)


class _Document:
    """An open file, closed at the end of a `with` block."""

    def __init__(self, path: Path) -> None:
        import pypdfium2

        self._error = pypdfium2.PdfiumError
        try:
            self.pages = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            if PASSWORD in str(error).lower():
                raise PdfError("encrypted: save a copy without a password") from None
            raise PdfError("damaged: no PDF program could read its pages") from None

    def __enter__(self) -> "_Document":
        return self

    def __exit__(self, *error: object) -> None:
        self.pages.close()

    def render(self, number: int) -> Image.Image:
        """Return a page in grey levels."""
        if number >= len(self.pages):
            raise PdfError(f"without a page {number + 1}: it has {len(self.pages)}")
        try:
            page = self.pages[number]
            try:
                bitmap = page.render(scale=MAX_SIDE / max(*page.get_size(), 1), grayscale=True)
                image: Image.Image = bitmap.to_pil().copy()
                bitmap.close()
            finally:
                page.close()
        except self._error:
            raise PdfError(f"damaged: its page {number + 1} cannot be read") from None
        return image
