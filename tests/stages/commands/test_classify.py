import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.drawings import Images, enlarge, place, sample_digits, write_row
from tests.processes import Run, environment
from tests.stages.common import assert_one_line

PROGRAM = [sys.executable, "-m", "stages", "classify"]
CLEAR = (3, 4, 17)  # test images that the recipe `quick` classifies correctly
MODEL = re.compile(r"model: the pretrained reader\n")  # on stderr


def paint(path: Path, index: int = CLEAR[0]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(255 - enlarge(sample_digits()[0][index], 4)).save(path, "PNG")
    return path


def draw_table(rows: Sequence[Sequence[Sequence[int]]]) -> Images:
    """Return rows of numbers, each given by test images, light on dark."""
    sheet = np.zeros((60 * len(rows), 160 * len(rows[0])), np.uint8)
    for row, numbers in enumerate(rows):
        for column, indices in enumerate(numbers):
            ink = write_row([sample_digits()[0][index] for index in indices], 6)
            sheet = np.maximum(sheet, place(ink, sheet.shape, 60 * row + 10, 160 * column + 10))
    return sheet


def truth(indices: Sequence[int] = CLEAR[:1]) -> str:
    return "".join(str(sample_digits()[1][index]) for index in indices)


def write_unreadable_files(folder: Path) -> dict[str, str]:
    """Write the files; return the expected message of each."""
    body = paint(folder / "intact.png").read_bytes()
    (folder / "cut off.png").write_bytes(body[: len(body) // 2])
    return {"cut off.png": "is damaged (", "missing.png": "does not exist: check the path"}


def test_row_is_read_and_blank_picture_has_no_digit(run: Run, project: Path) -> None:
    row = write_row([sample_digits()[0][index] for index in CLEAR], 8)
    Image.fromarray(255 - enlarge(row, 3)).save(project / "row.png")
    Image.new("L", (50, 50), 255).save(project / "blank.png")
    lines = run("classify", "row.png", "blank.png").stdout.splitlines()
    assert lines[0].startswith(f"row.png: {truth(CLEAR)} (")
    assert lines[1] == "blank.png: no digit found"


def test_rows_are_told_apart_in_every_format(run: Run, project: Path) -> None:
    rows = (CLEAR[:2], CLEAR[2:]), (CLEAR[:1], CLEAR[1:])
    Image.fromarray(255 - enlarge(draw_table(rows), 2)).save(project / "table.png")
    texts = [" ".join(map(truth, row)) for row in rows]
    assert run("classify", "table.png").stdout.startswith(f"table.png: {' | '.join(texts)} (")
    run("classify", "table.png", "--output", "table.csv")
    with open(project / "table.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["file"], line["row"]) for line in lines] == [("table.png", "1"), ("table.png", "2")]
    assert [line["digits"] for line in lines] == [truth(CLEAR)] * 2
    assert [line["text"] for line in lines] == texts
    result = json.loads(run("classify", "--json", "table.png").stdout)
    assert [row["text"] for row in result["rows"]] == texts
    assert (result["text"], result["digits"]) == ("\n".join(texts), truth(CLEAR) * 2)
    assert [f"{row['confidence']:.4f}" for row in result["rows"]] == [line["confidence"] for line in lines]
    tops = [[box[1] for box in row["boxes"]] for row in result["rows"]]
    assert (len(tops[0]), len(tops[1])) == (3, 3)
    assert max(tops[0]) < min(tops[1])


def test_json_output(run: Run, project: Path) -> None:
    Image.new("L", (50, 50), 255).save(project / "blank.png")
    paint(project / "a.png")
    lines = run("classify", "--json", "a.png", "blank.png").stdout.splitlines()
    result, blank = map(json.loads, lines)
    assert list(result) == ["file", "text", "digits", "confidence", "alternatives", "rows"]
    assert (result["file"], result["digits"]) == ("a.png", truth())
    assert 0.4 <= result["confidence"] <= 1
    assert result["confidence"] + sum(p for _, p in result["alternatives"]) <= 1.00001
    (row,) = result["rows"]
    assert list(row)[:5] == ["text", "digits", "confidence", "alternatives", "boxes"]
    assert (row["text"], row["digits"], row["alternatives"]) == (truth(), truth(), result["alternatives"])
    ((left, top, right, bottom),) = row["boxes"]
    assert 0 <= left < right <= 112
    assert 0 <= top < bottom <= 112
    nothing: dict[str, object] = {"text": "", "digits": "", "confidence": None, "alternatives": [], "rows": []}
    assert blank == {"file": "blank.png", **nothing}


def test_unreadable_files_are_reported_one_line_each(run: Run, project: Path) -> None:
    bad = write_unreadable_files(project)
    paint(project / "last.png", CLEAR[1])
    result = run("classify", "intact.png", *bad, "last.png")
    assert result.returncode == 1
    first, last = result.stdout.splitlines()
    assert first.startswith(f"intact.png: {truth()} (")
    assert last.startswith(f"last.png: {truth(CLEAR[1:2])} (")
    _, *errors, summary = result.stderr.splitlines()
    assert len(errors) == len(bad)
    for line, (name, words) in zip(errors, bad.items(), strict=True):
        assert line.startswith(f"{name} {words}")
    assert summary == "classify: 2 of 4 pictures could not be read: see the messages above"


def test_single_unreadable_file_is_one_error(run: Run, project: Path) -> None:
    assert_one_line(run("classify", "missing.png"), 1, "missing.png does not exist: check the path")
    result = run("classify", "--json", "missing.png")
    assert result.returncode == 1
    assert "error" in json.loads(result.stdout)


def test_picture_after_whose_first_page_others_follow_is_named(run: Run, project: Path) -> None:
    digit = Image.open(paint(project / "one.png"))
    digit.save(project / "frames.gif", save_all=True, append_images=[Image.new("L", digit.size)])
    result = run("classify", "one.png", "frames.gif")
    assert result.returncode == 0
    _, line = result.stderr.splitlines()
    assert line.startswith("frames.gif has several pages")


def test_each_page_of_a_scan_is_read(run: Run, project: Path) -> None:
    pages = [Image.open(paint(project / f"{index}.png", index)) for index in CLEAR[:2]]
    pages[0].save(project / "scan.tif", save_all=True, append_images=pages[1:])
    result = run("classify", "--annotate", "out", "scan.tif")
    assert result.returncode == 0
    assert MODEL.fullmatch(result.stderr)
    first, second = result.stdout.splitlines()
    assert first.startswith(f"scan.tif#1: {truth(CLEAR[:1])} (")
    assert second.startswith(f"scan.tif#2: {truth(CLEAR[1:2])} (")
    shown = []
    for copy, page in zip(("scan-1.png", "scan-2.png"), pages, strict=True):
        with Image.open(project / "out" / copy) as image:
            shown.append(np.abs(np.asarray(image.convert("L"), int) - np.asarray(page)).mean())
    assert max(shown) < 20  # but for the box, it is this page


def test_standard_input_may_be_a_file_or_a_pipe(call: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = paint(project / "a.png").read_bytes()
    piped = subprocess.run([*PROGRAM, "-"], input=body, capture_output=True, cwd=project, env=environment())
    assert piped.stdout.startswith(f"-: {truth()} (".encode())
    with open(project / "a.png") as file:
        monkeypatch.setattr("sys.stdin", file)
        assert call("classify", "-").stdout.encode() == piped.stdout
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(body[:-60])))
    assert ": standard input is damaged" in call("classify", "-").stderr


def test_unusual_file_names_take_one_line_and_json_preserves_them(call: Run, project: Path) -> None:
    shown = {
        b"two words.png": "two words.png",
        b"new\nline.png": r"new\nline.png",
        "\u2028.png".encode(): r"\u2028.png",
        b"not \xff utf-8.png": r"not \xff utf-8.png",
        b"<script>.png": "<script>.png",
        b"\x1b[31m.png": r"\x1b[31m.png",
        "é.png".encode(): "é.png",
    }
    body = paint(project / "a.png").read_bytes()
    for name in shown:
        (project / os.fsdecode(name)).write_bytes(body)
    result = subprocess.run([*PROGRAM, *shown, b"none\n.png"], capture_output=True, cwd=project, env=environment())
    assert [line.rpartition(f": {truth()} (")[0] for line in result.stdout.decode().splitlines()] == [*shown.values()]
    assert rb"none\n.png does not exist" in result.stderr and b"Traceback" not in result.stderr
    objects = map(json.loads, call("classify", "--json", *map(os.fsdecode, shown)).stdout.splitlines())
    assert [each["file"] for each in objects] == [name.decode(errors="backslashreplace") for name in shown]
