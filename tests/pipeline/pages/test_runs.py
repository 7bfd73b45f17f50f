"""The list of training runs in the store, and its digest."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.engine.artifacts import read_manifest, write_manifest
from pipeline.engine.store import entry_of
from pipeline.pages.runs import digest_runs, list_training_runs
from pipeline.training.recipes import find_changes


@pytest.fixture
def artifacts(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "artifacts", symlinks=True))


def add_entry(artifacts: Path, stage: str, **parameters: object) -> Path:
    """Copy the published result to a new entry of the store with other parameters."""
    manifest = read_manifest(artifacts / stage)
    provenance = replace(manifest.provenance, parameters={**manifest.provenance.parameters, **parameters})
    entry = entry_of(artifacts / stage, stage, provenance.key)
    shutil.copytree(artifacts / stage, entry)
    write_manifest(entry, replace(manifest, provenance=provenance, made="2020-02-03T04:05:06.000+00:00"))
    return entry


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_digest_changes_when_a_run_is_added_rerun_or_removed(stage: str, artifacts: Path) -> None:
    digests = [digest_runs(artifacts)]
    entry = add_entry(artifacts, stage, seed=7)
    digests.append(digest_runs(artifacts))
    write_manifest(entry, replace(read_manifest(entry), seconds=99))
    digests.append(digest_runs(artifacts))
    assert len(set(digests)) == 3
    shutil.rmtree(entry)
    assert digest_runs(artifacts) == digests[0]


def test_digest_ignores_other_stages_times_of_use_and_the_path(artifacts: Path) -> None:
    digest = digest_runs(artifacts)
    for stage in ("report", "export", "parse"):
        add_entry(artifacts, stage, seed=7)
    for path in artifacts.glob("*/manifest.json"):
        os.utime(path, (0, 0))
    (artifacts / ".store" / "train-0123.partial").mkdir()
    (artifacts / "train").unlink()
    assert digest_runs(artifacts) == digest
    artifacts.rename(artifacts.with_name("elsewhere"))
    assert digest_runs(artifacts.with_name("elsewhere")) == digest


def test_current_run_is_listed_without_a_store(built: Path, tmp_path: Path) -> None:
    assert digest_runs(tmp_path) == digest_runs(tmp_path / "nowhere")
    (only,) = list_training_runs(tmp_path, read_manifest(built / "train"), built / "train")
    assert (only.current, only.dataset, only.recipe, only.test_accuracy) == (True, "sample", "quick", None)


def test_runs_are_listed_with_their_metrics_latest_first(artifacts: Path) -> None:
    add_entry(artifacts, "train", seed=7)
    now, before = list_training_runs(artifacts, read_manifest(artifacts / "train"), artifacts / "train")
    metrics = json.loads((artifacts / "evaluate" / "metrics.json").read_text())
    model = json.loads((artifacts / "train" / "model.json").read_text())
    assert (now.current, before.current) == (True, False)
    assert now.test_accuracy == metrics["accuracy"]
    assert now.validation_accuracy == model["training"]["validation_accuracy"]
    assert now.changes == {}
    assert before.changes == {"seed": (7, 1)}
    assert before.made.startswith("2020")


def test_each_run_has_its_latest_evaluation(artifacts: Path) -> None:
    entry = add_entry(artifacts, "train", seed=7)
    manifest = read_manifest(entry)
    outputs = {**manifest.outputs, "model.json": {**manifest.outputs["model.json"], "sha256": "00" * 32}}
    write_manifest(entry, replace(manifest, outputs=outputs))  # differs from the published model
    for day, accuracy in (("02", 0.125), ("03", 0.25)):
        evaluation = add_entry(artifacts, "evaluate", day=day)
        made = read_manifest(evaluation)
        provenance = replace(made.provenance, inputs={**made.provenance.inputs, "train": read_manifest(entry).digest})
        write_manifest(evaluation, replace(made, provenance=provenance, made=f"2020-03-{day}T00:00:00.000+00:00"))
        moved = evaluation.rename(entry_of(artifacts / "evaluate", "evaluate", provenance.key))
        (moved / "metrics.json").write_text(json.dumps({"accuracy": accuracy}))
    now, before = list_training_runs(artifacts, read_manifest(artifacts / "train"), artifacts / "train")
    assert now.test_accuracy == json.loads((artifacts / "evaluate" / "metrics.json").read_text())["accuracy"]
    assert before.test_accuracy == 0.25


@pytest.mark.parametrize("content", ["{", "[]", '{"training": 3, "accuracy": "x"}', '{"accuracy": 7}'])
def test_damaged_earlier_result_has_no_metrics(content: str, artifacts: Path) -> None:
    entry = add_entry(artifacts, "train", seed=7)
    (entry / "model.json").write_text(content)
    (artifacts / "evaluate" / "metrics.json").write_text(content)
    _, before = list_training_runs(artifacts, read_manifest(artifacts / "train"), artifacts / "train")
    assert (before.dataset, before.validation_accuracy, before.test_accuracy) == ("unknown", None, None)
    (entry / "manifest.json").write_text(content)
    assert len(list_training_runs(artifacts, read_manifest(artifacts / "train"), artifacts / "train")) == 1


def test_changes_are_the_values_that_differ_from_the_recipe() -> None:
    assert find_changes({"recipe": "quick", "epochs": 3, "batch_size": 384, "removed": 1}) == {
        "epochs": (3, 5),
        "removed": (1, None),
    }
    for unknown in ("unknown", ["quick"], None):
        assert find_changes({"recipe": unknown, "epochs": 3}) == {}
