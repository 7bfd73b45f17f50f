"""The data of the review page, on which a person checks the rows: its pages and its form, JSON-like."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from pipeline.desk.arithmetic import SETTLED, Habit, apply_formulas, choose_decimal, find_habits
from pipeline.desk.form_pages import find_usual
from pipeline.desk.forms.form import DECIMALS, DIGIT_NAMES, FIELD_KEYS, KEYS, RESERVED, TYPE_NAMES, Form
from pipeline.desk.forms.formulas import MOST_FORMULA_CHARACTERS, Formula
from pipeline.reader.batch.boxes import CERTAIN, Box
from pipeline.reader.batch.readings import Reading
from pipeline.reader.batch.table import FORMULA
from pipeline.reader.pages.result import find_doubt
from pipeline.reader.rows.expected import MOST_DIGITS
from pipeline.reader.rows.expressions import TOKEN, UNNAMED, find_fitting_characters
from pipeline.reader.rows.labels import SEPARATORS, SPACE

GLANCE = 250  # milliseconds for which a question is shown before an answer counts


def list_pages(found: Sequence[Reading], form: Form | None) -> list[dict[str, Any]]:
    """Return the pages that were read.

    Besides what a reading has: the path of the file, its image and its size as in `PageView`; an `id` that only this
    page has; and with a form, the decimal separator of the table, the boxes of each field, the `doubt` for which a
    person is to decide about the page, and what was read in the `other` way up.
    """
    pages = []
    seen = Counter[str]()
    habits = find_habits(_list_certain(found), form) if form else {}
    form = form and choose_decimal(form, found)
    for reading in found:
        view = reading.view
        if reading.error or not view:
            continue
        seen[reading.id] += 1
        number = f"-{seen[reading.id]}" if seen[reading.id] > 1 else ""
        page = {
            "file": reading.file,
            **asdict(view),
            "id": reading.id + number,
            **_show_way(reading, form, habits, view.size),
        }
        if form:
            page["decimal"] = form.decimal
        if doubt := find_doubt(reading.problems):
            page["doubt"] = {"kind": doubt.kind, "what": doubt.what}
        if other := reading.other:
            size = view.size[::-1] if (other.degrees - reading.degrees) % 180 else view.size
            page["other"] = {**_show_way(other, form, habits, size), "size": size}
        pages.append(page)
    return pages


def _list_certain(found: Sequence[Reading]) -> list[Reading]:
    return [page for page in found if not page.error and not find_doubt(page.problems)]


def _show_way(
    reading: Reading, form: Form | None, habits: Mapping[str, Habit], size: tuple[int, int]
) -> dict[str, Any]:
    """Return what was read on a page in one way up; in doubt about the page, as if it is one of the form."""
    doubt = find_doubt(reading.problems)
    problems = [each for each in reading.problems if not each.line or each.kind in ("ink", "unfit")]
    rows = reading.rows
    if form and doubt and doubt.kind != "foreign":  # otherwise, the formulas are applied already
        restored = tuple(
            replace(row, text=row.before[0][0], confidence=row.before[0][1], alternatives=row.before[1:], before=())
            if row.before
            else row
            for row in rows
        )
        rows = apply_formulas(replace(reading, rows=restored), form, habits).rows
    return {
        "upright": reading.upright,
        "turn": reading.degrees,
        "problems": [asdict(each) for each in problems if each.kind != "sum" and each != doubt],
        "rows": [asdict(row) for row in rows],
        "regions": _place_regions(form, reading, size) if form else {},
    }


def _place_regions(form: Form, reading: Reading, size: tuple[int, int]) -> dict[str, list[Box]]:
    """Return a rectangle around each region of each field, in pixels of the page. size: its (height, width)."""
    height, width = form.reference.size if form.reference else size
    a, b, c, d = reading.upright or (1.0, 0.0, 0.0, 0.0)
    turn, corner = complex(a, b), complex(c, d)
    if (turn, corner) == (1, 0):
        down, right = size[0] / height, size[1] / width  # the page is read as it lies
    else:
        down = right = max(size) / max(height, width)
    placed: dict[str, list[Box]] = {}
    for region in form.regions:
        left, top, end, bottom = region.locate((height, width), reading.file)
        corners = np.array([y + 1j * x for y in (top * down, bottom * down) for x in (left * right, end * right)])
        points = (corners - corner) / turn
        y, x = np.clip(np.rint(points.real), 0, size[0]), np.clip(np.rint(points.imag), 0, size[1])
        box = int(x.min()), int(y.min()), int(x.max()), int(y.max())
        placed.setdefault(region.name, []).append(box)
    return placed


def describe_form(form: Form | None, found: Sequence[Reading]) -> dict[str, Any]:
    """Return what is known of a form: its title, text, formulas and fields."""
    if not form:
        return {"title": "", "toml": "", "fields": {}, "lines": {}, "sums": {}}
    formulas = {"lines": _describe_formulas(form.lines), "sums": _describe_formulas(form.sums)}
    return {"title": form.path.stem, "toml": form.text, "fields": _list_fields(form, found), **formulas}


def _describe_formulas(formulas: Mapping[str, Formula]) -> dict[str, Any]:
    return {target: {"text": formula.text, "formula": formula.tree} for target, formula in formulas.items()}


def list_constants() -> dict[str, Any]:
    """Return what the scripts of the page know of forms and tables, so that it is written once."""
    types = {str: "string", int: "number", list: "list", dict: "table"}
    keys, field_keys = (
        {key: [types[each] for each in allowed] for key, allowed in known.items()} for known in (KEYS, FIELD_KEYS)
    )
    return {
        "keys": keys,
        "fieldKeys": field_keys,
        "typeNames": {types[each]: name for each, name in TYPE_NAMES.items()},
        "reserved": RESERVED,
        "decimals": DECIMALS,
        "mostDigits": MOST_DIGITS,
        "mostCharacters": MOST_FORMULA_CHARACTERS,
        "settled": SETTLED,
        "certain": CERTAIN,
        "glance": GLANCE,
        "characters": [*DIGIT_NAMES, " ", *SEPARATORS],
        "unnamed": UNNAMED,
        "token": TOKEN.pattern.replace("(?P<", "(?<"),
        "formula": FORMULA,
    }


def spell_out(pattern: str) -> str:
    r"""Return a regular expression that every language reads alike: with the characters that fit each part of it.

    >>> spell_out(r"\d[.,](?:5|\s)")
    '[0123456789][.,](?:[5]|[ ])'
    """
    characters = [*DIGIT_NAMES, " ", *SEPARATORS]

    def spell(token: re.Match[str]) -> str:
        if token["atom"] is None:
            return re.sub(r"^\{,", "{0,", token[0])
        fitting = (characters[i] for i in sorted(find_fitting_characters(token["atom"], characters)))
        return f"[{''.join(fitting)}]".replace("-", r"\-")

    return TOKEN.sub(spell, pattern)


def _list_fields(form: Form, found: Sequence[Reading]) -> dict[str, dict[str, Any]]:
    """Return what is known of each field.

    regions, pattern: as in the form. fits: see `spell_out`. spaces, separators: whether they count in it.
    unit, rounds: as in `Habit`. most: number of rows below which a page has too few.
    """
    read = _list_certain(found)
    habits = find_habits(read, form)
    fields: dict[str, dict[str, Any]] = {}
    for region in form.regions:
        known = fields.setdefault(region.name, {"holds": region.holds, "regions": []})
        known["regions"].append(",".join(region.edges))
        known["unit"] = str(habits[region.name].unit)
        known["rounds"] = habits[region.name].rounds
        known["most"] = find_usual(read, region.name) if region.holds == "lines" else 0
        if region.pattern is not None and (expected := region.compile(DIGIT_NAMES)):
            counts_as = expected.counts_as.tolist()
            ignored = counts_as[-1]  # the blank
            known["pattern"], known["fits"] = region.pattern, spell_out(region.pattern)
            known["spaces"] = counts_as[len(DIGIT_NAMES) + SPACE] != ignored
            known["separators"] = any(counts_as[len(DIGIT_NAMES) + each] != ignored for each in SEPARATORS.values())
    return fields
