"""Forms: what a person knows about a pile of pages. A TOML file names the fields, and says where and what they are."""

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.desk.forms.filled import read_form
from pipeline.desk.forms.formulas import Formula, list_fields, parse_formula
from pipeline.desk.forms.frames import make_frame
from pipeline.desk.forms.missed import USUAL, find_print
from pipeline.desk.forms.regions import SHOWN, Holds, Region, parse_edges
from pipeline.desk.forms.registration import Placement, Reference, align_page, make_reference
from pipeline.desk.forms.table_rows import find_table_rows
from pipeline.engine.errors import UsageError
from pipeline.model.model import Detector
from pipeline.network.thread_pool import Run, in_sequence
from pipeline.pictures.decoding import Page, PictureError, PictureSource, load_page
from pipeline.reader.pages.result import Result
from pipeline.reader.rows.expected import compile_pattern, count_digits

DIGIT_NAMES = tuple("0123456789")
RESERVED = ("file", "line", "confidence", "check")  # other columns of the table
WHOLE_PAGE = "0%,0%,100%,100%"
MOST_FORM_CHARACTERS = 20_000  # of a file: parsing a key takes time with the square of its parts

# What the file and each of its fields may have, the types of the values, and how messages name these types.
KEYS = {"fields": (dict,), "lines": (dict,), "sums": (dict,), "reference": (str,), "decimal": (str,)}
FIELD_KEYS = {"region": (str, list), "digits": (int, str), "pattern": (str,), "holds": (str,)}
DECIMALS = (".", ",")
TYPE_NAMES = {str: "text in quotes", int: "a whole number", list: "a list of texts", dict: "a table"}


@dataclass(frozen=True)
class Calculated:
    """Formulas in a table of the file. targets, used: what a field with a result, or in a formula, may hold."""

    table: str
    targets: tuple[Holds, ...]
    used: tuple[Holds, ...]
    has_sums: bool
    example: str


LINE_FORMULAS = Calculated("lines", ("lines",), ("lines", "one"), has_sums=False, example='sum = "quantity * price"')
SUM_FORMULAS = Calculated("sums", ("one",), ("one",), has_sums=True, example='total = "sum(amount)"')


@dataclass(frozen=True)
class Form:
    """The fields of a form.

    lines, sums: how the number in a field of a line, and one of the page, follows from others. decimal: separator of
    the decimals in the table, "" for the most frequent one. named: the picture that the file names as the reference
    page, as it is written there, or "". reference: the page on which others are laid, or None if each page is read as
    it lies. path, text: of the file.
    """

    regions: tuple[Region, ...]
    lines: Mapping[str, Formula] = field(default_factory=dict)
    sums: Mapping[str, Formula] = field(default_factory=dict)
    decimal: str = ""
    named: str = ""
    reference: Reference | None = None
    path: Path = Path("form.toml")
    text: str = ""

    @property
    def holds(self) -> Mapping[str, Holds]:
        """What each field holds, by its name, in the order of the file."""
        return {region.name: region.holds for region in self.regions}

    @property
    def patterns(self) -> Mapping[str, str | None]:
        """The pattern of each field, by its name."""
        return {region.name: region.pattern for region in self.regions}

    def read_fields(self, model: Detector, page: Page, run: Run = in_sequence, name: str = "the picture") -> Result:
        """Read the fields of a page; see `read_form`."""
        return read_form(model, page.grey, page.size, self.regions, self.reference, run, name)

    @property
    def digest(self) -> str:
        """SHA-256 hash of the fields and the reference page, which decide what is read, in hexadecimal."""
        digest = hashlib.sha256(repr(self.regions).encode())
        if self.reference:
            digest.update(repr((self.reference.name, self.reference.size)).encode())
            digest.update(self.reference.inks[-1].tobytes())
            digest.update(b"" if self.reference.printed is None else self.reference.printed.tobytes())
        return digest.hexdigest()


