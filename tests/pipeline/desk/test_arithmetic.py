import math
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from pipeline.desk.arithmetic import Habit, apply_formulas, find_habits
from pipeline.desk.form_pages import check_pages, group_problems
from pipeline.desk.forms.form import Form, load_form
from pipeline.desk.forms.formulas import Formula
from pipeline.desk.forms.regions import Region
from pipeline.reader.batch.readings import Reading, RowReading

TEXT = """[fields]
quantity = { holds = "lines" }
price = { holds = "lines" }
sum = { holds = "lines" }
total = { holds = "one" }
[lines]
sum = "quantity * price"
[sums]
total = "sum(sum)"
"""
CENTS = Habit(Fraction(1, 100))
HABITS = {"quantity": Habit(), "price": CENTS, "sum": CENTS, "total": CENTS}
WHOLE = {"sum": Habit(), "total": Habit()}
Given = str | tuple[str, float] | tuple[str, float, str, float]


@pytest.fixture
def form(tmp_path: Path) -> Form:
    (tmp_path / "form.toml").write_text(TEXT)
    return load_form(tmp_path / "form.toml")


def make_row(given: Given, region: str, line: int) -> RowReading:
    text, chance, other, less = (given, 0.99, "", 0.0) if isinstance(given, str) else (*given, "", 0.0)[:4]
    others = ((other, less),) if other else ()
    return RowReading(text, "", chance, others, (), (0, 0, 9, 9), False, region=region, line=line)


def make_page(*lines: tuple[Given, Given, Given], total: Given = "") -> Reading:
    rows = [
        make_row(given, region, record)
        for record, line in enumerate(lines, start=1)
        for region, given in zip(("quantity", "price", "sum"), line, strict=True)
        if given
    ]
    return Reading("a.png", rows=(*rows, *([make_row(total, "total", 1)] if total else [])))


def list_texts(page: Reading) -> list[str]:
    return [row.text for row in page.rows]


def list_problems(page: Reading) -> list[str]:
    return [str(each).split(":")[0] for each in group_problems(page.problems)]


def test_line_that_adds_up_supports_its_readings(form: Form) -> None:
    page = apply_formulas(make_page((("3", 0.6), ("4.50", 0.7), ("13.50", 0.5)), total="13.50"), form, HABITS)
    assert list_texts(page) == ["3", "4.50", "13.50", "13.50"]
    assert min(row.confidence for row in page.rows) > 0.99
    assert list_problems(page) == []
    assert [row.before[0][1] for row in page.rows[:3]] == [0.6, 0.7, 0.5]


def test_alternative_that_adds_up_is_chosen(form: Form) -> None:
    page = apply_formulas(make_page((("2.5", 0.7, "25", 0.2), "4.00", "100.00"), total="100.00"), form, HABITS)
    first, *_ = page.rows
    assert (first.text, first.digits, first.before) == ("25", "25", (("2.5", 0.7), ("25", 0.2)))
    assert first.confidence > 0.9
    assert first.alternatives[0][0] == "2.5"
    assert list_problems(page) == []


def test_equally_good_ways_to_add_up_stay_doubtful(form: Form) -> None:
    """7 and 1 may be exchanged in both numbers."""
    given = ("7.50", 0.55, "1.50", 0.44), ("7.50", 0.55, "1.50", 0.44)
    page = apply_formulas(make_page(("1", *given), total="9.00"), form, HABITS)
    price, total = page.rows[1:3]
    assert price.text == total.text == "7.50"
    assert price.confidence < 0.9


def test_one_confusion_in_two_numbers_is_as_probable_as_in_one(form: Form) -> None:
    """Whoever writes a 7 like a 1 does so twice."""
    page = apply_formulas(make_page((("1", 0.85, "7", 0.14), "10.00", ("10.00", 0.85, "70.00", 0.14))), form, HABITS)
    assert list_texts(page) == ["1", "10.00", "10.00"]
    assert page.rows[0].confidence == pytest.approx(0.85 / 0.99, abs=0.01)
    other = apply_formulas(make_page((("3", 0.85, "8", 0.14), "4.00", ("12.00", 0.85, "32.00", 0.14))), form, HABITS)
    assert other.rows[0].confidence > 0.95  # these are two errors


