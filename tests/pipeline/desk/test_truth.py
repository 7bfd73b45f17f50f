import os
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from pipeline.desk import truth as truth_module
from pipeline.desk.forms.regions import FloatBox
from pipeline.desk.truth import compare, load_truth
from pipeline.engine.errors import UsageError
from pipeline.reader.batch.readings import Reading, RowReading

HEAD = "file,row,checked,value,left,top,right,bottom\n"


def make_row(text: str, confidence: float, box: tuple[int, int, int, int], withheld: bool = False) -> RowReading:
    return RowReading(text, text, confidence, (), (), box, withheld)


def write(path: Path, *lines: str) -> Path:
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return path


def test_rows_are_compared_where_they_are(tmp_path: Path) -> None:
    truth = load_truth(
        write(
            tmp_path / "t.csv",
            "a.png,1,yes,1 2,0,0,20,10",
            "a.png,2,yes,7,0,20,20,30",
            "a.png,3,yes,,0,40,20,50",
            "b.png,1,,4,0,0,9,9",
        )
    )
    rows = [
        make_row("1 2", 0.95, (1, 1, 20, 10)),
        make_row("1", 0.85, (0, 21, 20, 31)),
    ]
    report = compare([Reading("a.png", rows=tuple(rows)), Reading("c.png", "damaged")], truth, tmp_path / "t.csv")
    assert report.splitlines()[0].startswith("2 of 3 ")
    assert [line for line in report.splitlines() if line.startswith("80%")] == ["80% or more: 2 rows, 1 of them wrong"]


def test_rows_left_to_a_person_are_not_wrong_at_any_threshold(tmp_path: Path) -> None:
    """The apostrophe keeps spreadsheet programs from evaluating the name."""
    truth = load_truth(write(tmp_path / "t.csv", "'=a.png,1,yes,12,0,0,20,10"))
    row = make_row("", 0.97, (0, 0, 20, 10), withheld=True)
    first, *thresholds, _ = compare([Reading("=a.png", rows=(row,))], truth, tmp_path / "t.csv").splitlines()
    assert " 1 are withheld;" in first
    assert all(line.endswith(": 0 rows, 0 of them wrong") for line in thresholds)


@pytest.mark.parametrize(
    ("value", "text", "is_right"),
    [
        ("12.50", "12.50", True),
        ("12.50", "1250", False),
        ('"12,50"', "12.50", True),
        ("1'250", "1'250", True),
        ("1'250", "1250", False),
        ("'007", "007", True),  # the apostrophe keeps a spreadsheet program from writing 7
        ("21/10/23 5", "21/10/235", True),
    ],
)
def test_separators_are_compared_and_spaces_are_not(value: str, text: str, is_right: bool, tmp_path: Path) -> None:
    truth = load_truth(write(tmp_path / "t.csv", f"a.png,1,yes,{value},0,0,20,10"))
    row = make_row(text, 0.9, (0, 0, 20, 10))
    report = compare([Reading("a.png", rows=(row,))], truth, tmp_path / "t.csv")
    assert report.startswith(f"{is_right:d} of 1 ")


@pytest.mark.parametrize("checked", ["", "no", "FALSE", "0", " No ", "line"])
def test_rows_that_no_person_has_seen_do_not_count(checked: str, tmp_path: Path) -> None:
    lines = "a.png,1,yes,1,0,0,20,10", f"a.png,2,{checked},2,0,20,20,30"
    assert [row.text for row in load_truth(write(tmp_path / "t.csv", *lines))["a.png"]] == ["1"]


def test_table_that_the_page_of_1_1_0_saved_is_read() -> None:
    checked = Path(__file__).with_name("checked-1.1.0.csv")  # one of two rows was checked
    reading = Reading("=page.png", rows=(make_row("7210", 0.83, (56, 63, 325, 130)),))
    assert compare([reading], load_truth(checked), checked).startswith("1 of 1 ")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_tables_with_other_separators_are_read(separator: str, tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a.png,1,yes,12,0,0,20,10")
    expected = load_truth(path)
    path.write_text(path.read_text().replace(",", separator).replace("12", "12,5"))
    (row,) = load_truth(path)["a.png"]
    assert (row.text, row.box) == ("12.5", expected["a.png"][0].box)


@pytest.mark.parametrize("line", ["a.png,2,yes,12,0,0,20", "a.png,2", "a.png,2,yes,12,5,0,0,20,10"])
def test_line_with_another_number_of_cells_is_named(line: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="row 2 "):
        load_truth(write(tmp_path / "t.csv", "a.png,1,yes,12,0,0,20,10", line))


def test_truth_of_other_pages_and_other_tables_are_refused(tmp_path: Path) -> None:
    truth = load_truth(write(tmp_path / "t.csv", "a.png,1,yes,12,0,0,20,10"))
    with pytest.raises(UsageError):
        compare([Reading("b.png")], truth, tmp_path / "t.csv")
    (tmp_path / "other.csv").write_text("file,digits\na.png,1\n")
    for wrong in (
        Path("/dev/zero"),
        tmp_path / "other.csv",
        tmp_path / "none.csv",
        write(tmp_path / "bad.csv", "a.png,1,yes,12,x,0,20,10"),
    ):
        with pytest.raises(UsageError):
            load_truth(wrong)


def test_rows_that_a_person_added_or_deleted_count(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = ["a.png,1,yes,,deleted,0,0,20,10", "a.png,2,yes,31,added,0,20,20,30", "a.png,3,yes,32,added,0,40,20,50"]
    path.write_text("file,row,checked,value,change,left,top,right,bottom\n" + "\n".join(lines))
    rows = [
        make_row("12", 0.9, (0, 0, 20, 10)),
        make_row("32", 0.9, (0, 40, 20, 50)),
    ]
    first = compare([Reading("a.png", rows=tuple(rows))], load_truth(path), path).splitlines()[0]
    assert first.startswith("1 of 3 ")
    assert first.endswith("2 were added and 1 deleted by hand")


def test_each_of_thousands_of_rows_is_compared_with_all_of_its_page_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []

    def compute(boxes: NDArray[Any], box: FloatBox) -> NDArray[Any]:
        compared.append(len(boxes))
        return compute_iou(boxes, box)

    compute_iou = truth_module._compute_iou
    monkeypatch.setattr(truth_module, "_compute_iou", compute)
    boxes = [(x, y, x + 30, y + 20) for y in range(0, 2500, 25) for x in range(0, 400, 40)]
    names = [f"{number}.png" for number in range(4)]
    lines = [f"{name},1,yes,7,{','.join(map(str, box))}" for name in names for box in boxes]
    rows = [make_row("7", 0.9, box) for box in boxes]
    truth = load_truth(write(tmp_path / "t.csv", *lines))
    report = compare([Reading(name, rows=tuple(rows)) for name in names], truth, tmp_path / "t.csv")
    assert report.startswith("4,000 of 4,000 ")
    assert compared == [1000] * 4000


def test_file_of_gigabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv")
    os.truncate(path, 6 << 30)
    with pytest.raises(UsageError, match="more than 100 MB"):
        load_truth(path)
