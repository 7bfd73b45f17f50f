"""A page of a form, from its picture to its records, with the pretrained reader."""

import numpy as np
import pytest
from PIL import Image

from pipeline.desk.forms import registration
from pipeline.desk.forms.filled import read_form
from pipeline.desk.forms.form import Form, add_reference
from pipeline.desk.forms.regions import Edges, Region
from pipeline.model.model import Detector
from pipeline.reader.pages.result import Result, find_doubt
from tests.drawings import enlarge, sample_digits, write_row
from tests.ledgers import COLUMNS, PITCH, SIZE, TOP, Move, draw_ledger, find_place, move_page

LINES = 4
FIRST, LAST = COLUMNS[0], COLUMNS[3]
CLEAR = (3, 4, 17, 5, 6, 8, 10, 11)  # test images


def fill(seed: int, empty: tuple[int, ...] = ()) -> Image.Image:
    """Return a ledger with a number in the first and in the last column of some lines; `empty` have no first one."""
    page = np.asarray(draw_ledger(seed, written=False), np.float32).copy()
    for line in range(LINES):
        for x, some in ((FIRST, CLEAR[line : line + 2]), (LAST, CLEAR[line : line + 4])):
            if x == LAST or line not in empty:
                ink = write_row(list(sample_digits()[0][list(some)]), 4)
                top = TOP + PITCH * line + 1
                part = page[top : top + ink.shape[0], x + 15 : x + 15 + ink.shape[1]]
                np.minimum(part, 240 - 0.8 * ink, out=part)
    return Image.fromarray(page.astype(np.uint8))


def truth(line: int, count: int) -> str:
    return "".join(str(sample_digits()[1][index]) for index in CLEAR[line : line + count])


def make_form() -> Form:
    bottom = TOP + PITCH * 8
    columns = {"day": (FIRST, COLUMNS[1]), "amount": (LAST, COLUMNS[4])}
    edges = {
        name: tuple(str(each) for each in (left + 3, TOP, right - 3, bottom)) for name, (left, right) in columns.items()
    }
    regions = tuple(Region(name, each, holds="lines") for name, each in edges.items())  # type: ignore[arg-type]
    return add_reference(Form(regions), fill(1), "first.png")


def read(detector: Detector, page: Image.Image, form: Form) -> Result:
    return read_form(detector, np.asarray(page, np.float32), (page.height, page.width), form.regions, form.reference)


def list_records(result: Result) -> set[tuple[int, str, str]]:
    return {(row.line, row.region, row.text) for row in result.rows}


@pytest.mark.slow
def test_turned_page_has_the_records_of_its_lines(detector: Detector) -> None:
    move = Move(2.5, 0.98, 40, -30)
    result = read(detector, move_page(fill(2, empty=(2,)), move), make_form())
    wanted = {(line + 1, "amount", truth(line, 4)) for line in range(LINES)}
    wanted |= {(line + 1, "day", truth(line, 2)) for line in range(LINES) if line != 2}
    assert len(list_records(result) & wanted) >= len(wanted) - 1
    corner, turn = find_place(move)
    for row in result.rows:
        left, right = row.boxes[:, 0].min(), row.boxes[:, 2].max()
        line = complex(TOP + PITCH * (row.line - 0.5), (FIRST if row.region == "day" else LAST) + 45)
        at = complex(*corner) + turn * line
        assert left - 30 < at.imag < right + 30
        assert row.boxes[:, 1].min() < at.real < row.boxes[:, 3].max()
        middle = complex(row.boxes[:, 1::2].mean(), row.boxes[:, ::2].mean())
        a, b, c, d = result.upright
        assert abs((complex(a, b) * middle + complex(c, d)).real - line.real) < PITCH / 2


