"""`classify --form`: a pile of pages becomes a table."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.drawings import sample_digits, write_row
from tests.ledgers import COLUMNS, PITCH, TOP, Move, draw_ledger, move_page
from tests.processes import Run
from tests.stages.commands.test_classify import CLEAR, truth
from tests.stages.common import assert_one_line

LEFT = COLUMNS[0]
FORM = f"""
[fields.day]
region = "{LEFT + 4},{TOP},{COLUMNS[1] - 4},{TOP + 6 * PITCH}"
holds = "lines"

[fields.total]
region = "{COLUMNS[3] + 4},{TOP},{COLUMNS[4] - 4},{TOP + 2 * PITCH}"
digits = "1-3"
holds = "one"

[sums]
total = "sum(day)"
"""


def write_page(path: Path, lines: int, move: Move) -> None:
    """Write a page with the same number on some lines of the first column, and one in the last column."""
    page = np.asarray(draw_ledger(1, written=False), np.float32).copy()
    ink = write_row([sample_digits()[0][index] for index in CLEAR], 4)
    for x, line in [(LEFT, line) for line in range(lines)] + [(COLUMNS[3], 0)]:
        top = TOP + PITCH * line + 1
        part = page[top : top + ink.shape[0], x + 15 : x + 15 + ink.shape[1]]
        np.minimum(part, 240 - 0.8 * ink, out=part)
    move_page(Image.fromarray(page.astype(np.uint8)), move).save(path)


@pytest.mark.slow
def test_pages_become_a_table_and_what_may_be_missing_is_named(run: Run, tmp_path: Path) -> None:
    write_page(tmp_path / "a.png", 1, Move())
    write_page(tmp_path / "b.png", 3, Move(-2, 1.01, 20, 15))
    (tmp_path / "form.toml").write_text(FORM)
    outputs = ("--output", "table.csv", "--output", "all.jsonl", "--review", "review.html")
    result = run("classify", "--form", "form.toml", *outputs, "a.png", "b.png")
    assert result.returncode == 0, result.stderr
    with open(tmp_path / "table.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    number = truth(CLEAR)
    records = [(line["file"], line["line"], line["day"], line["total"]) for line in lines if line["line"]]
    assert records == [("a.png", "1", number, number), *(("b.png", str(i), number, number) for i in (1, 2, 3))]
    checks = [(line["file"], line["check"]) for line in lines if line["check"]]
    assert checks == [("b.png", f"total: {number}, but sum(day) is {3 * int(number)}")]
    assert result.stdout.splitlines()[-1].endswith(f"look first at b.png ({checks[0][1]})")
    first, second = (json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines())
    assert [row["line"] for row in second["rows"]] == [1, 2, 3, 1]
    assert "view" not in first
    assert (tmp_path / "review.html").stat().st_size > 10_000


@pytest.mark.slow
def test_page_that_cannot_be_aligned_is_named_before_a_wrong_sum(run: Run, tmp_path: Path) -> None:
    write_page(tmp_path / "a.png", 1, Move())
    write_page(tmp_path / "b.png", 3, Move())
    Image.new("L", (400, 500), 240).save(tmp_path / "c.png")
    (tmp_path / "form.toml").write_text(FORM)
    result = run("classify", "--form", "form.toml", "--output", "table.csv", "a.png", "b.png", "c.png")
    first, rest = result.stdout.splitlines()[-1].split("look first at ")[1].split(" (", 1)
    assert first == "c.png"
    assert "b.png (total: " in rest


@pytest.mark.parametrize("others", [["b.csv", "--output", "b.xlsx"], ["--output", "b.csv"], []])
def test_table_beside_other_things_is_not_a_picture(others: list[str], run: Run, tmp_path: Path) -> None:
    (tmp_path / "form.toml").write_text("[fields.a]")
    assert_one_line(run("classify", "--form", "form.toml", "a.csv", *others), 2, "a.csv is a table", "FILE.xlsx")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("[fields", "is not TOML"),
        ('[fields.a]\npattern = "\\d"', "single quotes"),
        ("[fields.a]\npattern = '(1'", "is not closed"),
        ("[fields.a]\nregion = '0,0,90%,9999'", "ends beyond"),
        ("reference = 'blank.png'\n[fields.a]", "nothing is printed on"),
        ("reference = 'none.png'\n[fields.a]", "does not exist"),
    ],
)
def test_wrong_form_is_one_line_and_status_2(form: str, words: str, run: Run, tmp_path: Path) -> None:
    write_page(tmp_path / "a.png", 1, Move())
    Image.new("L", (200, 300), 240).save(tmp_path / "blank.png")
    (tmp_path / "form.toml").write_text(form)
    assert_one_line(run("classify", "--form", "form.toml", "a.png"), 2, words)
