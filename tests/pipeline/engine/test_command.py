"""A stage of a project that has nothing but the engine is a command."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from pipeline.engine.command import make_parser
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.stage import File, Input, Output, Role, stage
from tests.processes import ROOT, SITE, reset_signals, wait_for

BAKE = '''
import sys
import time
from pathlib import Path

from pipeline.engine.command import main
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.stage import Output, stage


@stage(packages=())
def bake(fault: str = "", grams: int = 500, output: Output = Path("artifacts/bake")) -> str:
    """Bake a loaf."""
    (output / "loaf.txt").write_text(str(grams))
    if fault == "slow":
        print("begun", file=sys.stderr, flush=True)
        time.sleep(60)
    if fault:
        raise {
            "usage": UsageError("too much\\nflour"),
            "failure": PipelineError("no \\x1b[31mfire"),
            "disk": OSError(28, "No space left on device", "loaf.txt"),
            "memory": MemoryError(),
            "exit": SystemExit(),
            "bug": ValueError("yeast"),
        }[fault]
    return f"a loaf of {grams} g"


if __name__ == "__main__":
    main(bake)
'''
# Without this project, whose engine is copied.
PYTHON = (sys.executable, "-S", "-m", "stages.bake")


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "pipeline/engine", tmp_path / "pipeline/engine")
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/bake.py").write_text(BAKE)
    return tmp_path


def start(bakery: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PYTHON, *options],
        cwd=bakery,
        env={**os.environ, "PYTHONPATH": SITE},
        preexec_fn=reset_signals,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def bake(bakery: Path, *options: str) -> tuple[int | None, str, str]:
    with start(bakery, *options) as process:
        stdout, stderr = process.communicate()
    return process.returncode, stdout, stderr


def test_result_is_printed_and_reused_unless_forced(bakery: Path) -> None:
    assert bake(bakery) == (0, "a loaf of 500 g -> artifacts/bake\n", "")
    assert bake(bakery)[1].startswith("up to date")
    assert bake(bakery, "--force") == (0, "a loaf of 500 g -> artifacts/bake\n", "")
    assert bake(bakery, "--grams", "7") == (
        0,
        "a loaf of 7 g -> artifacts/bake\n",
        "bake: parameter grams: 500 -> 7\n",
    )
    assert "Bake a loaf." in bake(bakery, "--help")[1]


ERRORS: list[tuple[list[str], int, str]] = [
    (["--grams", "many"], 2, "--grams: invalid int value: 'many'"),
    (["--gram", "7"], 2, "--gram 7. See: python -m stages.bake --help"),
    (["now"], 2, "now"),
    (["--output", "stages"], 2, "stages"),
    (["--fault", "usage"], 2, "too much flour"),
    (["--fault", "failure"], 1, r"no \x1b[31mfire"),
    (["--fault", "disk"], 1, "No space left on device: loaf.txt"),
    (["--fault", "memory"], 1, "not enough memory"),
    (["--fault", "exit"], 1, "the stage bake called exit(None)"),
]


def test_error_is_one_line_with_its_status_and_changes_nothing(bakery: Path) -> None:
    bake(bakery)
    for options, status, words in ERRORS:
        returned, stdout, stderr = bake(bakery, *options)
        *reasons, line = stderr.splitlines()
        assert (returned, stdout) == (status, ""), options
        assert line.startswith("bake: ") and words in line
        assert all(reason.startswith("bake: parameter fault") for reason in reasons)
    assert (bakery / "artifacts/bake/loaf.txt").read_text() == "500"
    assert bake(bakery)[1].startswith("up to date")


def test_bug_shows_its_traceback(bakery: Path) -> None:
    status, _, stderr = bake(bakery, "--fault", "bug")
    assert (status, stderr.splitlines()[0], stderr.splitlines()[-1]) == (
        1,
        "Traceback (most recent call last):",
        "ValueError: yeast",
    )


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_is_one_line_and_leaves_the_earlier_result(kind: signal.Signals, bakery: Path) -> None:
    bake(bakery)
    with start(bakery, "--fault", "slow") as process:
        wait_for("begun", process.stderr)
        process.send_signal(kind)
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (130, "")
    assert [line.startswith("bake: interrupted") for line in stderr.splitlines()] == [True]
    assert bake(bakery)[1].startswith("up to date")
    assert sorted(path.suffix for path in (bakery / "artifacts/.store").iterdir()) == ["", ".lock"]


@stage(packages=())
def knead(
    times: int,
    flour: Input = Path("artifacts/flour"),
    recipe: File = Path("recipe.txt"),
    rest: Annotated[float, "Hours of rest, 100 % at most."] = 1.5,
    sort: Literal["rye", "wheat"] = "rye",
    salt: int | None = None,
    by_hand: Annotated[bool, Role.IGNORED] = False,
    output: Output = Path("artifacts/knead"),
) -> str:
    """Knead the dough."""
    return "kneaded"


def parse(*line: str) -> dict[str, Any]:
    return vars(make_parser(knead).parse_args(["--times", "3", *line]))


def test_options_are_of_the_types_of_the_arguments() -> None:
    defaults = {name: each.default for name, each in knead.signature.parameters.items()}
    assert parse() == {**defaults, "times": 3, "force": False}
    given = parse("--rest", "2", "--sort", "wheat", "--salt", "9", "--by-hand", "--flour", "x", "--recipe", "y")
    assert given == {
        **parse(),
        **{"rest": 2.0, "sort": "wheat", "salt": 9, "by_hand": True, "flour": Path("x"), "recipe": Path("y")},
    }


@pytest.mark.parametrize("line", [("--sort", "oat"), ("--salt", "x"), ("--times", ""), ("--rest",)])
def test_wrong_value_is_wrong_usage(line: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=line[0]):
        parse(*line)
    with pytest.raises(UsageError, match="--times"):
        make_parser(knead).parse_args([])
    with pytest.raises(UsageError, match="--by-hand.* flags"):
        parse("--by-hand=1")


def test_help_has_the_docstring_the_notes_and_the_defaults() -> None:
    parser = make_parser(knead)
    assert isinstance(parser, argparse.ArgumentParser)
    for text in ("Knead the dough.", "Hours of rest, 100 % at most. Default: 1.5.", "{rye,wheat}", "--no-by-hand"):
        assert text in " ".join(parser.format_help().split())
    assert "(default" not in parser.format_help()


def test_other_type_is_an_error_that_names_the_argument() -> None:
    @stage(packages=())
    def shape(loaves: list[str], output: Output) -> str:
        return "shaped"

    with pytest.raises(PipelineError, match="shape has an argument loaves of type list"):
        make_parser(shape)


def test_argument_that_cannot_become_an_option_is_refused() -> None:
    @stage(packages=())
    def shape(force: bool, output: Output) -> str:
        return "shaped"

    @stage(packages=())
    def glaze(egg: File | None, output: Output) -> str:
        return "glazed"

    @stage(packages=())
    def proof(output: Output, no_force: bool = False) -> str:
        return "proofed"

    @stage(packages=())
    def fold(output: Output, times=3) -> str:  # type: ignore[no-untyped-def]
        return "folded"

    with pytest.raises(PipelineError, match="shape has an argument force, an option of every command"):
        make_parser(shape)
    with pytest.raises(PipelineError, match="proof has an argument no_force, an option of every command"):
        make_parser(proof)
    with pytest.raises(PipelineError, match="fold has an argument times without a type"):
        make_parser(fold)
    with pytest.raises(PipelineError, match="glaze has an argument egg .*: leave out None"):
        make_parser(glaze)
