"""Parameters: a change reruns the stage, and changing back restores the earlier result."""

import os
import shutil
from pathlib import Path

import pytest

from tests.make.common import SAMPLE, STAGES, assert_quiet, copy, digests, edit, make, outcome, stage, worked


def test_changed_default_reruns_its_stage(project: Path) -> None:
    assert outcome(make(project, "normalize", *SAMPLE)) == {}
    edit(project / "stages/normalize.py", "] = DEFAULT_VALIDATION,", "] = 3 * DEFAULT_VALIDATION,")
    result = make(project, "normalize", *SAMPLE)
    assert worked(result) == ["normalize"]
    assert result.stderr == "normalize: parameter validation: 0.08333333333333333 -> 0.25\n"


def test_changed_recipe_value_reruns_train(project: Path) -> None:
    edit(project / "pipeline/training/recipes.py", "epochs=5,", "epochs=4,")
    result = make(project, "train", *SAMPLE)
    assert worked(result) == ["train"]
    assert result.stderr.startswith("train: parameter epochs: 5 -> 4\n")


def test_added_and_removed_parameters_are_named(project: Path) -> None:
    module = project / "stages/parse.py"
    edit(module, "    output: Annotated", "    limit: int = 7,\n    output: Annotated")
    result = make(project, "parse", *SAMPLE)
    assert worked(result) == ["parse"]
    assert result.stderr == "parse: parameter limit: new, 7\n"
    edit(module, "    limit: int = 7,\n", "")
    assert outcome(make(project, "parse", *SAMPLE)) == {"parse": "restored"}
    edit(module, "    output: Annotated", "    other: int = 8,\n    output: Annotated")
    make(project, "parse", *SAMPLE)
    edit(module, "    other: int = 8,\n", "    one: int = 9,\n")
    result = make(project, "parse", *SAMPLE)
    assert worked(result) == ["parse"]
    assert result.stderr == "parse: parameter one: new, 9; parameter other: gone, was 8\n"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["LEARNING_RATE=0.1", "EPOCHS=2"], ["EPOCHS=2", "LEARNING_RATE=0.10"]),
        (["LEARNING_RATE=1e-3"], ["LEARNING_RATE=.001"]),
        (["LAYERS=conv4,11"], ["LAYERS= conv4x5/2, 11"]),
        (["EPOCHS=5"], []),  # the value of the recipe
    ],
)
def test_notation_of_a_value_does_not_matter(first: list[str], second: list[str], project: Path) -> None:
    make(project, "train", *SAMPLE, *first)
    assert worked(make(project, "train", *SAMPLE, *second)) == []


def test_order_of_parameters_in_code_does_not_matter(project: Path) -> None:
    module = project / "stages/evaluate.py"
    edit(module, "    workers: Workers = None,\n", "")
    edit(module, "    scheduler: Scheduler =", "    workers: Workers = None,\n    scheduler: Scheduler =")
    edit(module, "Images per block.", "Images in one block.")
    assert outcome(make(project, "evaluate", *SAMPLE)) == {}


@pytest.mark.parametrize(
    "variable", ["SCHEDULER=sync", "SCHEDULER=processes", "WORKERS=1", "BLOCK_SIZE=7", "SCHEDULER_FILE=no.json"]
)
def test_backend_options_do_not_make_a_stage_stale(variable: str, project: Path) -> None:
    assert outcome(make(project, "all", *SAMPLE, variable)) == {}
    name, value = variable.lower().replace("_", "-").split("=")
    for stage_name in ("train", "evaluate"):
        if name != "block-size" or stage_name == "evaluate":
            options = ["--recipe", "quick"] if stage_name == "train" else []
            assert "up to date" in stage(project, stage_name, *options, f"--{name}", value).stdout


def test_ensemble_is_trained_on_the_given_backend(project: Path) -> None:
    variables = ("ENSEMBLE_SIZE=2", "EPOCHS=1", "SCHEDULER=processes", "WORKERS=2")
    result = make(project, "train", *SAMPLE, *variables)
    assert worked(result) == ["train"]
    assert "--scheduler 'processes' --workers '2'" in result.stdout
    assert outcome(make(project, "train", *SAMPLE, *variables[:2])) == {}


