import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.desk.forms.form import Form, add_reference, load_form
from pipeline.desk.forms.regions import Region
from pipeline.engine.errors import UsageError
from pipeline.pictures.decoding import load_page
from tests.ledgers import draw_ledger

LEDGER = r"""
reference = "pages/first.png"

[fields.day]
region = ["0%,0%,10%,50%", "0%,50%,10%,100%"]
digits = "1-2"
holds = "lines"

[fields."gross amount"]
region = "60%,10,95%,900"
pattern = '\d{3} \d\d'
holds = "lines"

[fields.total]
digits = 5
holds = "one"

[sums]
total = "sum( gross amount )"
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_of_many_numbers_each_fits_the_pattern(tmp_path: Path) -> None:
    form = load_form(write(tmp_path / "form.toml", "[fields.weeks]\ndigits = '1-2'\n[fields.rest]"))
    weeks, rest = form.regions
    assert weeks.pattern is not None
    found = [bool(re.fullmatch(weeks.pattern, text)) for text in ("7 8", "31 32", "7", "78 901")]
    assert (found, rest.pattern) == ([True, True, True, False], None)


def test_fields_have_parts_patterns_and_a_sum(tmp_path: Path) -> None:
    form = load_form(write(tmp_path / "ledger.toml", LEDGER))
    day = [region for region in form.regions if region.name == "day"]
    assert [(region.part, region.edges[1], region.pattern) for region in day] == [
        (0, "0%", r"\d{1,2}"),
        (1, "50%", r"\d{1,2}"),
    ]
    assert all(region.whole for region in day)
    assert form.regions[-1] == Region("total", pattern=r"\d{5,5}", holds="one", whole=True)
    assert dict(form.holds) == {"day": "lines", "gross amount": "lines", "total": "one"}
    assert {total: formula.tree for total, formula in form.sums.items()} == {"total": ("sum", "gross amount")}
    assert (form.path, form.named) == (tmp_path / "ledger.toml", "pages/first.png")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[fields.a]\nregions = '0,0,9,9'", ("field a", "regions", "0,0,9,9", "region, digits, pattern, holds")),
        ("colour = 1\n[fields.a]", ("colour = 1", "fields, lines, sums, reference, decimal")),
        ("[fields.a]\nholds = 'some'", ("field a", "holds", "some", "one, lines, many")),
        ("[fields.a]\nregion = 5", ("field a", "region = 5")),
        ("[fields.a]\ndigits = true", ("field a", "digits = true: ", "a whole number or text in quotes")),
        ("[fields.a]\nregion = ['0,0,9,9', true]", ("field a", 'region = ["0,0,9,9", true]: ')),
        ("[fields.a]\nholds = {a.b.c.d = [1.5, 2030-01-02]}", ("holds = {a = {b = {c = ...}}}: ",)),
        ("[fields.a]\nregion = '0,0,9'", ("field a", "0,0,9", "LEFT,TOP,RIGHT,BOTTOM")),
        ("[fields.a]\n[sums]\na = 'a + a'", ("a + a", "refers to itself")),
        ('[fields.a]\npattern = "\\d"', ("single quotes", r"'\d+'")),
        ("[fields.a]\npattern = '(7'", ("not closed",)),
        *(
            (text, ())
            for text in (
                "fields = [",  # no TOML
                "",
                "[fields]",
                "[fields.a]\nregion = '0%,0%,120%,9%'",
                "[fields.a]\nregion = []",
                "[fields.a]\nregion = [5]",
                "[fields]\na = 5",
                "fields = 5",
                "sums = 5\n[fields.a]",
                "[fields.a]\n[sums]\na = 5",
                "[fields.a]\npattern = '[0-9'",
                "[fields.a]\npattern = 'x'",
                "[fields.a]\ndigits = 0",
                "[fields.a]\ndigits = 'five'",
                "[fields.a]\nregion = [true]",
                "[fields.a]\ndigits = 5\npattern = '7'",
                "[fields.file]",
                "[fields.'']",
                "[fields.a]\n[sums]\na = 'sum(b)'",
                "[fields.a]\n[sums]\nb = 'sum(a)'",
                "decimal = ';'\n[fields.a]",
                "lines = 5\n[fields.a]",
                "[fields.a]\nholds = 'lines'\n[lines]\na = 5",
                "[fields.a]\nholds = 'lines'\n[lines]\na = ''",
                "[fields.a]\nholds = 'lines'\n[lines]\na = 'a + 1'",
                "[fields.a]\nholds = 'lines'\n[lines]\nb = 'a + 1'",
                "[fields.a]\nholds = 'lines'\n[fields.b]\n[lines]\na = 'b'",
                "[fields.a]\nholds = 'lines'\n[fields.b]\nholds = 'lines'\n[lines]\na = 'sum(b)'",
                "[fields.a]\nholds = 'lines'\n[fields.b]\nholds = 'one'\n[lines]\nb = 'a'",
                "[fields.a]\nholds = 'lines'\n[fields.b]\nholds = 'one'\n[sums]\nb = 'a'",
                "[fields.a]\n[fields.b]\n[sums]\na = 'sum(b)'",
            )
        ),
    ],
)
def test_wrong_form_is_named_in_one_line_with_key_value_and_what_is_allowed(
    text: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        load_form(write(tmp_path / "wrong.toml", text))
    message = str(caught.value)
    assert [word for word in ("wrong.toml", *words) if word not in message] == []
    assert "\n" not in message


def test_file_of_gigabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "wrong.toml", "[fields.a]")
    os.truncate(path, 6 << 30)
    with pytest.raises(UsageError, match="more than 20,000 characters"):
        load_form(path)


@pytest.mark.parametrize("entry", ["digits", "region", "other"])
@pytest.mark.parametrize("number", ["1" * 5000, f"0x{'f' * 5000}", f"[0o{'7' * 6000}]"])
def test_number_of_more_digits_than_python_prints_is_refused(number: str, entry: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a number of more than 1,000 digits"):
        load_form(write(tmp_path / "wrong.toml", f"[fields.a]\n{entry} = {number}"))


@pytest.mark.parametrize(
    "entry",
    [
        f"digits = '{'1' * 9000}'",
        f"digits = {'9' * 4000}",
        f"pattern = '{'[0-9]' * 1500}('",
        f"region = '{'9' * 9000}'",
        f"region = '{'9' * 9000}%,0%,1%,1%'",
        f"region = '{'9' * 300},0,1,1'",
    ],
)
def test_long_value_is_shortened_in_the_message(entry: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_form(write(tmp_path / "wrong.toml", f"[fields.a]\n{entry}"))
    assert len(str(caught.value).removeprefix(f"the form {tmp_path}")) < 500


def test_formulas_are_those_of_lines_and_of_the_page(tmp_path: Path) -> None:
    text = """decimal = ","
