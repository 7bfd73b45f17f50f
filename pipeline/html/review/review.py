"""The page on which a person checks rows: an HTML file that needs no server and no network."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

PARTS = Path(__file__).parent


def render_review(found: Sequence[Mapping[str, Any]], folder: Path, *, columns: Sequence[str], certain: float) -> str:
    """Return the page, which shows the least certain rows first. found: what was read in each picture, with crops.

    folder: of the page, from which it refers to the pictures. columns: of the table that it saves. certain: confidence
    from which a row need not be checked.
    """
    rows = [
        {**row, "file": facts["file"], "row": number, "source": _refer(facts["file"], folder)}
        for facts in found
        for number, row in enumerate(facts.get("rows", ()), start=1)
    ]
    for row in rows:
        del row["boxes"]
    # In a script element, "</" would end it.
    data = json.dumps({"rows": rows, "columns": columns, "certain": certain}, separators=(",", ":")).replace(
        "<", "\\u003c"
    )
    page, script = ((PARTS / name).read_text(encoding="utf-8") for name in ("review.html", "review.js"))
    return page.replace("SCRIPT", script).replace("DATA", data)


def _refer(name: str, folder: Path) -> str:
    """Return the address of a picture, relative to the folder. Browsers show no page of a TIFF file."""
    return "./" + quote(os.path.relpath(name, folder).replace(os.sep, "/"))
