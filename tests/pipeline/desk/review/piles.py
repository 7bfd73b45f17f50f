"""Piles for the review page: two delivery notes whose lines and totals are calculated."""

from dataclasses import asdict
from fractions import Fraction
from typing import Any

from pipeline.desk.arithmetic import Habit, apply_formulas
from pipeline.desk.forms.form import Form
from pipeline.desk.forms.formulas import parse_formula
from pipeline.desk.forms.regions import Region
from pipeline.desk.review_data import spell_out
from pipeline.reader.batch.readings import Reading, RowReading

PITCH, TOP, HIGH = 40, 200, 24  # pixels: distance of lines, height of the first, height of digits
COLUMNS = {"number": 700, "quantity": 60, "price": 500, "sum": 700, "total": 700}
SIZE = (1000, 800)  # height, width
FITS = {
    "number": r"\d{5}",
    "quantity": r"\d{1,3}",
    "price": r"\d+[.,]\d\d",
    "sum": r"\d+[.,]\d\d",
    "total": r"\d+[.,]\d\d",
}
REVIEWED = ["file", "row", "region", "value", "checked", "change", "text", "digits", "confidence"]
REVIEWED += ["left", "top", "right", "bottom"]


def make_row(field: str, line: int, text: str, confidence: float = 0.99, **others: Any) -> dict[str, Any]:
    """Return a row whose digits are 20 pixels wide; those of a doubtful one have its confidence."""
    top = {"number": 60, "total": 900}.get(field, TOP + PITCH * (line - 1))
    signs: list[list[Any]] = []
    for character in text:
        if character.isdecimal():
            signs.append([character, confidence])
        elif signs:
            signs[-1][0] += character
    boxes = [[COLUMNS[field] + 20 * i, top, COLUMNS[field] + 20 * i + 18, top + HIGH] for i in range(len(signs))]
    box = [COLUMNS[field], top, boxes[-1][2] if boxes else COLUMNS[field] + 60, top + HIGH]
    row = {"region": field, "line": line, "text": text, "digits": "".join(filter(str.isdecimal, text))}
    row |= {"confidence": confidence, "alternatives": [], "withheld": not text, "box": box, "boxes": boxes}
    return {**row, "signs": signs, **others}


def make_page(name: str, rows: list[dict[str, Any]], problems: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    regions = {field: [[x - 20, TOP - 20, x + 120, TOP + 10 * PITCH]] for field, x in COLUMNS.items()}
    regions |= {"number": [[680, 40, 800, 100]], "total": [[680, 880, 800, 940]]}
    page = {"file": f"{name}.png", "name": name, "id": f"id of {name}", "source": f"./{name}.png", "size": SIZE}
    return {
        **page,
        "upright": [1, 0, 0, 0],
        "decimal": ".",
        "regions": regions,
        "problems": problems or [],
        "rows": rows,
    }


def make_pile(pages: list[dict[str, Any]], **others: Any) -> dict[str, Any]:
    lines = {"quantity", "price", "sum"}
    fields = {
        field: {
            "holds": "lines" if field in lines else "one",
            "regions": ["0%,0%,100%,100%"],
            "pattern": FITS[field],
            "fits": spell_out(FITS[field]),
            "spaces": False,
            "separators": field in ("price", "sum", "total"),
            "unit": "1/100" if field in ("price", "sum", "total") else "1",
        }
        for field in COLUMNS
    }
    pile = {"key": "pile", "title": "Delivery notes", "columns": REVIEWED, "fields": fields, "toml": ""}
    pile["lines"] = {"sum": {"text": "quantity * price", "formula": ["*", ["field", "quantity"], ["field", "price"]]}}
    pile["sums"] = {"total": {"text": "sum(sum)", "formula": ["sum", "sum"]}}
    pile |= others

    def weigh(way: dict[str, Any]) -> dict[str, Any]:
        other = {"other": weigh(way["other"])} if "other" in way else {}
        return {**way, "rows": weigh_rows(way["rows"], pile), **other}

    return {**pile, "pages": [weigh(page) for page in pages]}


def weigh_rows(rows: list[dict[str, Any]], pile: dict[str, Any]) -> list[dict[str, Any]]:
    """Return rows as `list_pages` does, with what the formulas of the pile say of them."""
    fields = pile["fields"]
    if not all(row["region"] in fields for row in rows):
        return rows
    names = [*fields]
    regions = tuple(
        Region(name, ("0", "0", "9", "9"), each.get("pattern"), each["holds"]) for name, each in fields.items()
    )
    lines, sums = (
        {target: parse_formula(each["text"], names, table == "sums") for target, each in pile[table].items()}
        for table in ("lines", "sums")
    )
    habits = {name: Habit(Fraction(each.get("unit", 1)), each.get("rounds", False)) for name, each in fields.items()}
    read = tuple(RowReading(**{**row, "alternatives": tuple(map(tuple, row["alternatives"]))}) for row in rows)
    page = apply_formulas(Reading("a.png", rows=read), Form(regions, lines, sums, "."), habits)
    return [asdict(row) for row in page.rows]


def make_delivery(name: str = "one", **changes: dict[str, Any]) -> dict[str, Any]:
    """Return a page with three lines. changes: others of a row, by its field and line, as in price2."""
    lines = [("3", "47.50", "142.50"), ("2", "10.00", "20.00"), ("10", "4.30", "43.00")]
    rows = [make_row("number", 1, "56924")]
    for number, texts in enumerate(lines, start=1):
        rows += [make_row(field, number, text) for field, text in zip(("quantity", "price", "sum"), texts, strict=True)]
    rows.append(make_row("total", 1, "205.50"))
    for row in rows:
        change = changes.pop(f"{row['region']}{row['line']}", {})
        row |= make_row(row["region"], row["line"], **{"text": row["text"], **change})
    assert not changes
    return make_page(name, [row for row in rows if not row.get("absent")])