@pytest.mark.slow
def test_line_has_the_number_of_its_row_in_the_printed_table(detector: Detector) -> None:
    page = np.asarray(fill(2)).copy()
    second = slice(TOP + PITCH, TOP + 2 * PITCH)
    page[second] = np.asarray(draw_ledger(2, written=False))[second]
    result = read(detector, Image.fromarray(page), make_form())
    assert {row.line for row in result.rows} == {1, 3, 4}


@pytest.mark.slow
def test_page_of_another_form_is_read_as_it_lies(detector: Detector) -> None:
    page = Image.new("L", SIZE[::-1], 240)
    page.paste(Image.fromarray(240 - enlarge(sample_digits()[0][CLEAR[0]], 1) // 2), (FIRST + 20, TOP + 40))
    result = read(detector, page, make_form())
    assert "first.png" in result.problems[0].what
    assert result.upright == (1, 0, 0, 0)
    assert [problem.what for problem in result.problems if problem.region == "amount"] == ["no reading"]
    assert result.problems[0].kind == "foreign"
    assert {row.confidence for row in result.rows} == {0}
    assert result.other
    assert result.other.degrees == 180


@pytest.mark.parametrize("degrees", [90, *(pytest.param(each, marks=pytest.mark.slow) for each in (180, 270))])
def test_page_that_lies_turned_is_read_upright(detector: Detector, degrees: int) -> None:
    upright, form = fill(2), make_form()
    result = read(detector, upright.rotate(degrees, expand=True), form)  # counterclockwise
    wanted = read(detector, upright, form)
    assert (result.degrees, result.size, find_doubt(result.problems)) == (degrees, SIZE, None)
    assert list_records(result) == list_records(wanted)
    assert np.array_equal(result.boxes, wanted.boxes)


@pytest.mark.slow
def test_page_without_ink_is_blank_and_one_that_fits_two_ways_up_is_read_in_both(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(detector, Image.new("L", SIZE[::-1], 240), make_form()).problems[0].kind == "blank"
    monkeypatch.setattr(registration, "AMBIGUOUS", 0.5)
    result = read(detector, fill(2), make_form())
    assert result.other
    assert (result.problems[0].kind, result.degrees, result.other.degrees) == ("doubtful", 0, 180)


@pytest.mark.slow
@pytest.mark.parametrize("edges", [("0%", "0%", "100%", "100%"), ("0", "0", "100%", str(SIZE[0]))])
def test_field_that_is_the_whole_page_needs_no_alignment(edges: Edges, detector: Detector) -> None:
    page = Image.new("L", SIZE[::-1], 240)
    page.paste(Image.fromarray(240 - enlarge(sample_digits()[0][CLEAR[0]], 1) // 2), (FIRST + 20, TOP + 40))
    part = Region("part", ("0", "0", "100%", "99%"))
    result = read(detector, page, add_reference(Form((Region("all", edges), part)), fill(1), "first.png"))
    assert "first.png" in result.problems[0].what
    assert [(row.region, row.confidence > 0) for row in result.rows] == [("all", True)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("move", "word", "is_doubtful"), [(Move(4), "4.0 degrees", False), (Move(0, 1, 110), "9%", True)]
)
def test_page_at_the_limit_of_alignment_is_read_and_named(
    detector: Detector, move: Move, word: str, is_doubtful: bool
) -> None:
    """Only after a large shift, its rows may have been taken for others."""
    result = read(detector, move_page(fill(2), move), make_form())
    wanted = {(line + 1, "amount", truth(line, 4)) for line in range(LINES)}
    assert len(list_records(result) & wanted) >= len(wanted) - 1
    (problem,) = (each for each in result.problems if not each.region)
    assert "first.png" in problem.what
    assert word in problem.what
    confidences = {row.confidence for row in result.rows}
    chances = {chance for row in result.rows for _, chance in row.alternatives}
    assert (confidences == {0}) == is_doubtful
    assert (result.other is not None) == is_doubtful
    assert chances == {0} if is_doubtful else min(confidences) > 0
