"""`classify` with many pictures, as a table, and with boxes."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.engine.errors import UsageError
from pipeline.engine.outputs import summarise
from pipeline.reader.batch.boxes import COLOUR
from stages.commands.classify import classify
from tests.drawings import enlarge, on_paper, place, sample_digits
from tests.processes import Run
from tests.stages.commands.test_classify import CLEAR, paint, truth
from tests.stages.common import assert_one_line


def fail(source: Path, *targets: object) -> None:
    raise OSError(28, "No space left on device", str(source))


def test_csv_output(run: Run, project: Path) -> None:
    paint(project / "two, words.png")
    Image.new("L", (50, 50), 255).save(project / "blank.png")
    result = run("classify", "two, words.png", "missing.png", "blank.png", "--output", "digits.csv")
    assert result.returncode == 1
    with open(project / "digits.csv", newline="") as file:
        header, digit, missing, blank = csv.reader(file)
    columns = ["file", "row", "text", "digits", "confidence", "alternative", "alternative_confidence", "error"]
    assert header == [*columns, "region", "withheld", "left", "top", "right", "bottom"]
    assert digit[:4] == ["two, words.png", "1", truth(), truth()]
    assert 0.9 < float(digit[4]) <= 1
    assert digit[5:10] == [""] * 5
    assert [int(side) >= 0 for side in digit[10:]] == [True] * 4
    assert missing[:7] == ["missing.png", *[""] * 6]
    assert missing[7].startswith("missing.png does not exist")
    assert missing[7] in result.stderr
    assert blank == ["blank.png", *[""] * 13]


@pytest.mark.parametrize(
    ("count", "total", "seconds", "line"),
    [
        (300, 500, 2.0, "300 of 500 pictures in 2.0 s, 150 pictures/s"),
        (60, 60, 900.0, "60 pictures in 900.0 s, 15.0 s/picture"),
        (0, 60, 0.1, "0 of 60 pictures in 0.1 s"),
        (1, 1, 15.0, "1 picture in 15.0 s"),
    ],
)
def test_speed_is_a_rate_or_the_time_of_each(count: int, total: int, seconds: float, line: str) -> None:
    assert summarise(count, total, "pictures", seconds) == line


def test_output_file_has_the_lines_of_standard_output(run: Run, tmp_path: Path) -> None:
    names = [paint(tmp_path / f"{index}.png", index).name for index in CLEAR]
    (tmp_path / "digits.jsonl").write_text("from before")
    result = run("classify", *names, "--output", "digits.jsonl")
    assert result.returncode == 0
    assert result.stdout.startswith("3 pictures in ")
    first, last = result.stdout.splitlines()
    assert first.endswith((" pictures/s -> digits.jsonl", " s/picture -> digits.jsonl"))
    assert last.startswith("3 of 3 rows ")
    expected = run("classify", "--json", *names, "missing.png")
    lines = (tmp_path / "digits.jsonl").read_text().splitlines()
    assert lines == expected.stdout.splitlines()[: len(lines)]
    failed = run("classify", *names, "missing.png", "--output", "digits.jsonl")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.startswith(expected.stderr.rstrip())
    assert (tmp_path / "digits.jsonl").read_text() == expected.stdout
    assert {path.name for path in tmp_path.iterdir()} == {*names, "digits.jsonl"}


def test_last_line_names_pictures_without_a_digit(run: Run, tmp_path: Path) -> None:
    digit, *blank = ("a.png", "b.png", "c.png", "d.png", "e.png")
    paint(tmp_path / digit)
    for name in blank:
        Image.new("L", (50, 50), 255).save(tmp_path / name)
    expected = "4 of 5 pictures without a digit: b.png, c.png, d.png, and 1 more"
    for form in ([], ["--json"]):
        assert run("classify", digit, *blank, *form).stderr.splitlines()[-1] == expected
    line = run("classify", digit, *blank, "--output", "a.csv").stdout.splitlines()[-1]
    assert line == f"1 of 1 row has 90% or more; 0 to check; {expected}"
    broken = run("classify", digit, "b.png", "none.png", "--output", "a.csv").stderr.splitlines()
    assert broken[-2] == "1 of 3 pictures without a digit: b.png"
    assert "without" not in run("classify", digit, digit).stderr


def test_output_has_the_format_of_its_extension(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.csv", "a.CSV", "a.jsonl", "a.json")]
    targets = (argument for file in files for argument in ("--output", file.name))
    result = run("classify", paint(tmp_path / "a.png").name, *targets)
    assert result.returncode == 0
    assert result.stdout.startswith("1 picture in ")
    table, same_table, objects, same_objects = (file.read_text() for file in files)
    assert table == same_table
    assert table.startswith("file,row,text,digits,")
    assert objects == same_objects == run("classify", "--json", "a.png").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.csv", "--output", "a.csv"], "a.csv is already used"),
        (["a.png", "--review", "."], "name a file"),
        (["a.png", "--output", "none/digits.csv"], "does not exist"),
        (["a.png", "--annotate", ".", "--output", "digits.csv"], "a.png exists already"),
        (["a.png", "--annotate", "out", "--output", "out/a.csv"], "does not exist"),
        (["-", "--output", "digits.csv"], "--output"),
        (["a.png", "--json", "--output", "digits.csv"], "--json"),
        (["a.png", "--output", "digits.xlsx"], "end in .csv"),
        (["a.png", "--output", "digits"], "end it in .csv"),
        (["a.png", "--output", ""], "name ''"),
        (["a.png", "--review", "a.png"], "does not end in .html"),
        (["a.png", ""], "empty"),
        (["a.png", "--scheduler", "nonsense"], "'nonsense'"),
    ],
)
def test_refused_options_change_nothing(arguments: list[str], words: str, run: Run, tmp_path: Path) -> None:
    before = paint(tmp_path / "a.png").read_bytes()
    assert_one_line(run("classify", *arguments), 2, words)
    assert (tmp_path / "a.png").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_only_the_picture_that_changed_is_read_again(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The results cannot be published, so the progress is kept."""
    names = [paint(tmp_path / f"{index}.png", index).name for index in CLEAR[:2]]
    line = ["classify", *names, "--output", "digits.csv"]

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.desk.results._publish_results", fail)
        assert_one_line(run(*line), 1, "No space left on device")
    assert not (tmp_path / "digits.csv").exists()
    resumed = run(*line)
    assert "2 of 2 pictures were read before" in resumed.stderr
    assert resumed.stdout.startswith("0 of 2 pictures in ")
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.desk.results._publish_results", fail)
        run(*line)
    paint(tmp_path / names[0], CLEAR[2])
    again = run(*line)
    assert again.stdout.startswith("1 of 2 pictures in ")
    run("classify", *names, "--output", "fresh.csv")
    assert (tmp_path / "digits.csv").read_text() == (tmp_path / "fresh.csv").read_text()


