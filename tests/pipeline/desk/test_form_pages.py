import itertools
from dataclasses import replace

import pytest

from pipeline.desk.form_pages import check_pages, group_problems, tabulate
from pipeline.desk.forms.filled import INK
from pipeline.desk.forms.form import Form
from pipeline.desk.forms.formulas import Formula
from pipeline.desk.forms.regions import Region
from pipeline.reader.batch.readings import Reading, RowReading
from pipeline.reader.pages.result import Problem

BOTTOMS = itertools.count(9)  # no two pages are the same
FORM = Form(
    (Region("day", holds="lines"), Region("amount", holds="lines"), Region("total", holds="one"), Region("note")),
    sums={"total": Formula("sum(amount)", ("sum", "amount"))},
)


def make_row(text: str, region: str, line: int, confidence: float) -> RowReading:
    box = (0, 0, 9, next(BOTTOMS))
    return RowReading(text, "", confidence, (), (), box, not text, region=region, line=line)


def make_page(name: str, lines: list[tuple[str, str]], total: str, *problems: Problem) -> Reading:
    """Return a page; an empty text has no row."""
    rows = []
    for number, texts in enumerate(lines, start=1):
        for region, text in zip(("day", "amount"), texts, strict=True):
            rows += [make_row(text, region, number, 0.9 - 0.1 * number)] * bool(text)
    return Reading(name, rows=(*rows, make_row(total, "total", 1, 0.95)), problems=problems)


def list_problems(page: Reading) -> list[str]:
    return list(map(str, group_problems(page.problems)))


def test_sum_that_does_not_add_up_is_a_problem() -> None:
    right = make_page("a.png", [("1", "10.50"), ("2", "20")], "30,50")
    wrong = make_page("b.png", [("1", "10.50"), ("2", "20")], "31.50")
    withheld = make_page("c.png", [("1", "x"), ("2", "20")], "30.50")
    first, second, third = check_pages([right, wrong, withheld], FORM)
    assert list_problems(first) == []
    assert list_problems(second) == ["total: 31.50, but sum(amount) is 30.50"]
    assert len(list_problems(third)) == 1


def test_francs_and_centimes_in_columns_of_their_own_are_one_amount() -> None:
    right = make_page("a.png", [("1", "44 00"), ("2", "0 75")], "44.75")
    wrong = make_page("b.png", [("1", "44 00"), ("2", "0 75")], "44 70")
    first, second = check_pages([right, wrong], FORM)
    assert list_problems(first) == []
    assert list_problems(second) == ["total: 44 70, but sum(amount) is 44.75"]


@pytest.mark.parametrize(
    ("texts", "total", "count"),
    [
        (["8", "9"], "17", 0),
        (["8", "9"], "18", 1),
        (["8 10", "9"], "27", 0),  # a space separates numbers
        (["8", "19"], "27", 0),
        (["8 10", "9", ""], "27", 1),
    ],
)
def test_fields_with_many_numbers_have_a_sum(texts: list[str], total: str, count: int) -> None:
    form = Form((Region("note"), Region("total", holds="one")), sums={"total": Formula("sum(note)", ("sum", "note"))})
    rows = [make_row(text, "note", 0, 0.9) for text in texts]
    (checked,) = check_pages([Reading("a.png", rows=(*rows, make_row(total, "total", 1, 0.9)))], form)
    assert len(checked.problems) == count


def test_table_has_the_places_of_missed_ink_in_a_line_per_field() -> None:
    boxes = (("day", (1, 2, 30, 40)), ("amount", (5, 6, 70, 80)), ("day", (1, 50, 30, 90)))
    page = make_page("a.png", [("1", "10")], "10", *(Problem("ink", INK, field, box) for field, box in boxes))
    day, amount = [line["check"] for line in tabulate(page, FORM) if "check" in line]
    assert day.startswith("day: ")
    assert day.endswith("2 places, at 1,2,30,40; 1,50,30,90")
    assert amount.startswith("amount: ")
    assert amount.endswith(", at 5,6,70,80")


def test_page_with_fewer_rows_than_most_is_named() -> None:
    lines = [("1", "10"), ("2", "20"), ("3", "30")]
    pages = [make_page(f"{number}.png", lines, "60") for number in range(4)]
    pages.append(make_page("short.png", [("1", "10"), ("", "20"), ("3", "30")], "60"))
    *full, short = check_pages(pages, FORM)
    assert [each for page in full for each in list_problems(page)] == []
    assert list_problems(short) == ["day: 2 rows, most pages have 3"]


def test_table_has_a_line_per_record_and_names_what_is_missing() -> None:
    page = make_page("a.png", [("1", "10"), ("", "20")], "31")
    others = make_row("77", "day", 0, 0.5), make_row("8", "note", 0, 0.6), make_row("9", "note", 0, 0.6)
    (checked,) = check_pages([replace(page, rows=(*page.rows, *others))], FORM)
    lines = list(tabulate(checked, FORM))
    whole = {"file": "a.png", "total": "31", "note": "8; 9"}
    assert lines[:2] == [
        {**whole, "line": "1", "day": "1", "amount": "10", "confidence": "0.6000"},
        {**whole, "line": "2", "amount": "20", "confidence": "0.5453"},  # as the total needs 21, or another one
    ]
    assert lines[2] == {"file": "a.png", "day": "77", "confidence": "0.5000", "check": "fits no line"}
    assert [line["check"] for line in lines[3:]] == ["total: 31, but sum(amount) is 30"]


def test_form_without_lines_has_a_line_per_page_and_an_error_one_of_its_own() -> None:
    form = Form((Region("total", holds="one"),))
    page = make_page("a.png", [], "31")
    assert list(tabulate(page, form)) == [{"file": "a.png", "line": "1", "total": "31", "confidence": "0.9500"}]
    damaged = Reading("b.png", "b.png is damaged")
    assert list(tabulate(damaged, form)) == [{"file": "b.png", "check": "b.png is damaged"}]
    assert check_pages([damaged], form) == [damaged]


def test_page_that_is_in_the_pile_twice_or_of_another_form_has_one_line_and_no_numbers() -> None:
    page = make_page("a.png", [("1", "10"), ("2", "20")], "30")
    foreign = make_page("c.png", [("1", "10")], "10", Problem("foreign", "cannot be aligned"))
    first, second, third = check_pages([page, replace(page, file="b.png"), foreign], FORM)
    assert len([*tabulate(first, FORM)]) == 2
    assert [*tabulate(second, FORM)] == [{"file": "b.png", "check": "is the same page as a.png: leave it out"}]
    assert [*tabulate(third, FORM)] == [{"file": "c.png", "check": "cannot be aligned"}]
