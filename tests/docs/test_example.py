"""The example of docs/pipeline/reuse.md runs with a copy of the engine and the standard library only."""

import shutil
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.stage import Output, stage
from tests.docs.pages import read_page
from tests.docs.sessions import run_page
from tests.processes import ROOT

PAGE = read_page(ROOT / "docs/pipeline/reuse.md")


def test_example_runs_in_a_folder_with_nothing_but_the_engine(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pipeline/engine", tmp_path / "pipeline/engine")
    venv.create(tmp_path / ".venv", symlinks=True)
    problems = run_page(PAGE, tmp_path)
    assert not problems, "\n".join(problems)
    assert (tmp_path / "dice/artifacts/chart/chart.txt").read_text().startswith("==")


def test_its_command_takes_parameters_of_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    @stage(packages=())
    def throw(
        first_side: int | None = None, loaded: bool = False, name: str = "x", output: Output = tmp_path / "throw"
    ) -> str:
        given.append((first_side, loaded, name))
        return "thrown"

    (command,) = (block.text for block in PAGE.blocks if block.marks.get("file") == "dice/stages/command.py")
    namespace: dict[str, Any] = {}
    exec(command, namespace)
    for options in ([], ["--first-side", "3", "--loaded", "--name", "y"]):
        monkeypatch.setattr(sys, "argv", ["throw", *options])
        namespace["main"](throw)
    assert given == [(None, False, "x"), (3, True, "y")]
