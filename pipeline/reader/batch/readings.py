"""What was read in one picture, as a value that goes from the worker to every output and into the resume log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.reader.batch.boxes import Box, list_digits
from pipeline.reader.pages.result import Alternatives, Problem, Result, Row

Signs = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class RowReading:
    """A row of digits.

    withheld: whether its confidence is below the least, or nothing fits its pattern; its text is then only the first
    alternative. alternatives: other texts with their probabilities. boxes: of its digits, left, top, right and bottom
    in pixels; box: of all of them. signs: each digit with the separators after it, and its probability, as it was read
    first. region, line: as in `Row`. before: the texts with their probabilities as they were read, if the formulas of
    the form, or a doubt about the page, have changed these; otherwise empty.
    """

    text: str
    digits: str
    confidence: float
    alternatives: Alternatives
    boxes: tuple[Box, ...]
    box: Box
    withheld: bool
    signs: Signs = ()
    region: str = ""
    line: int = 0
    before: Alternatives = ()


@dataclass(frozen=True)
class PageView:
    """How a person sees a page.

    path: of its file. size: its (height, width). image: its image as a data URI, or "" if a browser can show the file.
    """

    path: str
    size: tuple[int, int]
    image: str


@dataclass(frozen=True)
class Reading:
    """What was read in a picture. error: why it cannot be read; all other fields are then empty.

    text, digits, confidence, alternatives: of the whole picture; confidence is None if there is no row, or a withheld
    one; without a row, the alternative is the best candidate. problems, upright, degrees, other, more_pages: as in
    `Result`. id: hash of the content of the picture.
    """

    file: str
    error: str = ""
    text: str = ""
    digits: str = ""
    confidence: float | None = None
    alternatives: Alternatives = ()
    rows: tuple[RowReading, ...] = ()
    problems: tuple[Problem, ...] = ()
    upright: tuple[float, ...] = ()
    degrees: int = 0
    other: "Reading | None" = None
    more_pages: bool = False
    view: PageView | None = None
    id: str = ""


def describe_result(result: Result, name: str, class_names: Sequence[str], view: PageView | None = None) -> Reading:
    """Return what was read in a picture; only rows that do not fit their pattern are withheld."""
    rows = tuple(_describe_row(row, class_names) for row in result.rows)
    whole = Reading(
        name,
        text=result.text,
        digits=result.digits,
        confidence=round(result.confidence, 6),
        alternatives=_round(result.alternatives),
        rows=rows,
        problems=result.problems,
        upright=result.upright,
        degrees=result.degrees,
        other=describe_result(result.other, name, class_names) if result.other else None,
        more_pages=result.more_pages,
        view=view,
    )
    return _leave_out(whole)


def _describe_row(row: Row, class_names: Sequence[str]) -> RowReading:
    signs = [sign for number in row.numbers for sign in list_digits(number, class_names)]
    left, top, right, bottom = row.boxes.T.tolist()
    return RowReading(
        text=row.text,
        digits=row.digits,
        confidence=round(row.confidence, 6),
        alternatives=_round(row.alternatives),
        boxes=tuple(zip(left, top, right, bottom, strict=True)),
        box=row.box,
        withheld=not row.text,
        signs=_round(signs),
        region=row.region,
        line=row.line,
        before=_round(row.before),
    )


def withhold(reading: Reading, least: float) -> Reading:
    """Return the reading without the texts of rows whose confidence is lower; they become the first alternatives."""
    rows = tuple(
        replace(row, text="", digits="", withheld=True, alternatives=((row.text, row.confidence), *row.alternatives))
        if row.text and row.confidence < least
        else row
        for row in reading.rows
    )
    return _leave_out(replace(reading, rows=rows))


def _leave_out(reading: Reading) -> Reading:
    """Return the reading without a text of the whole if there is no row, or if one is withheld."""
    if any(row.withheld for row in reading.rows):
        return replace(reading, text="", digits="", confidence=None, alternatives=())
    return reading if reading.rows else replace(reading, confidence=None)


def _round(chances: Sequence[tuple[str, float]]) -> Alternatives:
    return tuple((text, round(probability, 6)) for text, probability in chances)
