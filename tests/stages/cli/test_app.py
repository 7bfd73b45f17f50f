"""Help, examples, completion, colours."""

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from stages.cli.app import Group, build, read_examples
from stages.cli.main import COMMANDS
from tests.processes import Run, environment
from tests.terminal import show

ALL = {command.__name__: command for panel in COMMANDS.values() for command in panel}
SUBCOMMANDS = [
    (name, subcommand)
    for name, command in ALL.items()
    if isinstance(command, Group)
    for subcommand in command.subcommands
]


@pytest.mark.parametrize("command", ALL)
def test_examples_in_help_are_valid(command: str) -> None:
    app = build(COMMANDS, lambda stage, arguments, force: None)
    _, examples = read_examples(ALL[command])
    assert 1 <= len(examples) <= 3
    for example in examples:
        program, name, *words = shlex.split(example)
        assert (program, name) == ("handwriting", command)
        app.commands[name].make_context(name, words)  # raises on wrong usage


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize("columns", ["80", "120"])
def test_help_fits_the_width_without_broken_examples(
    command: str, columns: str, call: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    result = call(command, "--help")
    shown = result.stdout
    assert result.returncode == 0
    assert f"handwriting {command}" in shown
    assert max(map(len, shown.splitlines())) <= int(columns)
    *_, end = shown.partition(" Examples:")
    assert [line.strip(" •") for line in end.split("\n") if line.strip()] == read_examples(ALL[command])[1]
    assert "|" not in "".join(line for line in shown.splitlines() if "<" in line and ">" not in line)


@pytest.mark.parametrize(("command", "subcommand"), SUBCOMMANDS)
def test_subcommands_have_help_and_valid_examples(
    command: str, subcommand: Callable[..., object], call: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = call(command, subcommand.__name__, "--help")
    assert result.returncode == 0
    assert f"handwriting {command} {subcommand.__name__}" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert subcommand.__name__ in call(command, "--help").stdout
    app = build(COMMANDS, lambda stage, arguments, force: None)
    _, examples = read_examples(subcommand)
    assert examples
    for example in examples:
        program, *names, word = shlex.split(example)[:4]
        assert (program, *names) == ("handwriting", command, subcommand.__name__)
        app.commands[command].commands[names[1]].make_context(names[1], [word, *shlex.split(example)[4:]])


def test_subcommand_replaces_the_result_of_its_group() -> None:
    called = []

    def outer(context: typer.Context, loud: bool = False) -> str:
        """Say something.

        Examples:
            handwriting outer
        """
        called.append(context.invoked_subcommand)
        return "OUTER" if loud else "outer"

    def inner(word: str) -> str:
        """Say a word."""
        return word

    commands = {"Panel": [Group(outer, inner)]}
    assert build(commands, lambda *_: None).main(["outer", "--loud"], standalone_mode=False) == "OUTER"
    assert build(commands, lambda *_: None).main(["outer", "inner", "x"], standalone_mode=False) == "x"
    assert called == [None, "inner"]


def test_commands_are_listed_in_panels(call: Run) -> None:
    lines = [line.strip("│╭╮─ ") for line in call("--help").stdout.splitlines()]
    rows = [lines.index(title) for title in COMMANDS]
    assert rows == sorted(rows)
    named = [line.split()[0] for line in lines[rows[0] :] if line and line.split()[0] in ALL]
    assert named == list(ALL)


@pytest.fixture
def complete(call: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    def complete(line: str, shell: str = "bash") -> list[str]:
        words = line.split(" ")
        monkeypatch.setenv("_HANDWRITING_COMPLETE", f"complete_{shell}")
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        return call().stdout.split("\n")[:-1]

    return complete


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("handwriting tr", ["train"]),
        ("handwriting ", list(ALL)),
        ("handwriting train --ep", ["--epochs"]),
        ("handwriting train --recipe ", ["original", "quick", "mlp", "standard", "record"]),
        ("handwriting train --epochs 3 --optimizer ad", ["adam", "adamw"]),
        ("handwriting download --dataset ", ["mnist", "fashion-mnist", "kmnist", "sample", "custom"]),
        ("handwriting download --dataset k", ["kmnist"]),
        ("handwriting evaluate --scheduler p", ["processes"]),
        ("handwriting export --output m", [""]),  # a path, completed by the shell
        ("handwriting runs d", ["diff"]),
        ("handwriting runs --sort ", ["created", "validation", "test", "seconds"]),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_completion_of_commands_options_and_values(
    line: str, offered: list[str], shell: str, complete: Callable[..., list[str]]
) -> None:
    assert [one.split("\t")[0] for one in complete(line, shell)] == offered


def test_completion_of_runs(complete: Callable[..., list[str]], project: Path) -> None:
    entry = (project / "artifacts/train").readlink()
    (project / "artifacts/wide").symlink_to(entry)
    run = entry.name.removeprefix("train-")[:6]
    assert complete("handwriting runs diff ") == complete("handwriting runs name x ") == ["wide", run]
    assert complete("handwriting runs diff wide w") == ["wide"]


def test_completion_script_works_in_bash(run: Run, tmp_path: Path) -> None:
    script = run(env={**environment(), "_HANDWRITING_COMPLETE": "source_bash"}).stdout
    program = tmp_path / "handwriting"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stages.cli.main "$@"\n')
    program.chmod(0o755)
    line = (
        f"{script}\nCOMP_WORDS=(handwriting download --dataset fa) COMP_CWORD=3\n"
        "complete -p handwriting\n_handwriting_completion ./handwriting\nprintf '%s\\n' \"${COMPREPLY[@]}\""
    )
    result = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    registered, *offered = result.stdout.splitlines()
    assert "-F _handwriting_completion handwriting" in registered
    assert offered == ["fashion-mnist"]


def test_completion_ignores_invalid_pyproject(call: Run, complete: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.handwriting.train]\nepoch = 2\n")
    assert call("train").returncode == 2
    assert complete("handwriting tr") == ["train"]


def test_completion_imports_no_large_packages(tmp_path: Path) -> None:
    program = (
        "import atexit, sys, stages.cli.main, stages.cli.console\n"
        "atexit.register(lambda: print([m for m in ('numpy', 'dask', 'onnx', 'tqdm') if m in sys.modules]))\n"
        "stages.cli.console.run(stages.cli.main.COMMANDS, [])\n"
    )
    request = {"_HANDWRITING_COMPLETE": "complete_bash", "COMP_WORDS": "handwriting\ndownload\n--dataset\nk"}
    env = {**environment(), **request, "COMP_CWORD": "3"}
    result = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert result.stdout == "kmnist\n[]\n"


PROGRAM = [sys.executable, "-m", "stages.cli.main"]


def test_errors_are_red_on_a_colour_terminal(tmp_path: Path) -> None:
    assert show([*PROGRAM, "trian"], cwd=tmp_path).raw.startswith("\x1b[31mhandwriting:\x1b[0m No such command")
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert show([*PROGRAM, "trian"], cwd=tmp_path, **variables).raw.startswith("handwriting: No such command")


def test_stage_states_are_coloured_on_a_terminal(project: Path) -> None:
    line = ["status", "--assume", "download --dataset sample", "--assume", "train --recipe quick --epochs 1"]
    shown = show([*PROGRAM, *line], cwd=project)
    states = {text.split()[0]: text for text in shown.raw.splitlines()}
    assert "\x1b[32mup to date" in states["parse"]
    assert "\x1b[33mstale" in states["train"]
    assert "\x1b[33mwaiting" in states["export"]