def test_pictures_that_are_added_to_a_pile_are_read_alone(run: Run, tmp_path: Path) -> None:
    """Also if they come first, and if others were renamed or are gone."""
    for index, name in zip(CLEAR[:2], "bc", strict=True):
        paint(tmp_path / f"pile/{name}.png", index)
    line = ("classify", "--output", "digits.csv", "--review", "review.html", "pile")
    assert run(*line).stdout.startswith("2 pictures in ")
    paint(tmp_path / "pile/a.png", CLEAR[2])
    (tmp_path / "pile/c.png").rename(tmp_path / "pile/d.png")
    assert run(*line).stdout.startswith("1 of 3 pictures in ")
    found = (tmp_path / "digits.csv").read_text(), (tmp_path / "review.html").read_text()
    shutil.rmtree(tmp_path / ".digits.csv.work")
    assert run(*line).stdout.startswith("3 pictures in ")
    assert ((tmp_path / "digits.csv").read_text(), (tmp_path / "review.html").read_text()) == found
    (tmp_path / "pile/b.png").unlink()
    for _ in range(2):
        assert run(*line).stdout.startswith("0 of 2 pictures in ")


def write_drawing(path: Path) -> tuple[int, int, int, int]:
    """Write a digit on a large sheet in colour, turned by Exif; return the box of its ink, upright."""
    ink = enlarge(sample_digits()[0][CLEAR[0]], 20)
    sheet = on_paper(place(ink, (1400, 2100), 500, 900))
    image = Image.fromarray(np.repeat(sheet[..., np.newaxis], 3, axis=2).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    rows, columns = (np.flatnonzero((sheet < 130).any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def test_boxes_enclose_the_digits_of_an_upright_copy(run: Run, project: Path) -> None:
    left, top, right, bottom = write_drawing(project / "photo.jpg")
    assert run("classify", "--annotate", ".", "photo.jpg").returncode == 0
    with Image.open(project / "photo.png") as copy:
        assert (copy.format, copy.mode) == ("PNG", "RGB")
        assert 1024 < copy.width <= 2048
        scale = copy.width / 2100
        drawn = (np.asarray(copy) == COLOUR).all(axis=2)
    rows, columns = (np.flatnonzero(drawn.sum(axis=axis) > 250 * scale) for axis in (1, 0))
    found = np.array([columns[0], rows[0], columns[-1], rows[-1]]) / scale
    np.testing.assert_allclose(found, [left, top, right, bottom], atol=80)


def test_copies_have_the_names_of_their_pictures(run: Run, project: Path) -> None:
    for name in ("scans/a.png", "scans/sub/b.bmp", "c.gif"):
        paint(project / name)
    Image.new("L", (50, 50), 255).save(project / "blank.png")
    assert run("classify", "--annotate", "new/out", "scans", "c.gif", "blank.png").returncode == 0
    found = sorted(path.relative_to(project / "new/out").as_posix() for path in project.glob("new/out/**/*.png"))
    assert found == ["a.png", "blank.png", "c.png", "sub/b.png"]


def test_standard_input_may_be_copied_too(run: Run, project: Path) -> None:
    with open(paint(project / "a.png"), "rb") as file:
        assert run("classify", "--annotate", "out", "-", stdin=file).returncode == 0
    with Image.open(project / "out/stdin.png") as copy:
        assert copy.size == (112, 112)


@pytest.mark.parametrize(
    ("boxes", "names", "words"),
    [
        (".", ["a.png"], "a.png exists already"),
        (".", ["link.png"], "link.png exists already"),
        ("artifacts/train/x", ["a.png"], "lies within a published result"),
        ("scans", ["b.png", "scans/"], "scans has the pictures, "),
    ],
)
def test_no_file_is_overwritten(boxes: str, names: list[str], words: str, run: Run, project: Path) -> None:
    (project / "link.png").symlink_to("b.png")
    for name in ("a.png", "b.png", "scans/a.png"):
        paint(project / name)
    before = {path: path.read_bytes() for path in project.rglob("*.png")}
    assert_one_line(run("classify", "--annotate", boxes, *names), 2, words)
    assert {path: path.read_bytes() for path in project.rglob("*.png")} == before


@pytest.mark.slow
def test_resumed_run_replaces_no_copy_that_another_process_wrote(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(project / "a.png")
    command = ("classify", "--output", "digits.csv", "--annotate", "out", "a.png")
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.desk.results.publish", fail)
        assert_one_line(run(*command), 1, "No space left on device")
    copy = project / "out/a.png"
    assert not copy.exists()
    copy.write_bytes(b"another's")
    assert_one_line(run(*command), 2, "a.png exists already")
    assert copy.read_bytes() == b"another's"
    copy.unlink()
    assert run(*command).stdout.startswith("0 of 1 picture ")
    with Image.open(copy) as image:
        assert image.size == (112, 112)
    assert not (project / ".digits.csv.work").exists()


def test_printing_run_replaces_no_copy_that_another_process_wrote(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    lines = classify([paint(project / name).name for name in ("a.png", "b.png")], annotate=Path("out"))
    assert isinstance(lines, Iterator)
    next(lines)
    (project / "out/b.png").write_bytes(b"another's")
    with pytest.raises(UsageError, match="b.png exists already"):
        next(lines)
    assert (project / "out/b.png").read_bytes() == b"another's"


@pytest.mark.slow
def test_restarted_run_publishes_its_own_copies_only(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interrupted run had other pictures."""
    for name in ("a.png", "b.png"):
        paint(project / name)
    command = ("classify", "--output", "digits.csv", "--annotate", "out")
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.desk.results.publish", fail)
        run(*command, "b.png")
    assert run(*command, "a.png").returncode == 0
    assert [path.name for path in (project / "out").iterdir()] == ["a.png"]
