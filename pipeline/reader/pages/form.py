"""Forms: what a person knows about a pile of pages. A TOML file names the fields, and says where and what they are."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from pipeline.engine.documents import require_regular
from pipeline.engine.errors import UsageError
from pipeline.pictures.decoding import PictureError, Source, load_picture
from pipeline.reader.pages.regions import Holds, Region, parse_edges
from pipeline.reader.pages.registration import Template, make_template
from pipeline.reader.rows.expected import compile_pattern, count_digits

DIGITS = tuple("0123456789")
RESERVED = ("file", "line", "confidence", "check")  # other columns of the table
SUM = re.compile(r"\s*sum\((.*)\)\s*")


class FieldEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field as it stands in the file."""

    region: str | list[str] = "0%,0%,100%,100%"
    digits: int | str | None = None
    pattern: str | None = None
    holds: Holds = "many"


class FormFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the file."""

    fields: dict[str, FieldEntry]
    sums: dict[str, str] = {}
    template: str | None = None


@dataclass(frozen=True)
class Form:
    """The fields of a form. sums: pairs of fields, of which the first is the sum of the second.

    named: the picture that the file names as the template. template: the page on which others are laid, or None if
    each page is read as it lies.
    """

    regions: tuple[Region, ...]
    sums: tuple[tuple[str, str], ...] = ()
    named: Path | None = None
    template: Template | None = None

    @property
    def holds(self) -> Mapping[str, Holds]:
        """What each field holds, by its name, in the order of the file."""
        return {region.name: region.holds for region in self.regions}

    @property
    def digest(self) -> str:
        """SHA-256 hash of the fields, the sums and the template, in hexadecimal."""
        digest = hashlib.sha256(repr((self.regions, self.sums)).encode())
        if self.template:
            digest.update(repr((self.template.name, self.template.size)).encode())
            digest.update(self.template.inks[-1].tobytes())
        return digest.hexdigest()


def load_form(path: str | os.PathLike[str]) -> Form:
    """Return the form that a TOML file describes; `add_template` completes it. Raises UsageError if it is none."""
    path = Path(path)
    try:
        require_regular(path)
        entries = msgspec.toml.decode(path.read_bytes(), type=FormFile)
    except OSError as error:
        raise UsageError(f"the form {path} cannot be read: {error.strerror}: check the path") from None
    except (ValueError, RecursionError) as error:  # also of msgspec and tomllib
        reason = " ".join(str(error).split())
        raise UsageError(
            f"the form {path} is not valid: {reason}: write [fields.NAME] with region, digits or "
            "pattern, and holds = 'lines', 'one' or 'many'"
        ) from None
    if not entries.fields:
        raise UsageError(f"the form {path} has no field: add one as [fields.NAME]")
    try:
        regions = tuple(region for name, entry in entries.fields.items() for region in _make_regions(name, entry))
        sums = tuple(_parse_sum(total, text, entries.fields) for total, text in entries.sums.items())
    except UsageError as error:
        raise UsageError(f"the form {path}: {error}") from None
    return Form(regions, sums, path.parent / entries.template if entries.template else None)


def _make_regions(name: str, entry: FieldEntry) -> list[Region]:
    if name in RESERVED or not name.isprintable() or not name.strip():
        raise UsageError(f"a field cannot have the name {name!r}: choose another one")
    if entry.digits is not None and entry.pattern is not None:
        raise UsageError(f"the field {name} has digits and a pattern: give it one of them")
    pattern = entry.pattern if entry.digits is None else count_digits(str(entry.digits))
    if pattern is not None:
        compile_pattern(pattern, DIGITS)  # raises UsageError
    parts = [entry.region] if isinstance(entry.region, str) else entry.region
    if not parts:
        raise UsageError(f"the field {name} has no region: leave the key out for the whole page")
    return [Region(name, parse_edges(text), pattern, entry.holds, part) for part, text in enumerate(parts)]


def _parse_sum(total: str, text: str, fields: Mapping[str, FieldEntry]) -> tuple[str, str]:
    found = SUM.fullmatch(text)
    if not found:
        raise UsageError(f"{text} is not a sum: write it as sum(NAME)")
    for name in (total, found[1].strip()):
        if name not in fields:
            raise UsageError(f"the sum {total} = {text} needs the field {name}: add it as [fields.{name}]")
    return total, found[1].strip()


def add_template(form: Form, page: Source, name: str, number: int = 0) -> Form:
    """Return the form with the page on which others are laid.

    name: of the page in messages. number: of the page in its file, from 0. Raises UsageError if nothing is printed on
    it, or if it does not have a region; PictureError if it cannot be read.
    """
    grey, size, _ = load_picture(page, name, number)
    template = make_template(grey, size, name)
    if template.is_empty:
        raise UsageError(f"nothing is printed on {name}: write template = with the name of a filled page into the form")
    for region in form.regions:
        try:
            region.locate(size, name)
        except PictureError as error:
            raise UsageError(str(error)) from None
    return replace(form, template=template)
