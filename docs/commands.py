"""Describe all commands with their options in Markdown, from what `--help` shows."""

import re
from collections.abc import Iterator
from typing import Any

import typer

from stages.__main__ import PROGRAM, load_commands, make_program, order_names

MARKUP = re.compile(r"([|<>*\[\]])")


def describe_commands() -> Iterator[str]:
    """Yield the blocks of a page: for each command a heading, its text, a table of its options, and its examples."""
    program: Any = typer.main.get_command(make_program(load_commands(order_names())))
    for name, command in program.commands.items():
        yield f"## {name}"
        yield command.help
        parameters = command.get_params(typer.Context(command, info_name=f"{PROGRAM} {name}"))
        rows = [describe_parameter(each) for each in parameters if each.name != "help"]
        yield "\n".join(["| option | value | meaning |", "|---|---|---|", *rows])
        examples = re.findall(r"^- `(.*)`$", command.epilog or "", re.MULTILINE)
        yield "\n".join(["```sh", *examples, "```"])


def describe_parameter(parameter: Any) -> str:
    """Return the row of an option or argument: its names, its value, and what it does with its default."""
    is_argument = parameter.param_type_name == "argument"
    names = [parameter.metavar] if is_argument else [*parameter.opts, *parameter.secondary_opts]
    value = "" if is_argument else parameter.metavar or ""
    shown = parameter.show_default if isinstance(parameter.show_default, str) else parameter.default
    has_default = shown not in (None, "", False, True) and not callable(shown) and not is_argument
    default = f" Default: {shown}." if has_default else ""
    cells = (", ".join(f"`{name}`" for name in names), escape(value), escape(f"{parameter.help or ''}{default}"))
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    """Return text that Markdown shows unchanged in a cell."""
    return re.sub(r"(?<!\w)(--[a-z][\w-]*)", r"`\1`", MARKUP.sub(r"\\\1", text))
