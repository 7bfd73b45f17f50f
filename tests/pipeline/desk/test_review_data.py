"""What the reader hands to the review page: the page opens it and asks what it should."""

import json
import re
from dataclasses import replace
from pathlib import Path

from pipeline.desk.forms.form import load_form
from pipeline.desk.review.review import render_review
from pipeline.desk.review_data import describe_form, list_constants, list_pages
from pipeline.reader.batch.readings import PageView, Reading, RowReading
from pipeline.reader.pages.result import Problem
from tests.pipeline.desk.review.piles import COLUMNS, FITS, REVIEWED, SIZE, make_row
from tests.pipeline.desk.review.test_logic import OPEN
from tests.pipeline.javascript import REVIEW, evaluate

FIELD = """
[fields.{name}]
region = "{left},180,{right},600"
pattern = '{pattern}'
holds = "lines"
"""
FORMULA = """
[lines]
sum = "quantity * price"
"""
LINES = ("quantity", "price", "sum")


def make_reading(field: str, line: int, text: str) -> RowReading:
    row = make_row(field, line, text)
    boxes, signs = tuple(map(tuple, row["boxes"])), tuple((sign, chance) for sign, chance in row["signs"])
    left, top, right, bottom = row["box"]
    box = left, top, right, bottom
    return RowReading(text, row["digits"], 0.99, (), boxes, box, not text, signs, field, line)


def test_page_asks_for_the_number_that_a_formula_needs(tmp_path: Path) -> None:
    text = FORMULA + "".join(
        FIELD.format(name=name, left=COLUMNS[name] - 20, right=COLUMNS[name] + 95, pattern=FITS[name]) for name in LINES
    )
    (tmp_path / "delivery notes.toml").write_text(text)
    form = load_form(tmp_path / "delivery notes.toml")
    texts = [("3", "41.50", "142.50"), ("2", "10.00", "20.00")]
    rows = [make_reading(name, line, each[i]) for line, each in enumerate(texts, 1) for i, name in enumerate(LINES)]
    ink = Problem("ink", "ink that was not read", "quantity", (60, 280, 90, 304), 3)
    view = PageView(str(tmp_path / "one.png"), SIZE, "")
    reading = Reading("one.png", rows=tuple(rows), problems=(ink,), upright=(1, 0, 0, 0), view=view, id="id of one")
    found = [reading, replace(reading, file="two.png", rows=tuple(rows[3:]), problems=())]
    values = {**describe_form(form, found), "columns": REVIEWED}
    page = render_review(list_pages(found, form), tmp_path / "review.html", list_constants(), **values)
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    pile = json.loads(data)
    assert pile["title"] == "delivery notes"
    opened = evaluate(
        OPEN, {**pile, "pages": [{**each, "name": each["file"]} for each in pile["pages"]]}, scripts=REVIEW
    )
    assert opened["items"] == [["one.png", "price 1", "≠", "47.50", ""], ["one.png", "quantity 3", "!", "", ""]]
    assert [line.get("quantity") for line in opened["records"]] == ["3", "2", None, "2"]
