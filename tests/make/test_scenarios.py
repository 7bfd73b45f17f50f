"""Make on the embedded sample: one case of each scenario. tests/thorough/make has all cases."""

from pathlib import Path

import pytest

from tests.make.common import SAMPLE, assert_quiet, make, manifest, outcome, stages_run, worked

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


def test_name_is_given_to_the_run_and_survives_clean(project: Path) -> None:
    named = project / "artifacts/wide"
    result = make(project, "train", *SAMPLE, "EPOCHS=2", "NAME=wide")
    assert worked(result) == ["train"]
    assert "-m pipeline" not in result.stdout + result.stderr  # make prints no commands
    assert named.readlink() == (project / "artifacts/train").readlink()
    moved = make(project, "train", *SAMPLE, "EPOCHS=2", "NAME=best")  # nothing has to run
    assert stages_run(moved) == []
    assert (project / "artifacts/best").readlink() == named.readlink()
    assert outcome(make(project, "train", *SAMPLE)) == {"train": "restored"}
    make(project, "clean")
    assert named.readlink() == (project / "artifacts/best").readlink()
    assert str(manifest(project, "wide")["parameters"]["epochs"]) == "2"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "NAME=../wide"], "'../wide' is not a valid name"),
        (["train", "NAME=$(shell touch here)"], "is not a valid name"),
        (["evaluate", "NAME=wide"], "NAME is the name of a training run"),
    ],
)
def test_wrong_name_is_refused_before_the_first_stage(arguments: list[str], words: str, made: Path) -> None:
    result = make(made, *arguments, *SAMPLE, "VALIDATION=100")
    assert (result.returncode, words in result.stderr) == (2, True)
    assert "artifacts/" not in result.stdout
    assert not (made / "here").exists()


@pytest.mark.parametrize(("goal", "words"), [("trian", "`make train`"), ("it's", "`make help`")])
def test_unknown_target_gets_a_suggestion(goal: str, words: str, fresh: Path) -> None:
    result = make(fresh, goal)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr.splitlines()[0]
    assert "Traceback" not in result.stderr


def test_help_fits_80_columns(fresh: Path) -> None:
    assert max(map(len, make(fresh, "help").stdout.splitlines())) <= 80
