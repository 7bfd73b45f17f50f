"""What was read in one picture, as a value that goes from the worker to every output and into the resume log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from pipeline.reader.many.boxes import Box, crop_row, encode_page, list_digits
from pipeline.reader.pages.result import Alternatives, Problem, Result, Row

Signs = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class RowReading:
    """A row of digits.

    rejected: whether its confidence is below the least, or nothing fits its pattern; its text is then only the first
    alternative. alternatives: other texts with their probabilities. boxes: of its digits, left, top, right and bottom
    in pixels; box: of all of them. signs: each digit with the separators after it, and its probability. region, record:
    as in `Row`. crop: image of the row as a data URI, and the part of the page that it shows; empty unless asked for.
    """

    text: str
    digits: str
    confidence: float
    alternatives: Alternatives
    boxes: tuple[Box, ...]
    box: Box
    rejected: bool
    signs: Signs = ()
    region: str = ""
    record: int = 0
    crop: str = ""
    cropped: Box | None = None


@dataclass(frozen=True)
class View:
    """How a person sees a page: the path of its file, its (height, width), and its image as a data URI, or ""."""

    path: str
    size: tuple[int, int]
    image: str


@dataclass(frozen=True)
class Reading:
    """What was read in a picture. error: why it cannot be read; all other fields are then empty.

    text, digits, confidence, alternatives: of the whole picture; confidence is None if there is no row, or a rejected
    one. problems, upright, more_pages: as in `Result`.
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
    more_pages: bool = False
    view: View | None = None


def describe(result: Result, name: str, class_names: Sequence[str], least: float = 0.0) -> Reading:
    """Return what was read in a picture. least: confidence below which a row is rejected."""
    rows = tuple(_describe_row(row, class_names, least) for row in result.rows)
    known = Reading(name, rows=rows, problems=result.problems, upright=result.upright, more_pages=result.more_pages)
    if not rows or any(row.rejected for row in rows):
        return known
    confidence, others = round(result.confidence, 6), _round(result.alternatives)
    return replace(known, text=result.text, digits=result.digits, confidence=confidence, alternatives=others)


def _describe_row(row: Row, class_names: Sequence[str], least: float) -> RowReading:
    is_read = bool(row.text) and row.confidence >= least
    alternatives = row.alternatives if is_read or not row.text else ((row.text, row.confidence), *row.alternatives)
    signs = [sign for number in row.numbers for sign in list_digits(number, class_names)]
    left, top, right, bottom = row.boxes.T.tolist()
    return RowReading(
        text=row.text if is_read else "",
        digits=row.digits if is_read else "",
        confidence=round(row.confidence, 6),
        alternatives=_round(alternatives),
        boxes=tuple(zip(left, top, right, bottom, strict=True)),
        box=row.box,
        rejected=not is_read,
        signs=_round(signs),
        region=row.region,
        record=row.record,
    )


def _round(chances: Sequence[tuple[str, float]]) -> Alternatives:
    return tuple((text, round(probability, 6)) for text, probability in chances)


def add_images(reading: Reading, size: tuple[int, int], image: Image.Image, path: str, whole: bool) -> Reading:
    """Return the reading of a page with an image of each row, and one of the page if `whole`.

    size: (height, width) in which boxes are given. image: the page, of any size. path: of its file.
    """
    grey = image.convert("L")
    crops = [crop_row(grey, size, row.box) for row in reading.rows]
    rows = tuple(replace(row, crop=crop, cropped=box) for row, (crop, box) in zip(reading.rows, crops, strict=True))
    return replace(reading, rows=rows, view=View(path, size, encode_page(grey) if whole else ""))
