"""The references of the commands and of the rules for make are complete, and the example of the rules runs."""

import re
from pathlib import Path

from docs.commands import describe_commands
from tests.docs.pages import read_page
from tests.docs.sessions import run_page
from tests.docs.test_names import known_options, program
from tests.make.common import link_environment
from tests.processes import ROOT

PAGE = ROOT / "docs/reference/rules.md"


def test_every_command_and_option_is_described() -> None:
    blocks = list(describe_commands())
    assert {f"## {name}" for name in program().commands} <= set(blocks)
    own = {"--help", "--version", "--install-completion", "--show-completion"}  # those of the program
    options = {name for name in known_options() if name.startswith("--")}
    assert options - own <= set(re.findall(r"`(--[\w-]+)`", "\n".join(blocks)))
    assert "<!-- commands -->" in (ROOT / "docs/reference/commands.md").read_text()


def test_every_variable_of_the_rules_is_described() -> None:
    header = (ROOT / "pipeline/engine/rules.mk").read_text().partition("\n\n")[0]
    names = {name for line in re.findall(r"^#   (\S.*?)   ", header, re.MULTILINE) for name in line.split(", ")}
    described = re.findall(r"^\| `([\w.]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert set(described) == names and "NAME.inputs" in names


def test_make_does_what_the_page_on_its_rules_shows(tmp_path: Path) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline/engine").symlink_to(ROOT / "pipeline/engine")
    link_environment(tmp_path)
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/__init__.py").touch()
    for block in read_page(ROOT / "docs/pipeline/reuse.md").blocks:  # the stages of the Makefile, here with a flag
        if (name := block.marks.get("file", "")).startswith("dice/stages/"):
            text = block.text.replace("throws: int = 1000", "throws: int = 1000, fair: bool = False")
            (tmp_path / name.removeprefix("dice/")).write_text(text)
    for name in ("weights.txt", "my weights.txt"):
        (tmp_path / name).write_text("1 1 1 1 1 1")
    problems = run_page(read_page(PAGE), tmp_path)
    assert not problems, "\n".join(problems)
