"""Make on the embedded sample: one case of each scenario. The slow tests beside it have more."""

from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("line", "words"), [("trian", "`make train`"), ("trian RECIPE=quick", "`make train`"), ("it's", "`make help`")]
)
def test_unknown_target_gets_a_suggestion(line: str, words: str, fresh: Path) -> None:
    result = make(fresh, *line.split())
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr.splitlines()[0]
    assert "Traceback" not in result.stderr


def test_help_fits_80_columns(fresh: Path) -> None:
    assert max(map(len, make(fresh, "help").stdout.splitlines())) <= 80
