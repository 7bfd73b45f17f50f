"""The page on which a person checks rows: an HTML file that needs no server and no network."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from pipeline.html.rendering import digest_script, render

PARTS = Path(__file__).parent
IMAGES = 16_000_000  # characters of the images of whole pages, at most


def render_review(
    found: Sequence[Mapping[str, Any]],
    folder: Path,
    *,
    columns: Sequence[str],
    certain: float,
    fields: Mapping[str, str] | None = None,
) -> str:
    """Return the page, which shows what may be missing, then the least certain rows.

    found: what was read in each picture, with its view. folder: folder of the page, to which paths of pictures are
    relative. columns: columns of the table that it saves. certain: confidence from which a row need not be checked.
    fields: what each field of a form holds, by its name.
    """
    pages, left = [], IMAGES
    for facts in found:
        if "error" in facts:
            continue
        image = facts["view"]["image"]
        left -= len(image)
        rows = [{name: value for name, value in row.items() if name != "boxes"} for row in facts["rows"]]
        page = {name: facts.get(name) for name in ("file", "problems", "upright")}
        source = image if image and left >= 0 else _refer(facts["view"]["path"], folder)
        pages.append({**page, "rows": rows, "source": source, "size": facts["view"]["size"]})
    values = {"pages": pages, "fields": fields or {}, "columns": columns, "certain": certain}
    # In a script element, "</" would end it.
    data = Markup(json.dumps(values, separators=(",", ":")).replace("<", "\\u003c"))
    return render("review/review.html", data=data, digest=digest_script)


def _refer(path: str, folder: Path) -> str:
    """Return the address of a picture, whose name may be any bytes, relative to the folder."""
    return "./" + quote(os.fsencode(os.path.relpath(path, folder).replace(os.sep, "/")))
