"""A stage of a project that has nothing but the engine is a command."""

import signal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from pipeline.engine.command import list_variables, parse_variables
from pipeline.engine.errors import UsageError
from pipeline.engine.stage import File, Input, Output, Role, stage
from tests.pipeline.engine.project import call, interrupt, start, write_project
from tests.processes import wait_for

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
            "long": PipelineError("?" * 100_000 + ": shorten it"),
            "failure": PipelineError("no \\x1b[31mfire"),
            "disk": OSError(28, "No space left on device", "loaf.txt"),
            "memory": MemoryError(),
            "thread": RuntimeError("can't start new thread"),
            "exit": SystemExit(),
            "missing": ModuleNotFoundError("no module", name="tulip.bulbs"),
            "bug": ValueError("yeast"),
        }[fault]
    return f"a loaf of {grams} g"


if __name__ == "__main__":
    main(bake)
'''
COMMAND = "stages.bake"


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    return write_project(tmp_path, stages__bake=BAKE)


def test_result_is_printed_and_reused_unless_forced(bakery: Path) -> None:
    assert call(bakery, COMMAND) == (0, "a loaf of 500 g -> artifacts/bake\n", "")
    assert call(bakery, COMMAND)[1].startswith("up to date")
    assert call(bakery, COMMAND, "--force") == (0, "a loaf of 500 g -> artifacts/bake\n", "")
    changed = (0, "a loaf of 7 g -> artifacts/bake\n", "bake: parameter grams: 500 -> 7\n")
    assert call(bakery, COMMAND, "--grams", "7") == changed
    assert "Bake a loaf." in call(bakery, COMMAND, "--help")[1]


ERRORS: list[tuple[list[str], int, str]] = [
    (["--grams", "many"], 2, "many"),
    (["--gram", "7"], 2, "See: python -m stages.bake --help"),
    (["now"], 2, "now"),
    (["--output", "stages"], 2, "stages"),
    (["--fault", "usage"], 2, "too much flour"),
    (["--fault", "long"], 1, "?: shorten it"),
    (["--fault", "failure"], 1, r"no \x1b[31mfire"),
    (["--fault", "disk"], 1, "No space left on device: loaf.txt"),
    (["--fault", "memory"], 1, "not enough memory"),
    (["--fault", "thread"], 1, "not enough memory"),
    (["--fault", "exit"], 1, "the stage bake called exit(None)"),
    (["--fault", "missing"], 1, "tulip"),
]


def test_error_is_one_line_with_its_status_and_changes_nothing(bakery: Path) -> None:
    call(bakery, COMMAND)
    for options, status, words in ERRORS:
        returned, stdout, stderr = call(bakery, COMMAND, *options)
        *reasons, line = stderr.splitlines()
        assert (returned, stdout) == (status, ""), options
        assert line.startswith("bake: ") and words in line and len(line) < 3000
        assert all(reason.startswith("bake: parameter fault") for reason in reasons)
    assert (bakery / "artifacts/bake/loaf.txt").read_text() == "500"
    assert call(bakery, COMMAND)[1].startswith("up to date")


def test_bug_shows_its_traceback(bakery: Path) -> None:
    status, _, stderr = call(bakery, COMMAND, "--fault", "bug")
    lines = stderr.splitlines()
    assert (status, lines[0], lines[-1]) == (1, "Traceback (most recent call last):", "ValueError: yeast")


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_is_one_line_and_leaves_the_earlier_result(kind: signal.Signals, bakery: Path) -> None:
    call(bakery, COMMAND)
    with start(bakery, COMMAND, "--fault", "slow") as process:
        wait_for("begun", process.stderr)
        stderr = interrupt(process, kind)
    assert process.returncode == 130
    assert [line.startswith("bake: interrupted") for line in stderr.splitlines()] == [True]
    assert call(bakery, COMMAND)[1].startswith("up to date")
    assert sorted(path.suffix for path in (bakery / "artifacts/.store").iterdir()) == ["", ".lock"]


def test_default_in_pyproject_is_overridden_by_the_command_line(bakery: Path) -> None:
    (bakery / "pyproject.toml").write_text("[tool.stages.bake]\ngrams = 7\n")
    assert call(bakery, COMMAND)[1].startswith("a loaf of 7 g")
    assert call(bakery, COMMAND, "--grams", "8")[1].startswith("a loaf of 8 g")


WRONG = [
    "[tool.stages.bake]\ngram = 2\n",
    '[tool.stages.bake]\ngrams = "x"\n',
    "[tool.stages.bake]\ngrams = [1, 2]\n",
    "[tool.stages.bakc]\ngrams = 2\n",
    "[tool]\nstages = 3\n",
    "tool = 1\n",
    "[tool.stages\n",
]


def test_wrong_default_is_wrong_usage_but_help_works(bakery: Path) -> None:
    for text in WRONG:
        (bakery / "pyproject.toml").write_text(text)
        status, stdout, stderr = call(bakery, COMMAND)
        assert (status, stdout, stderr.count("\n"), "pyproject.toml" in stderr) == (2, "", 1, True), text
    assert call(bakery, COMMAND, "--help")[0] == 0


@stage(packages=())
def knead(
    times: int,
    flour: Input = Path("artifacts/flour"),
    recipe: File = Path("recipe.txt"),
    rest: float = 1.5,
    sort: Literal["rye", "wheat"] = "rye",
    salt: int | None = None,
    by_hand: Annotated[bool, Role.IGNORED] = True,
    output: Output = Path("artifacts/knead"),
) -> str:
    """Knead the dough."""
    return "kneaded"


def parse(**variables: str) -> dict[str, Any]:
    return parse_variables(knead, {"TIMES": "3", **variables})


def test_variables_are_the_options_without_inputs_and_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert set(list_variables(knead)) == {"TIMES", "RECIPE", "REST", "SORT", "SALT", "BY_HAND"}
    defaults = {name: each.default for name, each in knead.signature.parameters.items()}
    assert parse() == {**defaults, "times": 3}
    given = parse(REST="-2", SORT="wheat", SALT="9", BY_HAND="0", RECIPE="my recipe", FLOUR="x", OTHER="y")
    changes = {"rest": -2.0, "sort": "wheat", "salt": 9, "by_hand": False, "recipe": Path("my recipe")}
    assert given == {**parse(), **changes}
    assert parse(BY_HAND="1")["by_hand"] is True


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TIMES": "x"}, "x"),
        ({"TIMES": ""}, "--times"),
        ({"SORT": "weat"}, "did you mean wheat?"),
        ({"BY_HAND": "yes"}, "BY_HAND=yes: use 1 or 0"),
    ],
)
def test_wrong_value_of_a_variable_is_wrong_usage(variables: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        parse(**variables)
    assert words in str(error.value)
