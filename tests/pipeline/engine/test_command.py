"""A stage of a project that has nothing but the engine is a command."""

import shutil
import signal
from pathlib import Path

import pytest

from pipeline.engine import program
from pipeline.engine.artifacts import read_manifest
from pipeline.engine.command import invoke, make_app
from pipeline.engine.program import run_command
from pipeline.engine.results import prune
from tests.pipeline.engine import bakery as module
from tests.pipeline.engine.project import call, interrupt, start, write_project
from tests.processes import wait_for

COMMAND = "stages.bake"


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    return write_project(tmp_path, stages__bake=Path(module.__file__).read_text())


def test_result_is_printed_and_reused_unless_forced(bakery: Path) -> None:
    assert call(bakery, COMMAND) == (0, "a loaf of 500 g -> artifacts/bake\n", "")
    assert call(bakery, COMMAND)[1].startswith("up to date")
    assert call(bakery, COMMAND, "--force") == (0, "a loaf of 500 g -> artifacts/bake\n", "")
    changed = (0, "a loaf of 7 g -> artifacts/bake\n", "bake: parameter grams: 500 -> 7\n")
    assert call(bakery, COMMAND, "--grams", "7") == changed
    assert "Bake a loaf." in call(bakery, COMMAND, "--help")[1]
    assert "See: python -m stages.bake --help" in call(bakery, COMMAND, "--gram", "7")[2]


def test_result_of_1_1_0_is_neither_taken_for_one_of_this_code_nor_changed(bakery: Path) -> None:
    old, store = Path(__file__).with_name("store-1.1.0"), bakery / "artifacts/.store"
    shutil.copytree(old, store)
    (bakery / "artifacts/bake").symlink_to(".store/bake-fc1e4cc31f6fe697")
    status, stdout, stderr = call(bakery, COMMAND)
    assert (status, stdout) == (0, "a loaf of 500 g -> artifacts/bake\n")
    before, after = (read_manifest(folder) for folder in (store / "bake-fc1e4cc31f6fe697", bakery / "artifacts/bake"))
    same_python = before.provenance.environment["python"] == after.provenance.environment["python"]
    assert stderr.startswith("bake: code " if same_python else "bake: environment python: ")
    assert after.created > before.created
    for file in old.glob("*/*"):
        assert (store / file.relative_to(old)).read_bytes() == file.read_bytes()
    assert [*prune(bakery / "artifacts", keep=0)] == ["bake-fc1e4cc31f6fe697"]
    assert call(bakery, COMMAND)[1].startswith("up to date")


ERRORS: list[tuple[list[str], int, str]] = [
    (["--grams", "many"], 2, "See: python -m stages.bake --help"),
    (["--grams", "1.5"], 2, "'--grams'"),
    (["--gram", "7"], 2, "See: python -m stages.bake --help"),
    (["now"], 2, "now"),
    (["--output", "stages"], 2, "stages"),
    (["--fault", "usage"], 2, "too much flour"),
    (["--fault", "failure"], 1, r"no \x1b[31mfire"),
    (["--output", f"stages{'/long' * 200_000}"], 1, "File name too long"),
    (["--fault", "disk"], 1, "No space left on device: loaf.txt"),
    (["--fault", "permissions"], 1, "Permission denied: loaf.txt: change"),
    (["--fault", "missing folder"], 1, "No such file or directory: loaf.txt: check"),
    (["--fault", "read-only"], 1, "Read-only file system: loaf.txt: work"),
    (["--fault", "memory"], 1, "not enough memory"),
    (["--fault", "thread"], 1, "not enough memory"),
    (["--fault", "exit"], 1, "the stage bake called exit(None)"),
    (["--fault", "missing"], 2, "tulip"),
]


def test_error_is_one_line_with_its_status_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(program, "_prepare_output", lambda: None)  # it would print the log of later tests
    Path("stages").mkdir()
    line = lambda *given: run_command("bake", lambda: invoke(make_app(module.bake), given, "python -m stages.bake"))  # noqa: E731
    assert line() == 0
    capsys.readouterr()
    for options, status, words in ERRORS:
        assert line(*options) == status, options
        stdout, stderr = capsys.readouterr()
        assert (stdout, stderr.count("\n")) == ("", 1)
        assert stderr.startswith("bake: ") and words in stderr and len(stderr) <= len("bake: ") + 301
    assert Path("artifacts/bake/loaf.txt").read_text() == "500"
    assert line() == 0 and capsys.readouterr().out.startswith("up to date")


def test_bug_shows_its_traceback(bakery: Path) -> None:
    status, _, stderr = call(bakery, COMMAND, "--fault", "bug")
    lines = stderr.splitlines()
    assert (status, lines[0], lines[-1]) == (1, "Traceback (most recent call last):", "ValueError: yeast")
    frames = [line for line in lines if line.startswith("  File ")]
    assert [line.endswith(", in bake") for line in frames] == [True]  # none of the engine, which has called it


def test_signal_is_one_line_and_leaves_the_earlier_result(bakery: Path) -> None:
    call(bakery, COMMAND)
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with start(bakery, COMMAND, "--fault", "slow") as process:
            wait_for("begun", process.stderr)
            stderr = interrupt(process, kind)
        assert process.returncode == 130
        assert [line.startswith("bake: interrupted") for line in stderr.splitlines()] == [True], kind
    assert call(bakery, COMMAND)[1].startswith("up to date")
    assert sorted(path.suffix for path in (bakery / "artifacts/.store").iterdir()) == ["", ".lock"]
