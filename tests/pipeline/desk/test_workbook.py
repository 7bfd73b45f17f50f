import io
import zipfile
from pathlib import Path

import pytest

from pipeline.desk.forms.form import Form, load_form
from pipeline.desk.workbook import convert_cell, convert_table, make_workbook
from pipeline.engine.errors import UsageError
from pipeline.reader.batch.formats import format_table

AMOUNT, TIME, DATE = r"[\d']+[.,]\d\d", r"\d?\d[:.]\d\d", r"\d\d[.]\d\d"


@pytest.mark.parametrize(
    ("text", "pattern", "value", "code"),
    [
        ("12,50", AMOUNT, 12.5, "0.00"),
        ("1'234.50", AMOUNT, 1234.5, "0.00"),
        ("44 00", AMOUNT, 44.0, "0.00"),
        ("7.5", None, 7.5, "0.0"),
        ("12", None, 12.0, "0"),
        ("8:30", TIME, 8.5 / 24, "[h]:mm"),
        ("107:15", None, 107.25 / 24, "[h]:mm"),
        ("15.07", DATE, "15.07", ""),
        ("007", None, "007", ""),
        ("2191038225471829", None, "2191038225471829", ""),
        ("=1+1", None, "=1+1", ""),
        ("8; 9", None, "8; 9", ""),
    ],
)
def test_cell_is_a_number_a_time_or_text(text: str, pattern: str | None, value: float | str, code: str) -> None:
    assert convert_cell(text, pattern) == (pytest.approx(value) if isinstance(value, float) else value, code)


LINE = {"file": "=a.png", "line": "3", "amount": "12,50", "confidence": "0.5", "check": "unchecked"}


@pytest.fixture
def form(tmp_path: Path) -> Form:
    (tmp_path / "form.toml").write_text("[fields.amount]\npattern = '[0-9]+[.,][0-9]+'\nholds = 'lines'")
    return load_form(tmp_path / "form.toml")


def read_parts(book: bytes) -> list[str]:
    """Return the cells of a workbook, and their texts."""
    file = zipfile.ZipFile(io.BytesIO(book))
    return [file.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "sharedStrings")]


def test_workbook_has_numbers_and_the_check_of_each_line(form: Form) -> None:
    sheet, texts = read_parts(make_workbook([LINE], form))
    assert '<c r="B2" s="1"><v>3</v></c><c r="C2"' in sheet
    assert "<v>12.5</v>" in sheet
    assert "<f>" not in sheet
    assert all(f"<t>{text}</t>" in texts for text in ("=a.png", "unchecked", "check"))


def test_saved_table_becomes_the_same_workbook(form: Form, tmp_path: Path) -> None:
    """A line that a person has added between two others is called 3+."""
    lines = [LINE, {"file": "a.png", "line": "3+", "amount": "7.00", "confidence": "1.000000", "check": ""}]
    (tmp_path / "table.csv").write_text("\n".join(format_table(lines, form.holds)))
    assert convert_table(tmp_path / "table.csv", form, tmp_path / "table.xlsx").startswith("2 rows")
    assert read_parts((tmp_path / "table.xlsx").read_bytes()) == read_parts(make_workbook(lines, form))


def test_table_of_another_form_does_not_become_a_workbook(form: Form, tmp_path: Path) -> None:
    line = {"file": "a.png", "line": "3", "price": "1", "confidence": "0.5", "check": ""}
    (tmp_path / "table.csv").write_text("\n".join(format_table([line], ["price"])))
    with pytest.raises(UsageError, match="amount"):
        convert_table(tmp_path / "table.csv", form, tmp_path / "table.xlsx")
    assert not (tmp_path / "table.xlsx").exists()
