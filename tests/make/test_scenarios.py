"""Make on the embedded sample: one case of each scenario. The slow tests beside it have more."""

from pathlib import Path

from tests.make.common import SAMPLE, assert_quiet, make, outcome, stages_run

OPTIMIZERS = "pipeline/network/optimizers.py"


def test_unchanged_or_touched_files_start_nothing(project: Path) -> None:
    for path in [*project.glob("stages/*.py"), *project.glob("pipeline/*/*.py"), *project.glob("artifacts/*/*")]:
        path.touch()
    assert stages_run(make(project, "all", *SAMPLE)) == []
    assert_quiet(project)


def test_code_edit_reruns_importing_stages_comment_edit_does_not(project: Path) -> None:
    with open(project / OPTIMIZERS, "a", encoding="utf-8") as file:
        file.write("# a comment\n")
    assert stages_run(make(project, "all", *SAMPLE)) == []
    with open(project / OPTIMIZERS, "a", encoding="utf-8") as file:
        file.write("unused = 1\n")
    result = make(project, "evaluate", *SAMPLE)
    assert outcome(result) == {"train": "worked", "evaluate": "up to date"}  # because train gives the same bits
    assert f"train: code {OPTIMIZERS}: changed\n" in result.stderr
    assert make(project, "-q", "evaluate", *SAMPLE).returncode == 0


def test_help_fits_80_columns(fresh: Path) -> None:
    assert max(map(len, make(fresh, "help").stdout.splitlines())) <= 80
