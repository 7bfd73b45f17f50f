"""`status`: its states. tests/pipeline/engine/test_rules.py compares them with what make does."""

import sys
from pathlib import Path

import pytest

from tests.processes import Run
from tests.stages.common import assert_one_line
from tests.terminal import show

SAMPLE = ("DATASET=sample", "RECIPE=quick")


def test_value_of_one_stage_leaves_out_others_that_refuse_it(call: Run, project: Path) -> None:
    for recipe, is_listed in (("quick", True), ("mlp", False)):
        lines = call("status", f"RECIPE={recipe}").stdout.splitlines()
        assert any(line.startswith("detector ") for line in lines) == is_listed
    for wrong in (["RECIPE=quik"], ["RECIPE=mlp", "EPOCHS=x"], ["train"]):
        assert call("status", *wrong).returncode == 2


def test_folder_without_a_project_is_refused(call: Run) -> None:
    assert_one_line(call("status"), 2, "no project")


@pytest.mark.parametrize("command", ["status", "runs", "prune", "parse"])
def test_artifacts_that_lead_nowhere_are_named(command: str, call: Run, tmp_path: Path) -> None:
    (tmp_path / "artifacts").symlink_to("nowhere")
    assert_one_line(call(command), 2, "artifacts is a link that leads nowhere: remove it")


def test_explain_shows_every_reason(call: Run, project: Path) -> None:
    few, all_of_them = (call("status", "DATASET=sample", *options).stdout for options in ([], ["--explain"]))
    assert "parameter epochs: 5 -> 10" in few and "parameter warmup" not in few
    assert "because of parameter epochs: 5 -> 10\n" in all_of_them and "parameter warmup" in all_of_them


def test_stage_states_are_coloured_on_a_terminal(project: Path) -> None:
    line = [sys.executable, "-m", "stages", "status", *SAMPLE, "EPOCHS=1"]
    found = {text.split()[0]: text for text in show(line, cwd=project).raw.splitlines()}
    assert "\x1b[32mup to date" in found["parse"]
    assert "\x1b[33mstale" in found["train"]
    assert "\x1b[33mwaiting" in found["export"]
