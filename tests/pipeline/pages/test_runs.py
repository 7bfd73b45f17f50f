"""What the report says of other trainings, and when there is something else to say."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.engine.artifacts import read_manifest, write_manifest
from pipeline.engine.store import entry_of
from pipeline.pages.runs import digest_runs, list_trainings
from pipeline.training.recipes import find_changes


@pytest.fixture
def artifacts(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "artifacts", symlinks=True))


def another(artifacts: Path, stage: str, **parameters: object) -> Path:
    """An entry of the store like the one that is published, with other parameters."""
    manifest = read_manifest(artifacts / stage)
    provenance = replace(manifest.provenance, parameters={**manifest.provenance.parameters, **parameters})
    entry = entry_of(artifacts / stage, stage, provenance.key)
    shutil.copytree(artifacts / stage, entry)
    write_manifest(entry, replace(manifest, provenance=provenance, made="2020-02-03T04:05:06.000+00:00"))
    return entry


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_a_run_that_comes_goes_or_is_made_again_is_something_else_to_say(stage: str, artifacts: Path) -> None:
    said = [digest_runs(artifacts)]
    entry = another(artifacts, stage, seed=7)
    said.append(digest_runs(artifacts))
    write_manifest(entry, replace(read_manifest(entry), seconds=99))
    said.append(digest_runs(artifacts))
    assert len(set(said)) == 3
    shutil.rmtree(entry)
    assert digest_runs(artifacts) == said[0]


def test_what_other_stages_make_when_it_was_used_and_where_it_is_do_not_count(artifacts: Path) -> None:
    said = digest_runs(artifacts)
    for stage in ("report", "export", "parse"):
        another(artifacts, stage, seed=7)
    for path in artifacts.glob("*/manifest.json"):
        os.utime(path, (0, 0))
    (artifacts / ".store" / "train-0123.partial").mkdir()
    (artifacts / "train").unlink()
    assert digest_runs(artifacts) == said
    artifacts.rename(artifacts.with_name("elsewhere"))
    assert digest_runs(artifacts.with_name("elsewhere")) == said


def test_where_there_is_no_store_nothing_is_said_and_the_current_training_is_listed(
    built: Path, tmp_path: Path
) -> None:
    assert digest_runs(tmp_path) == digest_runs(tmp_path / "nowhere")
    (only,) = list_trainings(tmp_path, read_manifest(built / "train"), built / "train")
    assert (only.current, only.dataset, only.recipe, only.test_accuracy) == (True, "sample", "quick", None)


def test_trainings_are_told_with_their_figures_the_latest_first(artifacts: Path) -> None:
    another(artifacts, "train", seed=7)
    now, before = list_trainings(artifacts, read_manifest(artifacts / "train"), artifacts / "train")
    metrics = json.loads((artifacts / "evaluate" / "metrics.json").read_text())
    model = json.loads((artifacts / "train" / "model.json").read_text())
    assert (now.current, before.current) == (True, False)
    assert now.test_accuracy == metrics["accuracy"]
    assert now.validation_accuracy == model["training"]["validation_accuracy"]
    assert now.changes == {}
    assert before.changes == {"seed": (7, 1)}
    assert before.made.startswith("2020")


def test_each_training_is_told_with_the_latest_evaluation_of_its_own(artifacts: Path) -> None:
    entry = another(artifacts, "train", seed=7)
    manifest = read_manifest(entry)
    outputs = {**manifest.outputs, "model.json": {**manifest.outputs["model.json"], "sha256": "00" * 32}}
    write_manifest(entry, replace(manifest, outputs=outputs))  # another network than the one that is published
    for day, accuracy in (("02", 0.125), ("03", 0.25)):
        evaluation = another(artifacts, "evaluate", day=day)
        made = read_manifest(evaluation)
        provenance = replace(made.provenance, inputs={**made.provenance.inputs, "train": read_manifest(entry).digest})
        write_manifest(evaluation, replace(made, provenance=provenance, made=f"2020-03-{day}T00:00:00.000+00:00"))
        moved = evaluation.rename(entry_of(artifacts / "evaluate", "evaluate", provenance.key))
        (moved / "metrics.json").write_text(json.dumps({"accuracy": accuracy}))
    now, before = list_trainings(artifacts, read_manifest(artifacts / "train"), artifacts / "train")
    assert now.test_accuracy == json.loads((artifacts / "evaluate" / "metrics.json").read_text())["accuracy"]
    assert before.test_accuracy == 0.25


@pytest.mark.parametrize("content", ["{", "[]", '{"training": 3, "accuracy": "x"}', '{"accuracy": 7}'])
def test_an_earlier_result_that_is_damaged_is_told_as_far_as_it_goes(content: str, artifacts: Path) -> None:
    entry = another(artifacts, "train", seed=7)
    (entry / "model.json").write_text(content)
    (artifacts / "evaluate" / "metrics.json").write_text(content)
    _, before = list_trainings(artifacts, read_manifest(artifacts / "train"), artifacts / "train")
    assert (before.dataset, before.validation_accuracy, before.test_accuracy) == ("unknown", None, None)
    (entry / "manifest.json").write_text(content)
    assert len(list_trainings(artifacts, read_manifest(artifacts / "train"), artifacts / "train")) == 1


def test_parameters_are_told_as_far_as_the_recipe_has_them_otherwise() -> None:
    assert find_changes({"recipe": "quick", "epochs": 3, "batch_size": 384, "forgotten": 1}) == {
        "epochs": (3, 5),
        "forgotten": (1, None),
    }
    for gone in ("of old", ["quick"], None):
        assert find_changes({"recipe": gone, "epochs": 3}) == {}
