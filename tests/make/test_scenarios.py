"""Make on the embedded sample: one journey. tests/pipeline/engine has each case, the slow tests beside it others."""

from pathlib import Path

import pytest

from tests.make.common import SAMPLE, make, outcome, stages_run

OPTIMIZERS = "pipeline/network/optimizers.py"


@pytest.mark.slow
def test_make_reruns_what_an_edit_can_change_and_nothing_else(project: Path) -> None:
    for path in [*project.glob("stages/*.py"), *project.glob("pipeline/*/*.py"), *project.glob("artifacts/*/*")]:
        path.touch()
    with open(project / OPTIMIZERS, "a", encoding="utf-8") as file:
        file.write("# a comment\n")
    assert stages_run(make(project, "all", *SAMPLE)) == []
    with open(project / OPTIMIZERS, "a", encoding="utf-8") as file:
        file.write("unused = 1\n")
    result = make(project, "evaluate", *SAMPLE)
    assert outcome(result) == {"train": "worked", "evaluate": "up to date"}  # because train gives the same bits
    assert f"train: code {OPTIMIZERS}: changed\n" in result.stderr
    assert make(project, "-q", "evaluate", *SAMPLE).returncode == 0
