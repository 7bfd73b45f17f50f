"""The help, its examples, and what shells complete."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from stages.application import build, read_examples
from stages.cli import COMMANDS
from tests.processes import Run, environment
from tests.terminal import show

ALL = {command.__name__: command for panel in COMMANDS.values() for command in panel}


@pytest.mark.parametrize("command", ALL)
def test_the_examples_of_a_command_are_ones_that_it_takes(command: str) -> None:
    app = build(COMMANDS, lambda stage, arguments, force: None)
    _, examples = read_examples(ALL[command])
    assert 1 <= len(examples) <= 3
    for example in examples:
        program, name, *words = shlex.split(example)
        assert (program, name) == ("handwriting", command)
        app.commands[name].make_context(name, words)  # raises what the command line finds wrong


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize("columns", ["80", "120"])
def test_help_fits_and_breaks_neither_examples_nor_choices(command: str, columns: str, run: Run) -> None:
    shown = run(command, "--help", env={**environment(), "COLUMNS": columns}).stdout
    assert max(map(len, shown.splitlines())) <= int(columns)
    *_, end = shown.partition(" Examples:")
    assert [line.strip(" •") for line in end.split("\n") if line.strip()] == read_examples(ALL[command])[1]
    assert "|" not in "".join(line for line in shown.splitlines() if "<" in line and ">" not in line)


def test_the_commands_come_in_panels(run: Run) -> None:
    lines = [line.strip("│╭╮─ ") for line in run("--help").stdout.splitlines()]
    places = [lines.index(title) for title in COMMANDS]
    assert places == sorted(places)
    named = [line.split()[0] for line in lines[places[0] :] if line and line.split()[0] in ALL]
    assert named == list(ALL)


def complete(run: Run, line: str, shell: str = "bash") -> list[str]:
    """What the shell is told to offer when the cursor is at the end of the line."""
    words = line.split(" ")
    asked = {
        "_HANDWRITING_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    result = run(env={**environment(), **asked})
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("handwriting tr", ["train"]),
        ("handwriting ", list(ALL)),
        ("handwriting train --ep", ["--epochs"]),
        ("handwriting train --recipe ", ["seed", "quick", "standard", "record"]),
        ("handwriting train --epochs 3 --optimizer ad", ["adam", "adamw"]),
        ("handwriting download --dataset ", ["mnist", "fashion-mnist", "kmnist", "sample", "custom"]),
        ("handwriting download --dataset k", ["kmnist"]),
        ("handwriting evaluate --scheduler p", ["processes"]),
        ("handwriting export --output m", [""]),  # a path, which the shell itself completes
    ],
)
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_shells_complete_commands_options_and_values(line: str, offered: list[str], shell: str, run: Run) -> None:
    assert [one.split("\t")[0] for one in complete(run, line, shell)] == offered


def test_zsh_completes_too(run: Run) -> None:
    (answer,) = complete(run, "handwriting train --recipe st", "zsh")
    assert answer == """_arguments '*: :(("standard"))'"""


def test_bash_completes_with_the_script_that_it_is_given(run: Run, tmp_path: Path) -> None:
    script = run(env={**environment(), "_HANDWRITING_COMPLETE": "source_bash"}).stdout
    program = tmp_path / "handwriting"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stages.cli "$@"\n')
    program.chmod(0o755)
    line = (
        f"{script}\nCOMP_WORDS=(handwriting download --dataset fa) COMP_CWORD=3\n"
        "complete -p handwriting\n_handwriting_completion ./handwriting\nprintf '%s\\n' \"${COMPREPLY[@]}\""
    )
    result = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    registered, *offered = result.stdout.splitlines()
    assert "-F _handwriting_completion handwriting" in registered
    assert offered == ["fashion-mnist"]


def test_a_shell_that_asks_is_not_told_of_a_wrong_pyproject(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.handwriting.train]\nepoch = 2\n")
    assert run("train").returncode == 2
    assert complete(run, "handwriting tr") == ["train"]


def test_a_shell_does_not_wait_for_what_is_heavy(tmp_path: Path) -> None:
    program = (
        "import atexit, sys, stages.cli, stages.console\n"
        "atexit.register(lambda: print([m for m in ('numpy', 'dask', 'onnx', 'pooch', 'tqdm') if m in sys.modules]))\n"
        "stages.console.run(stages.cli.COMMANDS, [])\n"
    )
    asked = {"_HANDWRITING_COMPLETE": "complete_bash", "COMP_WORDS": "handwriting\ndownload\n--dataset\nk"}
    surroundings = {**environment(), **asked, "COMP_CWORD": "3"}
    result = subprocess.run([sys.executable, "-c", program], env=surroundings, capture_output=True, text=True)
    assert result.stdout == "kmnist\n[]\n"


PROGRAM = [sys.executable, "-m", "stages.cli"]
RED = "\x1b[31;1mhandwriting:\x1b[0m No such command"


def test_an_error_is_red_on_a_terminal(tmp_path: Path) -> None:
    assert show([*PROGRAM, "trian"], cwd=tmp_path).raw.startswith(RED)


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_who_wants_no_colour_gets_none(variables: dict[str, str], tmp_path: Path) -> None:
    assert show([*PROGRAM, "trian"], cwd=tmp_path, **variables).raw.startswith("handwriting: No such command")


def test_elsewhere_there_is_colour_only_if_it_is_forced(run: Run) -> None:
    surroundings = {name: value for name, value in environment().items() if name != "NO_COLOR"}
    assert run("trian", env=surroundings).stderr.startswith("handwriting: No such command")
    assert run("trian", env={**surroundings, "FORCE_COLOR": "1"}).stderr.startswith(RED)


def test_the_states_of_the_stages_are_coloured_on_a_terminal(project: Path) -> None:
    line = ["status", "--assume", "download --dataset sample", "--assume", "train --recipe quick --epochs 1"]
    shown = show([*PROGRAM, *line], cwd=project)
    states = {text.split()[0]: text for text in shown.raw.splitlines()}
    assert "\x1b[32mup to date" in states["parse"]
    assert "\x1b[33mstale" in states["train"]
    assert "\x1b[33mwaiting" in states["export"]
    json.loads(show([*PROGRAM, "status", "--json"], cwd=project).raw)