@pytest.mark.parametrize(("value", "sends"), [("1", True), ("yes", True), ("", False), ("0", False)])
def test_flag_is_passed_without_value(value: str, sends: bool, project: Path) -> None:
    result = make(project, "-n", "evaluate", *SAMPLE, "EPOCHS=2", "SCHEDULER=tcp://localhost:1", f"SEND_DATA={value}")
    (line,) = [line for line in result.stdout.splitlines() if "-m stages.evaluate" in line]
    assert line.rstrip().endswith(
        f"-m stages.evaluate --scheduler 'tcp://localhost:1'{' --send-data' if sends else ''}"
    )


def test_earlier_result_is_restored(project: Path) -> None:
    make(project, "train", *SAMPLE, "EPOCHS=3")
    three = {path.name: path.read_bytes() for path in (project / "artifacts/train/").iterdir()}
    assert worked(make(project, "train", *SAMPLE, "EPOCHS=4")) == ["train"]
    result = make(project, "train", *SAMPLE, "EPOCHS=3")
    assert outcome(result) == {"train": "restored"}
    assert {path.name: path.read_bytes() for path in (project / "artifacts/train/").iterdir()} == three
    assert make(project, "-q", "train", *SAMPLE, "EPOCHS=3").returncode == 0


def test_switching_data_sets_restores_results(project: Path, tmp_path: Path) -> None:
    before = digests(project)
    other = tmp_path / "other"
    shutil.copytree(project / "pipeline/data/sample", other)
    (other / "class-names.txt").write_text("\n".join("abcdefghij"))
    custom = ("DATASET=custom", f"FROM={other}", "RECIPE=quick")
    assert worked(make(project, "all", *custom)) == list(STAGES)
    restored = dict.fromkeys(STAGES, "restored")
    assert outcome(make(project, "all", *SAMPLE)) == {**restored, "report": "worked"}  # it lists one more run
    assert digests(project) == before
    assert_quiet(project)
    assert outcome(make(project, "all", *custom)) == restored


def test_change_in_custom_data_folder_is_detected(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "it's mine"
    shutil.copytree(project / "pipeline/data/sample", other)
    custom = ("DATASET=custom", f"FROM={other}", "RECIPE=quick")
    assert worked(make(project, "train", *custom)) == ["download", "parse", "normalize", "train"]
    assert outcome(make(project, "train", *custom)) == {}
    names = other / "class-names.txt"
    names.write_text("\n".join("abcdefghij"))
    assert worked(make(project, "train", *custom)) == ["download", "parse", "normalize", "train"]
    names.touch()
    assert worked(make(project, "train", *custom)) == []
    assert make(project, "-q", "train", *custom).returncode == 0
    times = names.stat()
    names.write_text("\n".join("abcdefghik"))
    os.utime(names, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert worked(make(project, "train", *custom)) == ["download", "parse", "normalize", "train"]


@pytest.mark.parametrize(
    "declared",
    [
        '[tool.handwriting.download]\ndataset = "custom"\nfrom = "my data"\n',
        '[tool.handwriting]\ndownload = {dataset = "custom", from = "my data"}\n',
    ],
)
def test_change_in_folder_from_pyproject_is_detected(declared: str, project: Path) -> None:
    shutil.copytree(project / "pipeline/data/sample", project / "my data")
    with open(project / "pyproject.toml", "a") as file:
        file.write(f"\n{declared}")
    assert worked(make(project, "parse")) == ["download", "parse"]
    assert worked(make(project, "parse")) == []
    (project / "my data" / "class-names.txt").write_text("\n".join("abcdefghij"))
    assert worked(make(project, "parse")) == ["download", "parse"]


def test_manual_run_is_not_repeated(fresh: Path, project: Path, tmp_path: Path) -> None:
    assert "up to date" in stage(project, "train", "--recipe", "quick").stdout
    assert outcome(make(project, "train", *SAMPLE)) == {}
    by_hand = copy(fresh, tmp_path / "copy")
    for name in STAGES:
        options = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}.get(name, [])
        assert stage(by_hand, name, *options).returncode == 0
    assert worked(make(by_hand, "all", *SAMPLE)) == []


def test_manual_run_with_other_parameters_does_not_count(project: Path) -> None:
    before = digests(project)
    assert stage(project, "train", "--recipe", "quick", "--epochs", "2").returncode == 0
    assert digests(project) != before
    assert outcome(make(project, "train", *SAMPLE)) == {"train": "restored"}
    assert digests(project) == before
