"""A stage of a project that has nothing but the engine is a command."""

import signal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from pipeline.engine import program
from pipeline.engine.command import invoke, list_variables, make_app, parse_variables
from pipeline.engine.errors import UsageError
from pipeline.engine.program import run_command
from pipeline.engine.stage import File, Input, Output, Role, stage
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
        assert (stdout, stderr.count("\n"), len(stderr) < 3000) == ("", 1, True)
        assert stderr.startswith("bake: ") and words in stderr
    assert Path("artifacts/bake/loaf.txt").read_text() == "500"
    assert line() == 0 and capsys.readouterr().out.startswith("up to date")


def test_bug_shows_its_traceback(bakery: Path) -> None:
    status, _, stderr = call(bakery, COMMAND, "--fault", "bug")
    lines = stderr.splitlines()
    assert (status, lines[0], lines[-1]) == (1, "Traceback (most recent call last):", "ValueError: yeast")


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
