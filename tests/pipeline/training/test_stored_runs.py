"""The list of training runs in the store, with their evaluations."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.engine.artifacts import OutputFacts, read_manifest, write_manifest
from pipeline.engine.store import entry_of, publish_result
from pipeline.training.history import read_history
from pipeline.training.recipes import find_changes
from pipeline.training.stored_runs import digest_runs, find_run, list_training_runs


@pytest.fixture
def artifacts(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "artifacts", symlinks=True))


def add_entry(artifacts: Path, stage: str, **parameters: object) -> Path:
    """Copy the published result to a new entry of the store with other parameters."""
    manifest = read_manifest(artifacts / stage)
    provenance = replace(manifest.provenance, parameters={**manifest.provenance.parameters, **parameters})
    entry = entry_of(artifacts / stage, stage, provenance.key)
    shutil.copytree(artifacts / stage, entry)
    write_manifest(entry, replace(manifest, provenance=provenance, created="2020-02-03T04:05:06.000+00:00"))
    return entry


def test_current_run_is_listed_once_with_or_without_a_store(built: Path, tmp_path: Path) -> None:
    assert list_training_runs(tmp_path) == list_training_runs(tmp_path / "nowhere") == []
    assert len(list_training_runs(built, (built / "train").resolve())) == 1
    (only,) = list_training_runs(tmp_path, built / "train")
    assert (only.dataset, only.recipe, only.test_accuracy) == ("sample", "quick", None)
    assert only.manifest.provenance.key.startswith(only.id)


def test_runs_are_listed_with_their_metrics_latest_first(artifacts: Path) -> None:
    entry = add_entry(artifacts, "train", seed=7)
    now, before = list_training_runs(artifacts)
    metrics = json.loads((artifacts / "evaluate" / "metrics.json").read_text())
    model = json.loads((artifacts / "train" / "model.json").read_text())
    assert (now.published, before.published) == (True, False)
    assert now.test_accuracy == metrics["accuracy"]
    assert now.expected_calibration_error == metrics["expected_calibration_error"]
    assert now.validation_accuracy == model["validation_accuracy"]
    assert before.created.startswith("2020")
    assert (before.entry, before.id) == (entry, entry.name.removeprefix("train-"))


def test_published_evaluation_counts_before_later_ones(artifacts: Path) -> None:
    evaluation = add_entry(artifacts, "evaluate", seed=7)
    write_manifest(evaluation, replace(read_manifest(evaluation), created="2100-02-03T04:05:06.000+00:00"))
    metrics = json.loads((evaluation / "metrics.json").read_text())
    (evaluation / "metrics.json").write_text(json.dumps({**metrics, "accuracy": 0.5}))
    assert list_training_runs(artifacts)[0].test_accuracy == metrics["accuracy"]
    publish_result(evaluation, artifacts / "evaluate")
    assert list_training_runs(artifacts)[0].test_accuracy == 0.5


def test_each_run_has_its_latest_evaluation(artifacts: Path) -> None:
    entry = add_entry(artifacts, "train", seed=7)
    manifest = read_manifest(entry)
    outputs = {**manifest.outputs, "model.json": OutputFacts(sha256="00" * 32, bytes=3)}
    write_manifest(entry, replace(manifest, outputs=outputs))  # differs from the published model
    metrics = json.loads((artifacts / "evaluate" / "metrics.json").read_text())
    for day, accuracy in (("02", 0.125), ("03", 0.25)):
        evaluation = add_entry(artifacts, "evaluate", day=day)
        made = read_manifest(evaluation)
        provenance = replace(made.provenance, inputs={**made.provenance.inputs, "train": read_manifest(entry).digest})
        write_manifest(evaluation, replace(made, provenance=provenance, created=f"2020-03-{day}T00:00:00.000+00:00"))
        moved = evaluation.rename(entry_of(artifacts / "evaluate", "evaluate", provenance.key))
        (moved / "metrics.json").write_text(json.dumps({**metrics, "accuracy": accuracy}))
    now, before = list_training_runs(artifacts)
    assert now.test_accuracy == metrics["accuracy"]
    assert before.test_accuracy == 0.25


def test_digest_of_a_run_changes_if_it_is_made_or_evaluated_again_but_not_with_its_name(artifacts: Path) -> None:
    before = digest_runs(artifacts)
    (run,) = before
    publish_result((artifacts / "train").resolve(), artifacts / "wide")
    artifacts = artifacts.rename(artifacts.with_name("moved"))
    assert digest_runs(artifacts) == before
    manifest = read_manifest(artifacts / "evaluate")
    write_manifest(artifacts / "evaluate", replace(manifest, created="2020-02-03T04:05:06+00:00"))
    evaluated = digest_runs(artifacts)
    assert evaluated.keys() == before.keys()
    assert evaluated[run] != before[run]
    write_manifest(
        artifacts / "train", replace(read_manifest(artifacts / "train"), created="2020-02-03T04:05:06+00:00")
    )
    assert digest_runs(artifacts)[run] != evaluated[run]
    add_entry(artifacts, "train", seed=7)
    assert len(digest_runs(artifacts)) == 2


def test_time_of_a_run_is_that_of_its_training(artifacts: Path) -> None:
    (run,) = list_training_runs(artifacts)
    (rows,) = read_history(artifacts / "train" / "history.csv")
    assert run.seconds == pytest.approx(sum(row.seconds for row in rows))
    assert run.seconds != run.manifest.seconds
    (artifacts / "train" / "history.csv").unlink()
    (run,) = list_training_runs(artifacts)
    assert (run.history, run.seconds) == ([], run.manifest.seconds)


def test_earlier_runs_have_the_same_data(artifacts: Path) -> None:
    for year, data in ((2100, ""), (2020, ""), (2010, ""), (2021, "ab" * 32)):
        entry = add_entry(artifacts, "train", year=year)
        manifest = read_manifest(entry)
        inputs = {**manifest.provenance.inputs, **({"normalize": data} if data else {})}
        provenance = replace(manifest.provenance, inputs=inputs)
        write_manifest(entry, replace(manifest, provenance=provenance, created=f"{year}-02-03T04:05:06.000+00:00"))
        entry.rename(entry_of(artifacts / "train", "train", provenance.key))
    runs = list_training_runs(artifacts)
    run, earlier = find_run(runs, read_manifest(artifacts / "train").provenance.key)
    assert run.published
    assert [each.created[:4] for each in earlier] == ["2020", "2010"]


def test_changes_are_the_values_that_differ_from_the_recipe(artifacts: Path) -> None:
    assert find_changes("quick", {"epochs": 3, "batch_size": 384}) == {"epochs": (3, 5)}
    model = artifacts / "train" / "model.json"
    for recorded, found in (({"epochs": (3, 5)}, {"epochs": (3, 5)}), ({}, {}), ({"epochs": 3}, {})):
        content = json.loads(model.read_text())
        content["training"]["changes"] = recorded
        model.write_text(json.dumps(content))
        assert list_training_runs(artifacts)[0].changes == found
