"""The columns of the table that is written, and of the table that a person has checked."""

import re
from collections.abc import Iterable

BOX_SIDES = ("left", "top", "right", "bottom")  # of the box of a row, in pixels
READING_COLUMNS = (
    *("file", "row", "text", "digits", "confidence", "alternative", "alternative_confidence", "error"),
    *("region", "withheld", *BOX_SIDES),
)
CHECKED_COLUMNS = ("file", "row", "region", "value", "checked", "change", "text", "digits", "confidence", *BOX_SIDES)

# What a spreadsheet program would evaluate at the beginning of a cell, or after a semicolon, where some programs divide
# it; a negative number is not. After apostrophes, it is one that `protect` could have returned, and gets another
# apostrophe, so that different cells stay different. JavaScript reads it, too.
FORMULA = r"(?!-[0-9.,]+(?![^;；]))'*[=+\-@＝＋－＠\t\r\n]"
BEGINNING = r"(\A|[;；])"


def name_columns(fields: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of the table of a form with these fields."""
    return ("file", "line", *fields, "confidence", "check")


def protect(cell: str) -> str:
    """Return a cell with an apostrophe before what looks like a formula.

    >>> protect("=1+1.png"), protect("a;=1"), protect("page.png"), protect("-5.00")
    ("'=1+1.png", "a;'=1", 'page.png', '-5.00')
    """
    return re.sub(f"{BEGINNING}(?={FORMULA})", r"\1'", cell)


def unprotect(cell: str) -> str:
    """Return a cell without the apostrophes of `protect`."""
    return re.sub(f"{BEGINNING}'(?={FORMULA})", r"\1", cell)