def load_form(path: str | os.PathLike[str]) -> Form:
    """Return the form that a TOML file describes; `add_reference` completes it.

    Raises UsageError if the file is missing or is not a form.
    """
    path = Path(path)
    try:
        if path.is_dir():
            example = next(map(str, sorted(path.glob("*.toml"))), f"{path}/form.toml")
            raise UsageError(f"the form {path} is a folder, not a file: name the form file, such as {example}")
        if path.exists() and not path.is_file():  # opening a pipe may block forever
            raise UsageError(f"the form {path} is not a file: check the path")
        is_long = path.stat().st_size > 4 * MOST_FORM_CHARACTERS  # in UTF-8, then it is not read
        text = "" if is_long else path.read_text(encoding="utf-8-sig")
        if is_long or len(text) > MOST_FORM_CHARACTERS:
            raise UsageError(
                f"the form {path} has more than {MOST_FORM_CHARACTERS:,} characters: keep only fields, lines and sums"
            )
        if re.search("[0-9A-Fa-f_]{1000}", text):  # Python does not convert numbers of many digits to text
            raise UsageError(f"the form {path} has a number of more than 1,000 digits: correct it")
        content = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"the form {path} cannot be read ({error.strerror}): check the path") from None
    except UnicodeDecodeError:
        raise UsageError(f"the form {path} is not UTF-8 text: save it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        if "Unescaped" in reason:
            advice = r"write a pattern in single quotes, as in pattern = '\d+'"
            raise UsageError(f"the form {path} has a backslash in double quotes: {advice}") from None
        advice = (
            r"write patterns in single quotes, as in '\d+'"
            if "\\" in reason
            else "write [fields.NAME], then its region"
        )
        raise UsageError(f"the form {path} is not TOML: {reason}: {advice}") from None
    try:
        _check_keys(content, KEYS, "the file")
        fields, decimal = content.get("fields", {}), content.get("decimal", "")
        if not fields:
            raise UsageError("the file has no field: add one as [fields.NAME]")
        regions = tuple(region for name, entry in fields.items() for region in _make_regions(name, entry))
        if decimal not in ("", *DECIMALS):
            raise UsageError(f"the file has decimal = {_show(decimal)}: write {' or '.join(map(_show, DECIMALS))}")
        holds = {region.name: region.holds for region in regions}
        lines = {name: _parse(name, text, holds, LINE_FORMULAS) for name, text in content.get("lines", {}).items()}
        sums = {name: _parse(name, text, holds, SUM_FORMULAS) for name, text in content.get("sums", {}).items()}
    except UsageError as error:
        raise UsageError(f"the form {path}: {error}") from None
    return Form(regions, lines, sums, decimal, content.get("reference", ""), path=path, text=text)


def _check_keys(table: Mapping[str, Any], allowed: Mapping[str, tuple[type, ...]], where: str) -> None:
    """Raise UsageError if a table has another key than these, or a value of another type."""
    for key, value in table.items():
        shown = f"{key} = {_show(value)}"
        if key not in allowed:
            raise UsageError(f"{where} has the unknown key {shown}: the known keys are {', '.join(allowed)}")
        if type(value) not in allowed[key]:  # a bool is also an int
            raise UsageError(f"{where} has {shown}: write {' or '.join(TYPE_NAMES[each] for each in allowed[key])}")


def _show(value: Any, depth: int = 3) -> str:
    """Return a value as TOML writes it, shortened. depth: how many nested lists and tables are shown."""
    if isinstance(value, list | dict) and not depth:
        return "..."
    if isinstance(value, list):
        text = f"[{', '.join(_show(each, depth - 1) for each in value)}]"
    elif isinstance(value, dict):
        text = f"{{{', '.join(f'{key} = {_show(each, depth - 1)}' for key, each in value.items())}}}"
    elif isinstance(value, bool | str):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _make_regions(name: str, entry: Any) -> list[Region]:
    if name in RESERVED or not name.isprintable() or not name.strip():
        raise UsageError(f"a field cannot have the name {_show(name)}: choose another one")
    if not isinstance(entry, dict):
        raise UsageError(f"the field {name} is {_show(entry)}: write it as a table, [fields.{name}]")
    _check_keys(entry, FIELD_KEYS, f"the field {name}")
    region, digits, pattern = entry.get("region", WHOLE_PAGE), entry.get("digits"), entry.get("pattern")
    parts, holds = region if isinstance(region, list) else [region], entry.get("holds", "many")
    if holds not in get_args(Holds):
        raise UsageError(f"the field {name} has holds = {_show(holds)}: write one of {', '.join(get_args(Holds))}")
    if digits is not None and pattern is not None:
        raise UsageError(f"the field {name} has digits and a pattern: give it one of them")
    if not all(isinstance(text, str) for text in parts):
        raise UsageError(f"the field {name} has region = {_show(region)}: write each region as text in quotes")
    if not parts:
        raise UsageError(f"the field {name} has no region: leave the key out for the whole page")
    try:
        if digits is not None:
            pattern = count_digits(str(digits))
        if pattern is not None:
            compile_pattern(pattern, DIGIT_NAMES)
            if holds == "many":  # a space parts them
                pattern = f"({pattern})( ({pattern}))*"
                compile_pattern(pattern, DIGIT_NAMES)
        whole = digits is not None
        return [Region(name, parse_edges(text), pattern, holds, part, whole) for part, text in enumerate(parts)]
    except UsageError as error:
        raise UsageError(f"the field {name}: {error}") from None


def _parse(target: str, text: Any, holds: Mapping[str, Holds], kind: Calculated) -> Formula:
    """Return the formula for the number in the field `target`."""
    shown = f"{target} = {_show(text)} in [{kind.table}]"
    if target not in holds:
        raise UsageError(f"{shown} needs the field {target}: add it as [fields.{target}]")
    if not isinstance(text, str):
        raise UsageError(f"{shown} is not a formula: write it as text in quotes, such as {kind.example}")
    try:
        formula = parse_formula(text, list(holds), has_sums=kind.has_sums)
    except UsageError as error:
        raise UsageError(f"{shown}: {error}; such as {kind.example}") from None
    used = list_fields(formula.tree, "field")
    if target in used | list_fields(formula.tree, "sum"):
        raise UsageError(f"{shown} refers to itself: leave {target} out of the formula")
    for name, allowed in ((target, kind.targets), *((name, kind.used) for name in sorted(used))):
        if holds[name] not in allowed:
            wanted = " or ".join(f'holds = "{each}"' for each in allowed)
            raise UsageError(f"{shown} needs one number of {name}: write {wanted} into [fields.{name}]")
    return formula


def add_reference(form: Form, page: PictureSource, name: str, number: int = 0, others: Iterable[Page] = ()) -> Form:
    """Return the form with a reference page, with which other pages are aligned.

    page: its path, open binary file or Pillow image. name: its name in messages. number: its number in the file, from
    0. others: further pages of the pile; what the first that can be aligned shares with the reference page counts as
    print, and is not read. Raises UsageError if nothing is printed on the page, or if a region lies outside of it;
    PictureError if it cannot be read.
    """
    loaded = load_page(page, name, number)
    reference = make_reference(loaded.grey, loaded.size, name)
    if reference.is_empty:
        raise UsageError(
            f"nothing is printed on {name}: write reference = with the name of a filled page into the form"
        )
    for region in form.regions:
        try:
            region.locate(loaded.size, name)
        except PictureError as error:
            raise UsageError(str(error)) from None
    printed = next((found for other in others if (found := _find_print(reference, loaded, other)) is not None), None)
    return replace(form, reference=replace(reference, printed=printed, rules=_find_rules(form, loaded, name)))


def _find_rules(form: Form, page: Page, name: str) -> tuple[tuple[float, ...], ...]:
    """Return the rules between the rows of the form's table, for each part of its columns."""
    scale = max(page.size) / max(page.grey.shape)
    columns = [region for region in form.regions if region.holds == "lines"]
    parts = [[region for region in columns if region.part == part] for part in range(len(columns))]
    found = []
    for some in filter(None, parts):
        boxes = [region.locate(page.size, name) for region in some]
        small = [(left / scale, top / scale, right / scale, bottom / scale) for left, top, right, bottom in boxes]
        found.append(tuple(scale * each for each in find_table_rows(page.grey, small)))
    return tuple(found)


def _find_print(reference: Reference, page: Page, other: Page) -> NDArray[np.bool_] | None:
    """Return where a form is printed, (h, w) as in the reference page, or None if the other page does not show it."""
    placement = align_page(reference, other.grey)
    if placement is None or placement == Placement():  # another form, or the same page
        return None
    frame = make_frame(reference, other.grey, other.size, placement)
    height, width = page.grey.shape
    laid = Image.fromarray(frame.cut(0, 0, frame.shape[1], frame.shape[0])).resize((width, height))
    return find_print(page.grey, np.asarray(laid), USUAL * max(page.grey.shape))
