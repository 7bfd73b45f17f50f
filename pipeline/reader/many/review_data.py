"""What the page on which a person checks rows knows of each page and of the form, as JSON-like data."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pipeline.reader.forms.form import Form
from pipeline.reader.many.readings import Reading


def list_pages(found: Sequence[Reading]) -> list[dict[str, Any]]:
    """Return the pages that were read, with their rows. path, image: of `View`."""
    pages = []
    for reading in found:
        if reading.error or not reading.view:
            continue
        page = asdict(reading)
        values = {name: page[name] for name in ("file", "upright", "problems", "rows")}
        pages.append({**values, **page["view"]})
    return pages


def list_fields(form: Form) -> dict[str, dict[str, Any]]:
    """Return what is known of each field, by its name, in the order of the form."""
    return {name: {"holds": holds} for name, holds in form.holds.items()}
