"""What a stage is asked for, and by whom: a change runs it again, and what was made before is shown again."""

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.make.common import SAMPLE, STAGES, assert_quiet, copy, digests, edit, make, outcome, stage, worked


def test_a_changed_default_runs_its_stage_which_names_it(project: Path) -> None:
    assert outcome(make(project, "normalize", *SAMPLE)) == {}
    edit(project / "stages/normalize.py", "] = TWELFTH,", "] = 3 * TWELFTH,")
    result = make(project, "normalize", *SAMPLE)
    assert worked(result) == ["normalize"]
    assert result.stderr == "normalize: parameter validation: 0.08333333333333333 -> 0.25\n"


def test_a_changed_value_of_a_recipe_runs_train_which_names_it(project: Path) -> None:
    edit(project / "pipeline/training/recipes.py", "epochs=5,", "epochs=4,")
    result = make(project, "train", *SAMPLE)
    assert worked(result) == ["train"]
    assert result.stderr.startswith("train: parameter epochs: 5 -> 4\n")


def test_an_added_and_a_removed_parameter_are_named(project: Path) -> None:
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
        (["EPOCHS=5"], []),  # which is what the recipe says
    ],
)
def test_spelling_alone_is_no_change(first: list[str], second: list[str], project: Path) -> None:
    make(project, "train", *SAMPLE, *first)
    assert worked(make(project, "train", *SAMPLE, *second)) == []


def test_the_order_of_parameters_in_the_code_is_no_change(project: Path) -> None:
    module = project / "stages/evaluate.py"
    edit(module, "    workers: Workers = None,\n", "")
    edit(module, "    scheduler: Scheduler =", "    workers: Workers = None,\n    scheduler: Scheduler =")
    edit(module, "Images in a block.", "Images in one block.")
    assert outcome(make(project, "evaluate", *SAMPLE)) == {}


@pytest.mark.parametrize(
    "variable", ["SCHEDULER=sync", "SCHEDULER=processes", "WORKERS=1", "BLOCK_SIZE=7", "SCHEDULER_FILE=no.json"]
)
def test_where_the_work_is_done_is_no_reason_to_do_it_again(variable: str, project: Path) -> None:
    assert outcome(make(project, "all", *SAMPLE, variable)) == {}
    name, value = variable.lower().replace("_", "-").split("=")
    for stage_name in ("train", "evaluate"):
        if name != "block-size" or stage_name == "evaluate":
            options = ["--recipe", "quick"] if stage_name == "train" else []
            assert "up to date" in stage(project, stage_name, *options, f"--{name}", value).stdout


def test_a_committee_is_trained_where_make_is_told(project: Path) -> None:
    where = ("ENSEMBLE_SIZE=2", "EPOCHS=1", "SCHEDULER=processes", "WORKERS=2")
    result = make(project, "train", *SAMPLE, *where)
    assert worked(result) == ["train"]
    assert "--scheduler 'processes' --workers '2'" in result.stdout
    assert outcome(make(project, "train", *SAMPLE, *where[:2])) == {}


@pytest.mark.parametrize(("value", "ships"), [("1", True), ("yes", True), ("", False), ("0", False)])
def test_a_flag_has_no_value(value: str, ships: bool, project: Path) -> None:
    result = make(project, "-n", "evaluate", *SAMPLE, "EPOCHS=2", "SCHEDULER=tcp://localhost:1", f"SHIP_DATA={value}")
    (line,) = [line for line in result.stdout.splitlines() if "-m stages.evaluate" in line]
    assert line.rstrip().endswith(
        f"-m stages.evaluate --scheduler 'tcp://localhost:1'{' --ship-data' if ships else ''}"
    )


def test_an_earlier_result_is_restored_in_a_moment(project: Path) -> None:
    make(project, "train", *SAMPLE, "EPOCHS=3")
    three = {path.name: path.read_bytes() for path in (project / "artifacts/train/").iterdir()}
    assert worked(make(project, "train", *SAMPLE, "EPOCHS=4")) == ["train"]
    started = time.monotonic()
    result = make(project, "train", *SAMPLE, "EPOCHS=3")
    seconds = time.monotonic() - started
    assert outcome(result) == {"train": "restored"}
    assert {path.name: path.read_bytes() for path in (project / "artifacts/train/").iterdir()} == three
    assert make(project, "-q", "train", *SAMPLE, "EPOCHS=3").returncode == 0
    assert seconds < 10  # a hang; how fast it is, tests/benchmarks/ says


def test_another_data_set_and_back_is_restored(project: Path, tmp_path: Path) -> None:
    before = digests(project)
    other = tmp_path / "other"
    shutil.copytree(project / "pipeline/data/sample", other)
    (other / "class-names.txt").write_text("\n".join("abcdefghij"))
    custom = ("DATASET=custom", f"FROM={other}", "RECIPE=quick")
    assert worked(make(project, "all", *custom)) == list(STAGES)
    restored = dict.fromkeys(STAGES, "restored")
    assert outcome(make(project, "all", *SAMPLE)) == {**restored, "report": "worked"}  # there is another run to tell of
    assert digests(project) == before
    assert_quiet(project)
    assert outcome(make(project, "all", *custom)) == restored


def test_a_change_in_the_folder_of_ones_own_data_is_noticed(project: Path, tmp_path: Path) -> None:
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
def test_a_change_in_a_folder_that_pyproject_declares_is_noticed(declared: str, project: Path) -> None:
    shutil.copytree(project / "pipeline/data/sample", project / "my data")
    with open(project / "pyproject.toml", "a") as file:
        file.write(f"\n{declared}")
    assert worked(make(project, "parse")) == ["download", "parse"]
    assert worked(make(project, "parse")) == []
    (project / "my data" / "class-names.txt").write_text("\n".join("abcdefghij"))
    assert worked(make(project, "parse")) == ["download", "parse"]


def test_a_stage_run_by_hand_is_not_repeated(fresh: Path, project: Path, tmp_path: Path) -> None:
    assert "up to date" in stage(project, "train", "--recipe", "quick").stdout
    assert outcome(make(project, "train", *SAMPLE)) == {}
    by_hand = copy(fresh, tmp_path / "copy")
    for name in STAGES:
        options = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}.get(name, [])
        assert stage(by_hand, name, *options).returncode == 0
    assert worked(make(by_hand, "all", *SAMPLE)) == []


def test_a_stage_run_by_hand_with_other_parameters_does_not_stand_for_the_declared_one(project: Path) -> None:
    before = digests(project)
    assert stage(project, "train", "--recipe", "quick", "--epochs", "2").returncode == 0
    assert digests(project) != before
    assert outcome(make(project, "train", *SAMPLE)) == {"train": "restored"}
    assert digests(project) == before
