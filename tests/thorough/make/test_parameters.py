"""Parameters: a change reruns the stage, and changing back restores the earlier result."""

import os
import shutil
from pathlib import Path

import pytest

from tests.make.common import SAMPLE, STAGES, assert_quiet, copy, digests, make, outcome, stage, worked


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


def test_manual_run_is_not_repeated(fresh: Path, project: Path, tmp_path: Path) -> None:
    assert "up to date" in stage(project, "train", "--recipe", "quick").stdout
    assert outcome(make(project, "train", *SAMPLE)) == {}
    by_hand = copy(fresh, tmp_path / "copy")
    for name in STAGES:
        options = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}.get(name, [])
        assert stage(by_hand, name, *options).returncode == 0
    assert worked(make(by_hand, "all", *SAMPLE)) == []
