"""The page on which a person checks numbers, and draws a form: an HTML file that needs no server and no network."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from pipeline.html.rendering import digest_script, render

IMAGES = 100_000_000  # characters of the images of whole pages, at most


def render_review(pages: Sequence[Mapping[str, Any]], file: Path, constants: Mapping[str, Any], **values: Any) -> str:
    """Return the page, which asks for what is known to be wrong first, then for the least certain numbers.

    pages: what was read on each page, its `path`, and its `image` as a data URI, or "" if the browser can show the
    file. file: where the page will be; the addresses of pictures are relative to it. constants: what its scripts
    know of any form. values: the `title` of the pile, `fields`, `lines` and `sums` of a form and its text as `toml`,
    `columns` of the table that it saves, and the pictures that are `unread`, with the error of each.
    """
    shown, left = [], IMAGES
    for page in pages:
        left -= len(page["image"])
        source = page["image"] if page["image"] and left >= 0 else _refer(page["path"], file.parent)
        others = {name: value for name, value in page.items() if name not in ("image", "path")}
        shown.append({**others, "source": source})
    # The browser keeps the answers under this name.
    key = hashlib.sha256(os.fsencode(file.absolute())).hexdigest()[:16]
    data, known = map(write_json, ({"key": key, "pages": shown, **values}, constants))
    return render("desk/review/review.html", data=data, constants=known, digest=digest_script)


def write_json(value: Any) -> Markup:
    """Return JSON for a script element, which "</" would end."""
    return Markup(json.dumps(value, separators=(",", ":")).replace("<", "\\u003c"))


def _refer(path: str, folder: Path) -> str:
    """Return the address of a picture, whose name may be any bytes, relative to the folder."""
    return "./" + quote(os.fsencode(os.path.relpath(path, folder).replace(os.sep, "/")))