[fields]
hours = { holds = "lines" }
from = { holds = "lines" }
to = { holds = "lines" }
rate = { holds = "one" }
total = { holds = "one" }
[lines]
hours = "to - from"
[sums]
total = "sum(hours) * rate"
"""
    form = load_form(write(tmp_path / "form.toml", text))
    assert form.decimal == ","
    assert form.lines["hours"].text == "to - from"
    assert form.sums["total"].tree == ("*", ("sum", "hours"), ("field", "rate"))
    assert form.text == text


def test_long_form_is_refused_before_it_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of 50,000 parts takes half a minute."""
    monkeypatch.setattr("tomllib.loads", lambda text: pytest.fail("parsed"))
    with pytest.raises(UsageError):
        load_form(write(tmp_path / "form.toml", "a." * 50_000 + "a = 1"))


def test_form_with_the_mark_of_an_editor_for_windows_is_read(tmp_path: Path) -> None:
    assert load_form(write(tmp_path / "form.toml", "\ufeff[fields.a]\r\n")).holds == {"a": "many"}


@pytest.mark.parametrize(
    ("name", "words"), [("none.toml", "No such file"), (".", r"binary\.toml"), ("binary.toml", "UTF-8")]
)
def test_what_is_no_file_of_text_is_no_form(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\x00[")
    with pytest.raises(UsageError, match=words) as caught:
        load_form(tmp_path / name)
    assert "TOML" not in str(caught.value)


def test_reference_has_print_and_all_regions() -> None:
    page, form = draw_ledger(1), Form((Region("a", ("0", "0", "100%", "1000")),))
    reference = add_reference(form, page, "first.png").reference
    assert reference is not None
    assert (reference.name, reference.size) == ("first.png", (page.height, page.width))
    with pytest.raises(UsageError, match=r"nothing is printed on blank\.png"):
        add_reference(form, Image.new("L", page.size, 240), "blank.png")
    with pytest.raises(UsageError, match=r"a ends beyond first\.png \(877 x 1240 pixels\)"):
        add_reference(Form((Region("a", ("0", "0", "900", "9")),)), page, "first.png")


@pytest.mark.slow
def test_print_is_what_the_reference_page_shares_with_the_first_other_page_that_shows_it() -> None:
    form, page = Form((Region("a"),)), draw_ledger(1)
    others = [load_page(each, "other") for each in (page, Image.new("L", page.size, 240), draw_ledger(2))]
    same, found = (add_reference(form, page, "first.png", others=some).reference for some in (others[:2], others))
    assert same and same.printed is None
    assert found and found.printed is not None
    ink = np.asarray(draw_ledger(1, written=False)) < 200
    assert found.printed[ink].mean() > 0.9
    assert ink[found.printed].mean() > 0.7


def test_digest_changes_with_fields_and_reference() -> None:
    forms = [Form(()), Form((Region("a"),))]
    forms += [add_reference(forms[1], draw_ledger(seed), "first.png") for seed in (1, 2)]
    assert len({form.digest for form in forms}) == len(forms)
