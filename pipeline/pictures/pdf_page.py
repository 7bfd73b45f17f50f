"""Render a page of a PDF file in a process of its own, which can be ended.

A short file can describe a page that takes hours, and its renderer cannot be interrupted. The memory is not limited:
without enough of it, the renderer leaves pictures out without an error. The arguments are the path, the number of the
page, from 0, and the pixels of its longer side. The page is printed as PGM.
"""

import sys
from typing import Any


def render(path: str, number: int, side: int) -> Any:
    """Return a page in grey levels, as an image of Pillow. Raises PdfiumError."""
    import pypdfium2

    page = pypdfium2.PdfDocument(path)[number]
    return page.render(scale=side / max(*page.get_size(), 1), grayscale=True).to_pil()


if __name__ == "__main__":
    render(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).save(sys.stdout.buffer, "PPM")
