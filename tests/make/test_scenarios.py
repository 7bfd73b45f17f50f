"""Make on the embedded sample: one case of each scenario. tests/thorough/make has all cases."""

from pathlib import Path

import pytest

from tests.make.common import (
    SAMPLE,
    STAGES,
    assert_quiet,
    copy,
    digests,
    make,
    manifest,
    outcome,
    stages_run,
    worked,
)

OPTIMIZERS = "pipeline/network/optimizers.py"


def test_unchanged_or_touched_files_start_nothing(project: Path) -> None:
    assert_quiet(project)
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


def test_variable_reruns_later_stages_and_dropping_it_restores_results(project: Path) -> None:
    before = digests(project)
    assert worked(make(project, "evaluate", *SAMPLE, "EPOCHS=2")) == ["train", "evaluate"]
    assert digests(project) != before
    summary = manifest(project, "train")["summary"]
    assert outcome(make(project, "evaluate", *SAMPLE)) == dict.fromkeys(("train", "evaluate"), "restored")
    assert digests(project) == before
    status = " ".join(make(project, "status", *SAMPLE, "EPOCHS=2").stdout.split())
    stored = status.partition(" train ")[2].partition(" evaluate ")[0]
    assert stored.startswith("in the store created on ")
    assert f": {summary} because of " in stored  # of the stored result, not of the published one


def test_damaged_output_is_named_and_rebuilt(project: Path) -> None:
    before = digests(project)
    path = project / "artifacts/normalize/test-images.npy"
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)
    result = make(project, "evaluate", *SAMPLE)
    assert worked(result) == ["normalize"]
    assert "normalize: output test-images.npy: is damaged\n" in result.stderr
    assert digests(project) == before


def test_name_is_given_to_the_run_and_survives_clean(project: Path) -> None:
    named = project / "artifacts/wide"
    result = make(project, "train", *SAMPLE, "EPOCHS=2", "NAME=wide")
    assert worked(result) == ["train"]
    assert "-m stages" not in result.stdout + result.stderr  # make prints no commands
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
    assert_quiet(made)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "EPOCHS=0"], "epochs must be at least 1, not 0"),
        (["all", "DATASET=custom", "FROM=nowhere"], "nowhere does not exist"),
        (["train", "LAYERS=64\n"], "LAYERS contains a line break"),
    ],
)
def test_wrong_value_of_any_stage_is_refused_before_the_first(
    arguments: list[str], words: str, fresh: Path, tmp_path: Path
) -> None:
    project = copy(fresh, tmp_path / "copy")
    result = make(project, *SAMPLE, *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr.splitlines()[0]
    assert not (project / "artifacts").exists()


def test_values_are_passed_verbatim_and_unknown_variables_refused(project: Path) -> None:
    result = make(project, "train", *SAMPLE, "EPOCHS=2; touch 'it''s' $(shell touch here)")
    assert "handwriting train: --epochs must be a whole number, not " in result.stderr
    assert not (project / "here").exists()
    result = make(project, "train", *SAMPLE, "EPOCH=3")
    assert (result.returncode, "Unknown variable EPOCH" in result.stderr) == (2, True)


@pytest.mark.parametrize(("value", "option"), [("1", "--send-data"), ("0", "--no-send-data")])
def test_flag_is_passed_without_value_and_0_turns_it_off(value: str, option: str, fresh: Path) -> None:
    result = make(fresh, "-n", "evaluate", "SCHEDULER=tcp://localhost:1", f"SEND_DATA={value}")
    assert result.stdout.rstrip().endswith(f"--scheduler='tcp://localhost:1' {option}"), result.stderr


@pytest.mark.parametrize(("goal", "words"), [("trian", "`make train`"), ("it's", "`make help`")])
def test_unknown_target_gets_a_suggestion(goal: str, words: str, fresh: Path) -> None:
    result = make(fresh, goal)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr.splitlines()[0]
    assert "Traceback" not in result.stderr


def test_help_fits_80_columns(fresh: Path) -> None:
    lines = make(fresh, "help").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert {"EPOCHS", "SCHEDULER_FILE", "STROKE_WIDTH"} <= {word for line in lines for word in line.split()}


def test_dry_run_prints_one_line_per_stage(fresh: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    lines = make(project, "-n", "train", *SAMPLE).stdout.splitlines()
    assert [line.split()[3] for line in lines] == [f"stages.{name}" for name in STAGES[:4]]
    assert not (project / "artifacts").exists()