def test_line_that_does_not_add_up_is_a_problem_at_any_confidence(form: Form) -> None:
    page = apply_formulas(make_page(("100", "83.00", ("300.00", 0.9997)), total="300.00"), form, HABITS)
    assert list_texts(page) == ["100", "83.00", "300.00", "300.00"]
    assert list_problems(page) == ["sum, line 1"]
    assert page.problems[0].what.endswith("8300.00")


def test_sum_chooses_among_the_alternatives_of_a_line(form: Form) -> None:
    lines: list[tuple[Given, Given, Given]] = [
        ("", "", ("4.00", 0.8, "9.00", 0.15)),
        ("", "", "2.00"),
        ("", "", "8.00"),
    ]
    page = apply_formulas(make_page(*lines, total="19.00"), form, HABITS)
    assert list_texts(page) == ["9.00", "2.00", "8.00", "19.00"]
    assert [each.kind for each in page.problems] == ["missing"] * 3  # price and quantity


def test_total_decides_for_a_sum_and_for_the_quantity_that_makes_it(form: Form) -> None:
    """The posterior is that of all combinations at once."""
    twice = ("1", 0.6, "7", 0.3), "25.00", ("25.00", 0.6, "175.00", 0.3)
    lines: list[tuple[Given, Given, Given]] = [twice, ("2", "4.00", ("8.00", 0.9))]
    page = apply_formulas(make_page(*lines, total=("183.00", 0.7)), form, HABITS)
    assert list_texts(page) == ["7", "25.00", "175.00", "2", "4.00", "8.00", "183.00"]
    assert list_problems(page) == []
    weights: dict[str, float] = defaultdict(float)
    choices = product(
        (0.6, 0.3, 0.1), (0.01, 0.99), (0.6, 0.3, 0.1), (0.01, 0.99), (0.01, 0.99), (0.1, 0.9), (0.3, 0.7)
    )
    for quantity, price, made, *second, total in choices:
        is_first = price == 0.99 and quantity == made > 0.1
        is_second = second == [0.99, 0.99, 0.9]
        is_total = made == 0.3 and second[2] == 0.9 and total == 0.7
        digits = (5 if made == 0.3 else 4) * is_first + 3 * is_second + 5 * is_total
        weights[str(quantity)] += quantity * price * made * math.prod(second) * total * 10**digits
    assert page.rows[0].confidence == pytest.approx(weights["0.3"] / sum(weights.values()), abs=2e-6)


def test_missing_numbers_are_named_where_the_line_has_others(form: Form) -> None:
    page = apply_formulas(make_page(("3", "4.50", ""), ("3", "", "12.00"), ("", "", ""), total=""), form, HABITS)
    assert [(each.kind, each.region, each.line) for each in page.problems] == [
        ("missing", "sum", 1),
        ("missing", "price", 2),
        ("sum", "total", 0),
    ]


def test_page_whose_alignment_is_in_doubt_is_not_proved(form: Form) -> None:
    page = apply_formulas(make_page((("3", 0.0), ("4.50", 0.0), ("13.50", 0.0)), total=("13.50", 0.0)), form, HABITS)
    assert max(row.confidence for row in page.rows) == 0


def test_reading_that_fits_no_pattern_is_found_by_its_line(form: Form) -> None:
    page = apply_formulas(make_page(("3", "4.50", ("", 0.0, "13.50", 0.04)), total="13.50"), form, HABITS)
    assert list_texts(page)[2] == "13.50"
    assert not page.rows[2].withheld


