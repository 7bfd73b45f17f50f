"""The columns of the table that is written, and of the table that a person has checked."""

import re

BOX_SIDES = ("left", "top", "right", "bottom")  # of the box of a row, in pixels
READING_COLUMNS = (
    *("file", "row", "text", "digits", "confidence", "alternative", "alternative_confidence", "error"),
    *("region", "withheld", *BOX_SIDES),
)
CHECKED_COLUMNS = ("file", "row", "region", "value", "checked", "change", "text", "digits", "confidence", *BOX_SIDES)

# The beginning of a cell that a spreadsheet program would evaluate, which a negative number is not. After apostrophes,
# it is one that `protect` could have returned, and gets another apostrophe, so that different cells stay different.
# JavaScript reads it, too.
FORMULA = re.compile(r"(?!-[0-9.,]+(?![\s\S]))'*[=+\-@\t\r\n]")


def protect(cell: str) -> str:
    """Return a cell with an apostrophe before what looks like a formula.

    >>> protect("=1+1.png"), protect("page.png"), protect("-5.00")
    ("'=1+1.png", 'page.png', '-5.00')
    """
    return f"'{cell}" if FORMULA.match(cell) else cell


def unprotect(cell: str) -> str:
    """Return a cell without the apostrophe of `protect`."""
    return cell[1:] if cell[:1] == "'" and FORMULA.match(cell[1:]) else cell
