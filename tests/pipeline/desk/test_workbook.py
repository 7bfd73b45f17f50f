import io
import zipfile
from pathlib import Path

import pytest

from pipeline.desk.forms.form import load_form
from pipeline.desk.workbook import convert_cell, make_workbook

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


def test_workbook_has_numbers_and_the_check_of_each_line(tmp_path: Path) -> None:
    (tmp_path / "form.toml").write_text("[fields.amount]\npattern = '[0-9]+[.,][0-9]+'\nholds = 'lines'")
    lines = [{"file": "=a.png", "line": "3", "amount": "12,50", "confidence": "0.5", "check": "unchecked"}]
    book = zipfile.ZipFile(io.BytesIO(make_workbook(lines, load_form(tmp_path / "form.toml"))))
    sheet, texts = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "sharedStrings"))
    assert '<c r="B2" s="1"><v>3</v></c><c r="C2"' in sheet
    assert "<v>12.5</v>" in sheet
    assert "<f>" not in sheet
    assert all(f"<t>{text}</t>" in texts for text in ("=a.png", "unchecked", "check"))