def test_withheld_reading_is_named_as_missing(form: Form) -> None:
    withheld = ("", 0.0, "", 0.0)
    page = apply_formulas(make_page((withheld, "4.50", "13.50"), total="13.50"), form, HABITS)
    page = replace(page, rows=(make_row(withheld, "quantity", 1), *page.rows))
    page = apply_formulas(page, form, HABITS)
    assert [(each.kind, each.region, each.line) for each in page.problems][-1] == ("missing", "quantity", 1)


def test_each_field_has_the_separators_of_its_pattern(tmp_path: Path) -> None:
    (tmp_path / "form.toml").write_text(
        """[fields]
date = { holds = "lines", pattern = '\\d\\d[.]\\d\\d' }
from = { holds = "lines", pattern = '\\d?\\d[:.]\\d\\d' }
to = { holds = "lines", pattern = '\\d?\\d[:.]\\d\\d' }
hours = { holds = "lines", pattern = '\\d+[.,]\\d\\d' }
[lines]
hours = "to - from"
"""
    )
    form = replace(load_form(tmp_path / "form.toml"), decimal=",")
    texts = {"date": "15.07", "from": "8.30", "to": "17:00", "hours": "8,50"}
    rows = [make_row(text, field, 1) for field, text in texts.items()]
    page = apply_formulas(Reading("a.png", rows=(*rows, make_row("16.07", "date", 2))), form, {"hours": CENTS})
    assert list_texts(page) == ["15.07", "8:30", "17:00", "8,50", "16.07"]
    assert page.problems == ()


def test_comma_is_a_point_and_the_table_has_the_most_frequent_one(form: Form) -> None:
    given = ("12,50", 0.6, "12.50", 0.35)
    given_page, other = make_page(("", given, ""), ("", "3,10", ""), ("", "1.234.50", "")), make_page(("", "3.10", ""))
    (page, second_page) = check_pages([given_page, other], form)
    assert list_texts(second_page) == ["3,10"]  # a column has one
    first, second, third = page.rows
    assert (first.text, first.confidence, first.alternatives) == ("12,50", 0.95, ())
    assert (second.text, third.text) == ("3,10", "1.234,50")


def test_form_decides_the_decimal_separator(tmp_path: Path) -> None:
    (tmp_path / "form.toml").write_text(f'decimal = "."\n{TEXT}')
    form = load_form(tmp_path / "form.toml")
    page = apply_formulas(make_page(("3", "4,50", "13,50"), total="13,50"), form, HABITS)
    assert list_texts(page) == ["3", "4.50", "13.50", "13.50"]


def test_unit_is_the_usual_one_of_all_pages(form: Form) -> None:
    pages = [make_page(("3", "4.50", "13.50"), ("2", "1.25", "2.50"), total="16.00")] * 2
    assert find_habits(pages, form) == HABITS
    cut_off = make_page(("3", "4.15", "12"), total="12.00")  # 12.45, of which the decimals are missing
    assert list_problems(check_pages([*pages, cut_off], form)[-1])[-1:] == ["sum, line 1"]


def make_time_sheet(hours: str, *begins: str) -> Reading:
    """Return a page with a line for each time at which somebody begins, until 17:30."""
    lines = [{"from": each, "to": "17:30", "hours": hours} for each in begins]
    return Reading(
        "a.png", rows=tuple(make_row(line[field], field, i + 1) for i, line in enumerate(lines) for field in line)
    )


