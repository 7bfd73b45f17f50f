"""Links, names of files, targets of make and options of commands in the pages exist."""

import importlib
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from pipeline.engine.errors import UsageError
from stages.cli.app import build
from stages.cli.config import load_defaults
from stages.cli.main import COMMANDS
from tests.docs.pages import Command, Page, Text, find_pages, read_console, read_page
from tests.make.common import clean_environment
from tests.processes import ROOT

PAGES = [read_page(path) for path in find_pages()]
FOLDERS = ("pipeline", "stages", "tests", "docs", "pictures", ".ci", ".github")
GENERATED = ("artifacts", ".venv")
ENVIRONMENT = {"NO_COLOR", "MPLCONFIGDIR", "DASK_SCHEDULER_ADDRESS"}  # variables that are not those of make
OF_OTHERS = {  # options named without their program
    *("--max-checksum-file-size", "--cache", "--cores"),  # snakemake
    "--no-dashboard",  # dask worker
}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
each_present_page = pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name
)


def check(page: Page, texts: Iterator[Text] | tuple[Text, ...], problem: Callable[[str], str | None]) -> None:
    found = [f"{page.name}:{text.line}: {text.text}: {what}" for text in texts if (what := problem(text.text))]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@each_page
def test_links_lead_somewhere(page: Page) -> None:
    check(page, page.links, lambda target: problem_of_link(page.path, target))


def problem_of_link(source: Path, target: str) -> str | None:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        well_formed = parts.scheme == "https" and re.fullmatch(r"([\w-]+\.)+\w+", parts.netloc)
        return None if well_formed else "is not a well-formed https address"
    path = (source.parent / unquote(parts.path)).resolve() if parts.path else source
    if not path.is_relative_to(ROOT) or path.relative_to(ROOT).parts[:1] in [(name,) for name in GENERATED]:
        return "is not part of the project"
    if not path.exists():
        return "does not exist"
    if re.match(r"L\d", parts.fragment):
        return "refers to a line, which moves"
    if parts.fragment and (path.suffix != ".md" or parts.fragment not in read_page(path).anchors):
        return "has no such heading"
    return None


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        reached.add(path)
        targets = {(path.parent / urlsplit(link.text).path).resolve() for link in read_page(path).links}
        waiting += [
            target for target in targets if target.suffix == ".md" and target.exists() and target not in reached
        ]
    assert [page.name for page in PAGES if page.path not in reached] == []


@each_present_page
def test_files_exist(page: Page) -> None:
    made = {Path(block.marks["file"]).name for block in page.blocks if "file" in block.marks}
    check(page, page.codes, lambda code: None if Path(code).name in made else problem_of_file(code))


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
    parts = name.split(".")
    path = ROOT
    while parts and (path / parts[0]).is_dir():
        path /= parts.pop(0)
    if parts and (path / f"{parts[0]}.py").exists():
        path /= parts.pop(0)
    if not parts:
        return None
    module = importlib.import_module(".".join(path.relative_to(ROOT).parts))
    try:
        attrgetter(".".join(parts))(module)
    except AttributeError:
        return "is not defined"
    return None


@each_present_page
def test_commands_and_their_options_exist(page: Page) -> None:
    lines = [Text(command.line, command.text) for command in commands_not_run(page)]
    check(page, (*page.codes, *lines), problem_of_code)


@each_present_page
def test_settings_exist(page: Page, tmp_path: Path) -> None:
    for block in page.blocks:
        if block.language == "toml":
            path = tmp_path / "pyproject.toml"
            path.write_text(block.text, encoding="utf-8")
            for name in tomllib.loads(block.text).get("tool", {}).get("handwriting", {}):
                try:
                    load_defaults(program().commands.get(name), "handwriting", path)
                except UsageError as error:
                    pytest.fail(f"{page.name}:{block.first}: {error}", pytrace=False)


def commands_not_run(page: Page) -> Iterator[Command]:
    for block in page.blocks:
        if block.language == "console" and not block.is_run:
            yield from read_console(block)


