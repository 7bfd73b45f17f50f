import csv
import json
from dataclasses import asdict

import numpy as np
import pytest

from pipeline.engine.documents import convert
from pipeline.reader import Number, Result, Row
from pipeline.reader.batch.formats import format_csv, format_json, format_text
from pipeline.reader.batch.readings import Reading, RowReading, describe_result, withhold
from pipeline.reader.pages.result import Problem


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.009, "a.png: 1 3 | 5 (81.00%)"), (0.012, "a.png: 1 3 | 5 (81.00%), or 1 2 | 5 (1.08%)")],
)
def test_only_a_likely_alternative_is_shown_except_in_json(probability: float, expected: str) -> None:
    boxes, probabilities = np.zeros((3, 4), np.int64), np.zeros((3, 10), np.float32)
    rows = (
        Row("1 3", "13", 0.9, (("1 2", probability),), boxes[:2], probabilities[:2], ()),
        Row("5", "5", 0.9, (), boxes[2:], probabilities[2:], ()),
    )
    result = Result(
        "1 3\n5", "135", rows, 0.81, (("1 2\n5", 0.9 * probability),), boxes, (9, 9), probabilities, boxes[:0]
    )
    reading = describe_result(result, "a.png", "0123456789")
    assert format_text(reading) == [expected]
    likely = f"1 2,{probability:.4f}" if "or" in expected else ","
    end = ",,,,0,0,0,0"
    assert format_csv(reading) == [f"a.png,1,1 3,13,0.9000,{likely}{end}", f"a.png,2,5,5,0.9000,,{end}"]
    assert json.loads(format_json(reading)[0])["alternatives"] == [["1 2\n5", 0.9 * probability]]


def test_picture_without_a_certain_number_has_its_best_candidate() -> None:
    boxes, probabilities = np.zeros((0, 4), np.int64), np.zeros((0, 10), np.float32)
    result = Result("", "", (), 0.0, (("1 2", 0.3),), boxes, (9, 9), probabilities, boxes)
    reading = describe_result(result, "a.png", "0123456789")
    assert format_text(reading) == ["a.png: no digit found, perhaps 1 2 (30.00%)"]
    assert format_csv(reading) == ["a.png,,,,,1 2,0.3000,,,,,,,"]
    assert json.loads(format_json(reading)[0])["alternatives"] == [["1 2", 0.3]]


@pytest.mark.parametrize("name", ["=1+1.png", "+1.png", "-1.png", "@SUM(A1).png", "'=1+1.png"])
def test_no_cell_is_a_formula(name: str) -> None:
    (line,) = csv.reader(format_csv(Reading(name, f"{name} is damaged")))
    assert line == [f"'{name}", *[""] * 6, f"'{name} is damaged", *[""] * 6]


def test_reading_that_is_hardly_probable_has_its_alternative() -> None:
    row = RowReading("12", "12", 0.0, (("13", 0.0),), (), (0, 0, 9, 9), withheld=False)
    reading = Reading("a.png", text="12", confidence=0.0, alternatives=(("13", 0.0),), rows=(row,))
    assert format_text(reading) == ["a.png: 12 (0.00%)"]


def test_row_below_the_least_confidence_is_left_to_a_person() -> None:
    boxes, probabilities = np.array([[1, 2, 3, 4], [5, 1, 9, 6]]), np.zeros((2, 10), np.float32)
    row = Row("0 7", "07", 0.7, (("0 1", 0.2),), boxes, probabilities, (), "amount")
    result = Result("0 7", "07", (row,), 0.7, (), boxes, (9, 9), probabilities, boxes[:0])
    reading = withhold(describe_result(result, "a.png", "0123456789"), 0.9)
    assert format_csv(reading) == ["a.png,1,,,0.7000,0 7,0.7000,,amount,yes,1,1,9,6"]
    assert format_text(reading) == ["a.png: ?"]
    (described,) = reading.rows
    assert (described.box, described.withheld) == ((1, 1, 9, 6), True)
    assert described.alternatives == (("0 7", 0.7), ("0 1", 0.2))


def test_reading_is_the_same_after_the_resume_log() -> None:
    boxes, probabilities = np.array([[1, 2, 3, 4], [5, 1, 9, 6]]), np.full((2, 10), 0.7, np.float32)
    numbers = tuple(
        Number(text, text, 0.7, (), boxes[i : i + 1], probabilities[i : i + 1]) for i, text in enumerate("07")
    )
    row = Row("0 7", "07", 0.7, (("0 1", 0.2),), boxes, probabilities, numbers, "amount", 3)
    problems = (
        Problem("missing", "no reading", "day"),
        Problem("ink", "ink", "amount", (1, 2, 3, 4)),
    )
    result = Result("0 7", "07", (row,), 0.7, (), boxes, (9, 9), probabilities, boxes[:0], True, problems, (1, 0, 0, 0))
    reading = describe_result(result, "a.png", "0123456789")
    assert reading.rows[0].signs == (("0", 0.7), ("7", 0.7))
    assert convert(json.loads(json.dumps(asdict(reading))), Reading) == reading
