"""The page on which a person checks rows: an HTML file that needs no server and no network."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

PARTS = Path(__file__).parent
IMAGES = 16_000_000  # characters of the images of whole pages, at most


def render_review(pages: Sequence[Mapping[str, Any]], folder: Path, **values: Any) -> str:
    """Return the page, which shows what may be missing, then the least certain rows.

    pages: what was read on each page, its `path`, and its `image` as a data URI, or "" if the browser can show the
    file. folder: folder of the page, to which the addresses of pictures are relative. values: what else the script
    reads: `fields` of a form, `columns` of the table that it saves, and the confidence from which a row is `certain`.
    """
    shown, left = [], IMAGES
    for page in pages:
        left -= len(page["image"])
        source = page["image"] if page["image"] and left >= 0 else _refer(page["path"], folder)
        others = {name: value for name, value in page.items() if name not in ("image", "path")}
        shown.append({**others, "source": source})
    content = json.dumps({"pages": shown, **values}, separators=(",", ":"))
    # Work is kept under this name, so that of another reading does not take its place.
    key = hashlib.sha256(content.encode()).hexdigest()[:16]
    # In a script element, "</" would end it.
    data = f'{{"key":"{key}",{content[1:]}'.replace("<", "\\u003c")
    page_text, script = ((PARTS / name).read_text(encoding="utf-8") for name in ("review.html", "review.js"))
    return page_text.replace("SCRIPT", script).replace("DATA", data)


def _refer(path: str, folder: Path) -> str:
    """Return the address of a picture, whose name may be any bytes, relative to the folder."""
    return "./" + quote(os.fsencode(os.path.relpath(path, folder).replace(os.sep, "/")))
