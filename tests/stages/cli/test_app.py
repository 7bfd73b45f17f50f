"""Help, examples, completion, colours."""

import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from stages.cli.app import Group, build, read_examples
from stages.cli.main import COMMANDS
from tests.processes import Run
from tests.terminal import show

ALL = {command.__name__: command for panel in COMMANDS.values() for command in panel}
LINES = {
    (name, *([] if subcommand is None else [subcommand.__name__])): subcommand or command
    for name, command in ALL.items()
    for subcommand in [None, *(command.subcommands if isinstance(command, Group) else ())]
}  # commands and subcommands, by their words


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_examples_in_help_are_valid(line: tuple[str, ...]) -> None:
    found = build(COMMANDS, lambda stage, arguments, force: None)
    for word in line:
        found = found.commands[word]
    _, examples = read_examples(LINES[line])
    assert 1 <= len(examples) <= 3
    for example in examples:
        words = shlex.split(example)
        assert words[: len(line) + 1] == ["handwriting", *line]
        found.make_context(line[-1], words[len(line) + 1 :])  # raises on wrong usage


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_help_fits_80_columns_without_broken_examples(
    line: tuple[str, ...], call: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = call(*line, "--help")
    shown = result.stdout
    assert result.returncode == 0
    assert " ".join(["handwriting", *line]) in shown
    assert max(map(len, shown.splitlines())) <= 80
    *_, end = shown.partition(" Examples:")
    assert [text.strip(" •") for text in end.split("\n") if text.strip()] == read_examples(LINES[line])[1]
    assert not re.search(r"\[x[<>]|<\w|list\[|default: \(", shown)  # types and ranges as Typer shows them
    assert not re.search(r"\w\|\s*│$", shown, re.MULTILINE)  # broken choices


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
def complete(call: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    def complete(line: str) -> list[str]:
        words = line.split(" ")
        monkeypatch.setenv("_HANDWRITING_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
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
def test_completion_of_commands_options_and_values(
    line: str, offered: list[str], complete: Callable[[str], list[str]]
) -> None:
    assert complete(line) == offered


def test_completion_of_runs(complete: Callable[[str], list[str]], project: Path) -> None:
    entry = (project / "artifacts/train").readlink()
    (project / "artifacts/wide").symlink_to(entry)
    run = entry.name.removeprefix("train-")[:6]
    assert complete("handwriting runs diff ") == complete("handwriting runs name x ") == ["wide", run]
    assert complete("handwriting runs diff wide w") == ["wide"]


def test_completion_ignores_invalid_pyproject(call: Run, complete: Callable[[str], list[str]], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.handwriting.train]\nepoch = 2\n")
    assert call("train").returncode == 2
    assert complete("handwriting tr") == ["train"]


PROGRAM = [sys.executable, "-m", "stages.cli.main"]


def test_errors_are_red_on_a_colour_terminal(tmp_path: Path) -> None:
    assert show([*PROGRAM, "trian"], cwd=tmp_path).raw.startswith("\x1b[31mhandwriting:\x1b[0m No such command")
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert show([*PROGRAM, "trian"], cwd=tmp_path, **variables).raw.startswith("handwriting: No such command")


def test_stage_ends_on_a_terminal_with_its_name_and_state_within_its_width(project: Path) -> None:
    for columns, lines in ((60, [["--epochs", "1"]]), (120, [["--epochs", "1", "--force"], ["--epochs", "1"], []])):
        shown = [
            show([*PROGRAM, "train", "--recipe", "quick", *options], cwd=project, COLUMNS=str(columns))
            for options in lines
        ]
        assert all("\x1b[32mOK\x1b[0m train      validation accuracy " in each.raw for each in shown)
        ends = ("" if columns == 60 else "artifacts/train", "up to date", "restored")
        assert all(each.lines[-1].endswith(end) for each, end in zip(shown, ends, strict=columns == 120))
        assert max(len(line) for each in shown for line in each.lines if "train: " not in line) <= columns


def test_stage_states_are_coloured_on_a_terminal(project: Path) -> None:
    line = ["status", "--assume", "download --dataset sample", "--assume", "train --recipe quick --epochs 1"]
    shown = show([*PROGRAM, *line], cwd=project)
    states = {text.split()[0]: text for text in shown.raw.splitlines()}
    assert "\x1b[32mup to date" in states["parse"]
    assert "\x1b[33mstale" in states["train"]
    assert "\x1b[33mwaiting" in states["export"]
