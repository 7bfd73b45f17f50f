from pathlib import Path

import pytest

from pipeline.engine.errors import UsageError
from pipeline.reader.many.truth import compare, load_truth

HEAD = "file,row,checked,value,left,top,right,bottom\n"


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
        {"text": "1 2", "confidence": 0.95, "box": [1, 1, 20, 10], "unread": False},
        {"text": "1", "confidence": 0.85, "box": [0, 21, 20, 31], "unread": False},
    ]
    report = compare(
        [{"file": "a.png", "rows": rows}, {"file": "c.png", "error": "damaged"}], truth, tmp_path / "t.csv"
    )
    assert report.splitlines()[0].startswith("2 of 3 ")
    assert [line for line in report.splitlines() if line.startswith("80%")] == ["80% or more: 2 rows, 1 of them wrong"]


def test_rows_left_to_a_person_are_not_wrong_at_any_threshold(tmp_path: Path) -> None:
    """The apostrophe keeps spreadsheet programs from evaluating the name."""
    truth = load_truth(write(tmp_path / "t.csv", "'=a.png,1,yes,12,0,0,20,10"))
    row = {"text": "", "confidence": 0.97, "box": [0, 0, 20, 10], "unread": True}
    first, *thresholds, _ = compare([{"file": "=a.png", "rows": [row]}], truth, tmp_path / "t.csv").splitlines()
    assert first.endswith(" 1 are unread")
    assert all(line.endswith(": 0 rows, 0 of them wrong") for line in thresholds)


@pytest.mark.parametrize(
    ("value", "text", "is_right"),
    [
        ("12.50", "12.50", True),
        ("12.50", "1250", False),
        ("1'250", "1'250", True),
        ("1'250", "1250", False),
        ("'007", "007", True),  # the apostrophe keeps a spreadsheet program from writing 7
        ("21/10/23 5", "21/10/235", True),
    ],
)
def test_separators_are_compared_and_spaces_are_not(value: str, text: str, is_right: bool, tmp_path: Path) -> None:
    truth = load_truth(write(tmp_path / "t.csv", f"a.png,1,yes,{value},0,0,20,10"))
    row = {"text": text, "confidence": 0.9, "box": [0, 0, 20, 10], "unread": False}
    report = compare([{"file": "a.png", "rows": [row]}], truth, tmp_path / "t.csv")
    assert report.startswith(f"{is_right:d} of 1 ")


def test_truth_of_other_pages_and_other_tables_are_refused(tmp_path: Path) -> None:
    truth = load_truth(write(tmp_path / "t.csv", "a.png,1,yes,12,0,0,20,10"))
    with pytest.raises(UsageError):
        compare([{"file": "b.png", "rows": []}], truth, tmp_path / "t.csv")
    (tmp_path / "other.csv").write_text("file,digits\na.png,1\n")
    for wrong in (
        Path("/dev/zero"),
        tmp_path / "other.csv",
        tmp_path / "none.csv",
        write(tmp_path / "bad.csv", "a.png,1,yes,12,x,0,20,10"),
    ):
        with pytest.raises(UsageError):
            load_truth(wrong)