def problem_of_code(code: str) -> str | None:
    """Check commands, also without their program, such as `--epochs 3` or `EPOCHS=3`."""
    if re.match(r"--[a-z]", code):
        return problem_of_any_option(code.split()[0])
    if re.match(r"[A-Z_]+=", code):
        return problem_of_variables(code.split())
    return next((what for words in split_commands(code) if (what := problem_of_command(words))), None)


def split_commands(code: str) -> Iterator[list[str]]:
    """Yield the words of each command in a line of the shell, without redirections and variables before it."""
    code = re.sub(r"\d?[<>]+&?\s*[^\s;|)]*", " ", code.replace("\\\n", " "))
    for part in re.split(r"[();&|]+", code):
        with suppress(ValueError):  # not a line of the shell
            words = shlex.split(part, comments=True)
            while words and re.match(r"[A-Z_]+=", words[0]):
                words.pop(0)
            if words:
                yield words


def problem_of_command(words: list[str]) -> str | None:
    name, rest = Path(words[0]).name, words[1:]
    if name in ("make", "gmake"):
        return problem_of_make(rest)
    if name == "handwriting":
        return problem_of_handwriting(rest)
    if name.startswith("python") and rest[:1] == ["-m"] and len(rest) > 1 and re.match(r"(stages|tests)\.", rest[1]):
        package, _, module = rest[1].partition(".")
        return problem_of_handwriting([module, *rest[2:]]) if package == "stages" else problem_of_name(rest[1])
    return None


def problem_of_make(words: list[str]) -> str | None:
    targets = [word for word in words if word[0] not in "-.…" and "=" not in word and not word.isupper()]
    unknown = [target for target in targets if target not in makefile()[0]]
    return f"{unknown[0]} is no target" if unknown else problem_of_variables([word for word in words if "=" in word])


def problem_of_variables(words: list[str]) -> str | None:
    unknown = {word.partition("=")[0] for word in words if "=" in word and word[0] != "-"} - makefile()[1] - ENVIRONMENT
    return f"{min(unknown)} is no variable" if unknown else None


def problem_of_handwriting(words: list[str]) -> str | None:
    names = [word for word in words if word[0] != "-"]
    if not names or names[0].isupper() or names[0] == "…":
        return next((f"no option {w}" for w in words if w[0] == "-" and w not in options(program())), None)
    if names[0] not in program().commands:
        return f"{names[0]} is no command"
    command = program().commands[names[0]]
    subcommands, following = getattr(command, "commands", {}), words[words.index(names[0]) + 1 :]
    if subcommands and following and following[0][0] not in "-…":
        if following[0] not in subcommands:
            return f"{following[0]} is no command of {names[0]}"
        command = subcommands[following[0]]
    known = options(command)
    return next(
        (f"{command.name} has no option {w}" for w in words if w[:2] == "--" and w.partition("=")[0] not in known), None
    )


def problem_of_any_option(word: str) -> str | None:
    known = OF_OTHERS.union(*map(options, (program(), *program().commands.values())))
    return None if word.partition("=")[0] in known else "is no option"


def options(command: Any) -> set[str]:
    return {"--help", *(name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts))}


@cache
def program() -> Any:
    return build(COMMANDS, lambda *_: None)


@cache
def makefile() -> tuple[frozenset[str], frozenset[str]]:
    """Return the targets and the variables for the command line, from the database that make prints."""
    make = shutil.which("gmake") or "make"
    command = [make, "--print-data-base", "--question", "help"]
    printed = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True).stdout
    targets = re.findall(r"^(?<!# Not a target:\n)([\w./-]+):", printed, re.MULTILINE)
    variables = re.findall(r"^(?:[a-z]+\.variables|others) :?= (.*)$", printed, re.MULTILINE)
    assert "help" in targets and variables
    return frozenset(targets), frozenset(" ".join(variables).split())
