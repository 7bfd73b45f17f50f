"""The example of docs/pipeline/reuse.md runs with a copy of the engine."""

import shutil
from pathlib import Path

import pytest

from tests.docs.pages import read_page
from tests.docs.sessions import run_page
from tests.make.common import link_environment
from tests.processes import ROOT

pytestmark = pytest.mark.slow

PAGE = read_page(ROOT / "docs/pipeline/reuse.md")


def test_example_runs_in_a_folder_with_nothing_but_the_engine_and_scheduling(tmp_path: Path) -> None:
    for name in ("engine", "scheduling"):
        shutil.copytree(ROOT / "pipeline" / name, tmp_path / "pipeline" / name)
    link_environment(tmp_path)
    problems = run_page(PAGE, tmp_path)
    assert not problems, "\n".join(problems)
    licence = (tmp_path / "dice/pipeline/engine/LICENSE").read_text()
    assert licence.startswith("MIT License") and (ROOT / "LICENSE").read_text().startswith(licence)
    artifacts = tmp_path / "dice/artifacts"
    assert (artifacts / "chart/chart.txt").read_text().endswith("==\n")
    assert len([*artifacts.glob(".store/*-*")]) == 6  # what has a link, after the page has pruned