@pytest.mark.parametrize(
    ("begins", "wrong"),
    [
        (["9:30"] * 6 + ["9:31", "9:20"], 2),  # a sheet of whole hours proves no time that is a minute off
        (["9:20", "9:40", "9:41", "9:10", "9:30", "8:50"], 1),  # hours are rounded: only one differs
    ],
)
def test_time_is_compared_to_the_minute_unless_hours_are_rounded(tmp_path: Path, begins: list[str], wrong: int) -> None:
    fields = "".join(f"[fields.{name}]\nholds = 'lines'\n" for name in ("from", "to", "hours"))
    (tmp_path / "form.toml").write_text(f"{fields}[lines]\nhours = 'to - from'")
    (page,) = check_pages([make_time_sheet("8", *begins)], load_form(tmp_path / "form.toml"))
    assert [each.line for each in page.problems] == list(range(len(begins) - wrong + 1, len(begins) + 1))
    proved = [row.confidence > 0.99 for row in page.rows if row.region == "from"]
    assert proved == ([True] * 6 + [False] * 2 if wrong == 2 else [False] * 6)


def test_many_lines_are_checked_in_time(form: Form) -> None:
    lines = [(("3", 0.8, "8", 0.1), ("4.50", 0.8, "9.50", 0.1), ("13.50", 0.8, "18.50", 0.1))] * 60
    page = apply_formulas(make_page(*lines, total=("810.00", 0.5, "870.00", 0.4)), form, HABITS)
    assert set(list_texts(page)) == {"3", "4.50", "13.50", "810.00"}
    assert min(row.confidence for row in page.rows) > 0.99


LENGTHS: list[Given] = ["1204", "990", "1377", "640", "1518", ("1831", 0.98, "1833", 0.004), "702"]
MISREAD: Given = ("883", 0.985)  # where 885 is written


def make_column(*given: Given, total: Given = "10105") -> Reading:
    rows = [make_row(each, "sum", line) for line, each in enumerate(given, start=1)]
    return Reading("a.png", rows=(*rows, make_row(total, "total", 1)))


@pytest.fixture
def column() -> Form:
    regions = Region("sum", holds="lines"), Region("total", holds="one")
    return Form(regions, sums={"total": Formula("sum(sum)", ("sum", "sum"))})


def test_sum_does_not_make_two_wrong_numbers_of_one(column: Form) -> None:
    """What is written is not among the readings, and another number has one with which the total adds up, too."""
    page = apply_formulas(make_column(*LENGTHS, MISREAD, "958"), column, WHOLE)
    assert list_texts(page)[5:8] == ["1831", "702", "883"]
    assert [each.kind for each in page.problems] == ["sum"]
    other, wrong = page.rows[5], page.rows[7]
    assert wrong.alternatives[0][0] == "885"
    assert other.alternatives[0][0] == "1833"
    assert min(wrong.alternatives[0][1], other.alternatives[0][1]) > 0.02
    assert other.confidence < 0.9


@pytest.mark.parametrize(
    ("numbers", "total", "texts", "offers"),
    [
        (["12", ("34", 0.97), "56"], "112", ["12", "34", "56", "112"], {"66", "44", "22"}),  # one is 10 more
        (["12", "34", "56"], ("108", 0.5), ["12", "34", "56", "108"], {"102"}),  # the total is misread
        (["12", "34", "56"], ("902", 0.6, "102", 0.38), ["12", "34", "56", "102"], {"902"}),  # and 102 was listed
        (["12", ("34", 0.6, "3A", 0.0), "56"], "109", ["12", "34", "56", "109"], {"41"}),
    ],
)
def test_what_is_calculated_is_offered_and_never_taken(
    column: Form, numbers: list[Given], total: Given, texts: list[str], offers: set[str]
) -> None:
    page = apply_formulas(make_column(*numbers, total=total), column, WHOLE)
    assert list_texts(page) == texts
    assert {row.alternatives[0][0] for row in page.rows if row.alternatives} >= offers


def test_total_says_nothing_of_a_column_that_lacks_a_number(form: Form) -> None:
    lines: list[tuple[Given, Given, Given]] = [("3", "4.50", "13.50"), ("2", "10.00", ""), ("1", "8.00", "8.00")]
    page = apply_formulas(make_page(*lines, total="41.50"), form, HABITS)
    assert min(row.confidence for row in page.rows) >= 0.99
