"""The columns of the table that is written, and of the table that a person has checked."""

import re

SIDES = ("left", "top", "right", "bottom")  # of the box of a row, in pixels
COLUMNS = (
    *("file", "row", "text", "digits", "confidence", "alternative", "alternative_confidence", "error"),
    *("region", "rejected", *SIDES),
)
CHECKED_COLUMNS = ("file", "row", "region", "value", "checked", "change", "text", "digits", "confidence", *SIDES)

# The beginning of a cell that a spreadsheet program would evaluate. After apostrophes, it is one that `protect` could
# have returned, and gets another apostrophe, so that different cells stay different.
FORMULA = re.compile(r"'*[=+\-@\t\r\n].", re.DOTALL)


def protect(cell: str) -> str:
    """Return a cell with an apostrophe before what looks like a formula.

    >>> protect("=1+1.png"), protect("page.png")
    ("'=1+1.png", 'page.png')
    """
    return f"'{cell}" if FORMULA.match(cell) else cell


def unprotect(cell: str) -> str:
    """Return a cell without the apostrophe of `protect`."""
    return cell[1:] if cell[:1] == "'" and FORMULA.match(cell[1:]) else cell
