import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from tests.drawings import enlarge, sample_digits, write_row
from tests.processes import Run, environment
from tests.stages.common import assert_one_line
from tests.terminal import show

PROGRAM = [sys.executable, "-m", "stages.cli.main", "classify"]
CLEAR = (3, 4, 17)  # test images that even the quickly trained network reads


def paint(path: Path, number: int = CLEAR[0]) -> Path:
    """A test image as a file, black on white."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(255 - enlarge(sample_digits()[0][number], 4)).save(path, "PNG")
    return path


def truth(numbers: Sequence[int] = CLEAR[:1]) -> str:
    return "".join(str(sample_digits()[1][number]) for number in numbers)


def files_that_are_no_pictures(folder: Path) -> dict[str, str]:
    """Makes them; what is told of each, by its name."""
    body = paint(folder / "whole.png").read_bytes()
    (folder / "cut off.png").write_bytes(body[: len(body) // 2])
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("hello")
    Image.new("L", (1, 1)).save(folder / "one.png")
    Image.new("1", (9000, 9000)).save(folder / "vast.png")
    return {
        "cut off.png": "is damaged: ",
        "empty.png": "is no picture: it has to be PNG, JPEG, GIF, BMP, TIFF or WebP",
        "text.png": "is no picture: it has to be PNG, JPEG, GIF, BMP, TIFF or WebP",
        "one.png": "is too small: 1 x 1 pixels",
        "vast.png": "is too large: 9,000 x 9,000 pixels",
        "missing.png": "cannot be read: No such file or directory",
    }


def test_a_picture_is_told_with_its_digit_the_confidence_and_the_runner_up(run: Run, project: Path) -> None:
    result = run("classify", str(paint(project / "a.png")))
    assert result.returncode == 0
    assert result.stderr == ""
    pattern = rf"{re.escape(str(project))}/a\.png: {truth()} \(\d\d\.\d\d%\), or \d \(\d+\.\d\d%\)\n"
    assert re.fullmatch(pattern, result.stdout)


def test_a_row_is_read_and_a_blank_page_is_told(run: Run, project: Path) -> None:
    row = write_row([sample_digits()[0][number] for number in CLEAR], 8)
    Image.fromarray(255 - enlarge(row, 3)).save(project / "row.png")
    Image.new("L", (50, 50), 255).save(project / "blank.png")
    lines = run("classify", "row.png", "blank.png").stdout.splitlines()
    assert lines[0].startswith(f"row.png: {truth(CLEAR)} (")
    assert lines[1] == "blank.png: no digit found"


def test_json_tells_the_same(run: Run, project: Path) -> None:
    Image.new("L", (50, 50), 255).save(project / "blank.png")
    paint(project / "a.png")
    lines = run("classify", "--json", "a.png", "blank.png").stdout.splitlines()
    told, blank = map(json.loads, lines)
    assert list(told) == ["file", "digits", "confidence", "alternatives"]
    assert (told["file"], told["digits"]) == ("a.png", truth())
    assert 0.4 <= told["confidence"] <= 1
    assert len(told["alternatives"]) == 3
    assert 1 > told["alternatives"][0][1] >= told["alternatives"][1][1] >= told["alternatives"][2][1]
    assert told["confidence"] + sum(p for _, p in told["alternatives"]) <= 1.00001
    assert blank == {"file": "blank.png", "digits": "", "confidence": None, "alternatives": []}


def test_files_that_are_no_pictures_are_told_in_a_line_each_and_the_others_are_read(run: Run, project: Path) -> None:
    bad = files_that_are_no_pictures(project)
    paint(project / "last.png", CLEAR[1])
    result = run("classify", "whole.png", *bad, "last.png")
    assert result.returncode == 1
    first, last = result.stdout.splitlines()
    assert first.startswith(f"whole.png: {truth()} (")
    assert last.startswith(f"last.png: {truth(CLEAR[1:2])} (")
    *told, summary = result.stderr.splitlines()
    assert len(told) == len(bad)
    for line, (name, words) in zip(told, bad.items(), strict=True):
        assert line.startswith(f"{name} {words}")
    assert summary == "handwriting classify: 6 of 8 pictures could not be read, as told above"


def test_json_has_the_errors_in_their_places(run: Run, project: Path) -> None:
    bad = files_that_are_no_pictures(project)
    result = run("classify", "--json", *bad, "whole.png")
    assert result.returncode == 1
    *told, read = map(json.loads, result.stdout.splitlines())
    assert [each["file"] for each in told] == list(bad)
    for each in told:
        assert list(each) == ["file", "error"]
        assert each["error"].startswith(f"{each['file']} {bad[each['file']]}")
    assert read["digits"] == truth()


def test_a_single_bad_file_is_one_error(run: Run, project: Path) -> None:
    assert_one_line(run("classify", "missing.png"), 1, "missing.png cannot be read: No such file or directory")
    result = run("classify", "--json", "missing.png")
    assert result.returncode == 1
    assert "error" in json.loads(result.stdout)


def test_the_pictures_of_a_folder_are_read_in_order_at_any_depth(run: Run, project: Path) -> None:
    for name in ("b.png", "a.PNG", "sub/c.jpg", "d.png/e.png"):
        paint(project / "scans" / name)
    (project / "scans/notes.txt").write_text("not a picture, and not asked for")
    os.mkfifo(project / "scans/pipe.png")  # which nobody will ever write into
    result = run("classify", "scans", timeout=60)
    assert result.returncode == 0
    names = [line.partition(": ")[0] for line in result.stdout.splitlines()]
    assert names == ["scans/a.PNG", "scans/b.png", "scans/d.png/e.png", "scans/sub/c.jpg"]


def test_a_folder_without_pictures_is_named(run: Run, project: Path) -> None:
    (project / "empty").mkdir()
    assert_one_line(run("classify", "empty"), 1, "there is no picture in empty")


def test_standard_input_is_read_from_a_file_and_from_a_pipe(run: Run, project: Path) -> None:
    body = paint(project / "a.png").read_bytes()
    piped = subprocess.run([*PROGRAM, "-"], input=body, capture_output=True, cwd=project, env=environment())
    assert piped.stdout.startswith(f"-: {truth()} (".encode())
    with open(project / "a.png") as file:
        assert run("classify", "-", stdin=file).stdout.encode() == piped.stdout


@pytest.mark.parametrize(("streams", "status", "error"), [("<&-", 1, "- is no picture"), (">&-", 0, "")])
def test_closed_streams_are_no_reason_for_a_traceback(streams: str, status: int, error: str, project: Path) -> None:
    paint(project / "a.png")
    name = "-" if streams == "<&-" else "--show a.png"
    command = ["sh", "-c", f'"$@" {name} {streams}', "sh", *PROGRAM]
    result = subprocess.run(command, capture_output=True, text=True, cwd=project, env=environment())
    assert result.returncode == status
    assert error in result.stderr
    assert len(result.stderr.splitlines()) == bool(error)


def test_a_pipe_without_an_end_does_not_fill_the_memory(project: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    with subprocess.Popen(["cat", "/dev/zero"], stdout=subprocess.PIPE) as endless:
        result = subprocess.run(
            [*PROGRAM, "-"],
            stdin=endless.stdout,
            capture_output=True,
            text=True,
            cwd=project,
            env=environment(),
            preexec_fn=limit,
        )
        endless.kill()
    assert_one_line(result, 1, "- is too large: 128,000,000 bytes are the most by a pipe")


def test_names_of_any_characters_take_one_line_and_json_has_them_as_they_are(project: Path) -> None:
    names = [
        b"two words.png",
        b"new\nline.png",
        b"not \xff utf-8.png",
        b"<script>.png",
        b"\x1b[31m.png",
        "é.png".encode(),
    ]
    body = paint(project / "a.png").read_bytes()
    for name in names:
        (project / os.fsdecode(name)).write_bytes(body)

    def lines(*arguments: bytes | str) -> list[str]:
        result = subprocess.run([*PROGRAM, *arguments], capture_output=True, cwd=project, env=environment())
        assert b"Traceback" not in result.stderr
        return (result.stdout + result.stderr).decode().splitlines()

    shown = ["two words.png", r"new\nline.png", "not \ufffd utf-8.png", "<script>.png", r"\x1b[31m.png", "é.png"]
    told = lines(*names)
    assert [line.rpartition(f": {truth()} (")[0] for line in told] == shown
    told = [json.loads(line)["file"] for line in lines("--json", *names)]
    assert told == [name.decode(errors="replace") for name in names]
    *_, missing, _ = lines(*names, b"none\n.png")
    assert missing == r"none\n.png cannot be read: No such file or directory"


def test_a_bar_is_for_terminals_and_only_for_several_pictures(run: Run, project: Path) -> None:
    paint(project / "a.png")
    assert run("classify", "a.png", "a.png").stderr == ""
    several, one = (show([*PROGRAM, *["a.png"] * count], cwd=project) for count in (3, 1))
    assert "picture" in several.raw
    assert "picture" not in one.raw
    assert len(several.lines) == 3
    assert all(line.startswith(f"a.png: {truth()} (") for line in several.lines)


def test_head_gets_the_first_line_and_that_is_all(project: Path) -> None:
    paint(project / "a.png")
    command = ["bash", "-c", 'set -o pipefail; "$@" | head -1', "bash", *PROGRAM, *["a.png"] * 50]
    result = subprocess.run(command, capture_output=True, text=True, cwd=project, env=environment())
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""


def test_what_the_network_sees_is_drawn(run: Run, project: Path) -> None:
    paint(project / "a.png")
    *drawing, said = run("classify", "--show", "a.png").stdout.splitlines()
    assert len(drawing) == 20  # the rows of the box that digits are fitted into; the empty ones around it are left out
    assert any("█" in line for line in drawing)
    assert said.startswith("a.png: ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--json"],
        ["--index", "0", "a.png"],
        ["--index", "0", "--json"],
        ["--index", "500"],
        ["--index", "-1"],
        ["--what"],
    ],
)
def test_wrong_use_is_told(arguments: list[str], run: Run, project: Path) -> None:
    paint(project / "a.png")
    assert_one_line(run("classify", *arguments), 2)


def test_without_a_model_there_is_no_reading(run: Run, tmp_path: Path) -> None:
    paint(tmp_path / "a.png")
    assert_one_line(run("classify", "a.png"), 1, "artifacts/train/manifest.json is missing: run the stage train first")
