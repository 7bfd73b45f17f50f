"""The table of a form as a workbook of a spreadsheet program, in which numbers are numbers and times are times."""

import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.desk.forms.amounts import MINUTE, may_be_amount, parse_amount
from pipeline.desk.forms.form import Form
from pipeline.desk.truth import load_saved
from pipeline.engine.extras import require
from pipeline.engine.outputs import write_file
from pipeline.reader.batch.table import name_columns

MOST_CELL_DIGITS = 15  # of a number that a spreadsheet program keeps exactly
HOURS = 24  # of a day, which is 1 in a workbook
PLAIN = re.compile(r"\d+([.]\d+)?", re.ASCII)


def convert_table(table: Path, form: Form, target: Path) -> str:
    """Write the table that the review page has saved as a workbook; return a summary.

    Raises UsageError if it is not a table of this form; MissingExtraError as `make_workbook` does.
    """
    lines = load_saved(table, name_columns(form.holds))
    write_file(target, make_workbook(lines, form))
    return f"{len(lines):,} rows -> {target}"


def make_workbook(lines: Iterable[Mapping[str, str]], form: Form) -> bytes:
    """Return an XLSX file with a row for each line of the table, below a row with the names of the columns.

    Amounts, whole numbers and times can be added up; what has more than 15 digits or begins with 0, such as a number of
    an account, is text, as is a date. Raises MissingExtraError if the library that writes it is missing.
    """
    require("handwriting", "xlsx")
    import xlsxwriter

    columns = name_columns(form.holds)
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("table")
    sheet.freeze_panes(1, 0)
    styles = {code: book.add_format({"num_format": code}) for code in ("0", "0.0", "0.00", "[h]:mm", "0.000000")}
    for column, name in enumerate(columns):
        sheet.write_string(0, column, name)
    for row, line in enumerate(lines, start=1):
        for column, name in enumerate(columns):
            text = line.get(name, "")
            if not text:
                continue
            if name in form.holds:
                value, code = convert_cell(text, form.patterns[name])
            elif name in ("line", "confidence") and PLAIN.fullmatch(text):  # a line that was added has another name
                value, code = float(text), "0" if name == "line" else "0.000000"
            else:
                value, code = text, ""
            if isinstance(value, float):
                sheet.write_number(row, column, value, styles[code])
            else:
                sheet.write_string(row, column, value)
    book.close()
    return file.getvalue()


def convert_cell(text: str, pattern: str | None) -> tuple[float | str, str]:
    r"""Return the value of a number in a workbook, and how it is shown; a text if it has to stay as it is written.

    >>> convert_cell("12,50", None), convert_cell("8:30", r"\d?\d:\d\d"), convert_cell("007", None)
    ((12.5, '0.00'), (0.3541666666666667, '[h]:mm'), ('007', ''))
    """
    digits = "".join(character for character in text if character.isdecimal())
    amount = parse_amount(text)
    is_code = len(digits) > MOST_CELL_DIGITS or (len(digits) > 1 and text.isdecimal() and text.startswith("0"))
    if amount is None or is_code or not (text.isdecimal() or amount.unit == MINUTE or may_be_amount(pattern)):
        return text, ""
    if amount.unit == MINUTE:
        return float(amount.value / HOURS), "[h]:mm"
    return float(amount.value), ("0", "0.0", "0.00")[amount.decimals]
