"""Names of files and modules, targets of make and options of commands in the pages exist."""

import re
import shutil
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
import typer

from pipeline.engine.make import find_stages
from pipeline.engine.variables import list_variables
from stages.__main__ import load_commands, make_program, order_names
from tests.docs.pages import Page, find_pages, list_commands, read_page
from tests.make.common import clean_environment
from tests.processes import ROOT, capture

FOLDERS = ("pipeline", "stages", "tests", "docs", "pictures", ".ci", ".github")
ENVIRONMENT = {"NO_COLOR", "DASK_SCHEDULER_ADDRESS"}  # variables that are not those of make
OF_EXAMPLES = {"SIDES", "THROWS", "WEIGHTS", "FAIR", "COPIES", "PRINTER"}  # variables of their stages

each_page = pytest.mark.parametrize(
    "page", [read_page(path) for path in find_pages() if path.name != "CHANGELOG.md"], ids=lambda page: page.name
)


def check(texts: Iterable[str], problem: Callable[[str], str | None]) -> None:
    assert [f"{text}: {what}" for text in texts if (what := problem(text))] == []


@each_page
def test_files_and_modules_exist(page: Page) -> None:
    made = {Path(block.marks["file"]).name for block in page.blocks if "file" in block.marks}
    check(page.codes, lambda code: None if Path(code).name in made else problem_of_file(code))


@each_page
def test_no_line_of_a_paragraph_begins_a_list(page: Page) -> None:
    assert re.findall(r"\S\n(1\. .*)", page.path.read_text(encoding="utf-8")) == []


def problem_of_file(code: str) -> str | None:
    whole = re.fullmatch(rf"({'|'.join(map(re.escape, FOLDERS))})/[\w./*-]*", code)
    if whole or re.fullmatch(r"[\w./-]+\.(py|js|mk|css)", code):
        found = any(ROOT.glob(code)) or any(file.endswith(f"/{code}") for file in files())
        return None if found else "is no file of the project"
    if re.fullmatch(r"(pipeline|stages|tests)(\.\w+)+", code):
        return problem_of_name(code)
    return None


@cache
def files() -> frozenset[str]:
    return frozenset(f"/{path.relative_to(ROOT)}" for folder in FOLDERS for path in (ROOT / folder).rglob("*"))


def problem_of_name(name: str) -> str | None:
    """Check a module, or a name in a module, such as `pipeline.reader.load`."""
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        return "is not defined"
    return None


@each_page
def test_commands_and_their_options_exist(page: Page) -> None:
    blocks = (block for block in page.blocks if block.language == "console" and not block.is_run)
    check((*page.codes, *(command.text for block in blocks for command in list_commands(block))), problem_of_code)


def problem_of_code(code: str) -> str | None:
    """Check options, also without their program, such as `--epochs 3`, variables such as `EPOCHS=3`, and commands."""
    targets, variables = makefile()
    for part in re.split(r"[();&|\n]+", code.replace("\\\n", " ")):
        words = part.split()
        ours = re.match(r"--[a-z]|.*\b(handwriting|-m stages\.)", part)
        options = {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)} if ours else set()
        if unknown := options - known_options() - {f"--{name.lower()}" for name in OF_EXAMPLES}:
            return f"{min(unknown)} is no option"
        given = re.findall(r"(?<!\S)([A-Z_]+)=", part) if re.match(r"\s*(g?make\b|[A-Z_]+=)", part) else []
        if unknown := set(given) - variables - ENVIRONMENT - OF_EXAMPLES:
            return f"{min(unknown)} is no variable"
        goals = re.findall(r"(?<=\s)[a-z][a-z.-]*(?=\s|$)", part) if re.match(r"\s*g?make\b", part) else []
        if unknown := set(goals) - targets:
            return f"{min(unknown)} is no target"
        commands = re.findall(r"(?:\bhandwriting|-m stages\.) ?([a-z]+)", part)
        if unknown := set(commands) - set(program().commands):
            return f"{min(unknown)} is no command"
        for module in re.findall(r"-m (tests\.[\w.]+)", part):
            return problem_of_name(module)
    return None


@cache
def known_options() -> frozenset[str]:
    commands = [program(), *program().commands.values()]
    commands += [one for command in commands[1:] for one in getattr(command, "commands", {}).values()]
    parameters = (parameter for command in commands for parameter in command.params)
    return frozenset({"--help", *(name for each in parameters for name in (*each.opts, *each.secondary_opts))})


@cache
def program() -> Any:
    return typer.main.get_command(make_program(load_commands(order_names())))


@cache
def makefile() -> tuple[frozenset[str], frozenset[str]]:
    """Return the targets and the variables for the command line, from the database that make prints."""
    make = shutil.which("gmake") or "make"
    command = [make, "--print-data-base", "--question", "help"]
    printed = capture(command, cwd=ROOT, env=clean_environment()).stdout
    targets = re.findall(r"^(?<!# Not a target:\n)([\w./-]+):", printed, re.MULTILINE)
    (others,) = re.findall(r"^others :?= (.*)$", printed, re.MULTILINE)
    assert "help" in targets
    return frozenset(targets), frozenset(
        [*others.split(), "FORCE", *(name for stage in find_stages() for name in list_variables(stage))]
    )
