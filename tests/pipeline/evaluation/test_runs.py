"""The list of training runs in the store, its digest, and how a run is found in it."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.engine.artifacts import read_manifest, write_manifest
from pipeline.engine.errors import UsageError
from pipeline.engine.store import entry_of, publish
from pipeline.evaluation.runs import (
    TrainingRun,
    count_digits,
    digest_runs,
    find_published,
    find_run,
    list_training_runs,
    name_data,
)
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


def test_digest_ignores_names_other_stages_times_of_use_and_the_path(artifacts: Path) -> None:
    digest = digest_runs(artifacts)
    for stage in ("report", "export", "parse"):
        add_entry(artifacts, stage, seed=7)
    for path in artifacts.glob("*/manifest.json"):
        os.utime(path, (0, 0))
    publish((artifacts / "train").resolve(), artifacts / "wide")
    (artifacts / ".store" / "train-0123.partial").mkdir()
    (artifacts / "train").unlink()
    assert digest_runs(artifacts) == digest
    artifacts.rename(artifacts.with_name("elsewhere"))
    assert digest_runs(artifacts.with_name("elsewhere")) == digest


def test_current_run_is_listed_without_a_store(built: Path, tmp_path: Path) -> None:
    assert digest_runs(tmp_path) == digest_runs(tmp_path / "nowhere")
    assert list_training_runs(tmp_path) == []
    (only,) = list_training_runs(tmp_path, built / "train")
    assert (only.dataset, only.recipe, only.test_accuracy) == ("sample", "quick", None)
    assert only.manifest.provenance.key.startswith(only.id)


def test_current_run_is_listed_once(built: Path) -> None:
    assert len(list_training_runs(built, built / "train")) == 1
    assert len(list_training_runs(built, (built / "train").resolve())) == 1


def test_runs_are_listed_with_their_metrics_latest_first(artifacts: Path) -> None:
    entry = add_entry(artifacts, "train", seed=7)
    now, before = list_training_runs(artifacts)
    metrics = json.loads((artifacts / "evaluate" / "metrics.json").read_text())
    model = json.loads((artifacts / "train" / "model.json").read_text())
    assert (now.published, before.published) == (True, False)
    assert now.test_accuracy == metrics["accuracy"]
    assert now.expected_calibration_error == metrics["expected_calibration_error"]
    assert now.validation_accuracy == model["training"]["validation_accuracy"]
    assert now.changes == {}
    assert before.changes == {"seed": (7, 1)}
    assert before.made.startswith("2020")
    assert (before.entry, before.id) == (entry, entry.name.removeprefix("train-"))


def test_names_are_the_other_links_to_the_entry(artifacts: Path) -> None:
    entry = add_entry(artifacts, "train", seed=7)
    for name in ("wide", "best", ".hidden"):
        (artifacts / name).symlink_to(Path(".store") / entry.name)
    (artifacts / "elsewhere").symlink_to("wide")
    now, before = list_training_runs(artifacts)
    assert (now.names, before.names) == ((), ("best", "wide"))


def test_published_evaluation_counts_before_later_ones(artifacts: Path) -> None:
    evaluation = add_entry(artifacts, "evaluate", seed=7)
    write_manifest(evaluation, replace(read_manifest(evaluation), made="2100-02-03T04:05:06.000+00:00"))
    metrics = json.loads((evaluation / "metrics.json").read_text())
    (evaluation / "metrics.json").write_text(json.dumps({**metrics, "accuracy": 0.5}))
    assert list_training_runs(artifacts)[0].test_accuracy == metrics["accuracy"]
    publish(evaluation, artifacts / "evaluate")
    assert list_training_runs(artifacts)[0].test_accuracy == 0.5


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
    now, before = list_training_runs(artifacts)
    assert now.test_accuracy == json.loads((artifacts / "evaluate" / "metrics.json").read_text())["accuracy"]
    assert before.test_accuracy == 0.25


@pytest.mark.parametrize("content", ["{", "[]", '{"training": 3, "accuracy": "x"}', '{"accuracy": 7}'])
def test_damaged_earlier_result_has_no_metrics(content: str, artifacts: Path) -> None:
    entry = add_entry(artifacts, "train", seed=7)
    (entry / "model.json").write_text(content)
    (artifacts / "evaluate" / "metrics.json").write_text(content)
    _, before = list_training_runs(artifacts)
    assert (before.dataset, before.validation_accuracy, before.test_accuracy) == ("unknown", None, None)
    (entry / "manifest.json").write_text(content)
    assert len(list_training_runs(artifacts)) == 1


@pytest.fixture
def three(artifacts: Path) -> tuple[list[TrainingRun], Path]:
    """Return runs of which two ids begin with the same seven digits, and the folder of the artifacts."""
    for key in ("0123456aaaaaaaaa", "0123456bbbbbbbbb"):
        shutil.copytree(artifacts / "train", artifacts / f".store/train-{key}")
    return list_training_runs(artifacts), artifacts


def test_run_is_found_by_name_id_or_folder(three: tuple[list[TrainingRun], Path]) -> None:
    runs, artifacts = three
    publish(artifacts / ".store/train-0123456aaaaaaaaa", artifacts / "0123456b")
    runs = list_training_runs(artifacts)
    found = {
        which: find_run(runs, which).id
        for which in ("0123456bb", "0123456aaaaaaaaa", "0123456b", str(artifacts / "0123456b"))
    }
    assert list(found.values()) == ["0123456bbbbbbbbb", *["0123456aaaaaaaaa"] * 3]  # a name precedes an id
    published = (artifacts / "train").resolve().name.removeprefix("train-")
    assert find_run(runs, "train").id == find_run(runs, str(artifacts / "train")).id == published
    assert find_published(runs).id == published


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("0123456", "(0123456a, 0123456b)"),
        ("wide", "no training run 'wide'"),
        ("", "no training run ''"),
        ("artifacts/parse", "no training run 'artifacts/parse'"),
        ("artifacts/loop", "no training run 'artifacts/loop'"),
        ("a" * 300, "no training run"),
    ],
)
def test_ambiguous_or_unknown_run_is_wrong_usage(
    which: str, words: str, three: tuple[list[TrainingRun], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, artifacts = three
    (artifacts / "loop").symlink_to("loop")
    monkeypatch.chdir(artifacts.parent)
    with pytest.raises(UsageError) as error:
        find_run(sorted(runs, key=lambda run: run.id), which)
    assert words in str(error.value)
    (artifacts / "train").unlink()
    with pytest.raises(UsageError):
        find_published(list_training_runs(artifacts))


def test_ids_have_as_many_digits_as_needed(three: tuple[list[TrainingRun], Path]) -> None:
    runs, _ = three
    assert count_digits(runs) == 8
    assert count_digits(runs[:1]) == count_digits([]) == 6


def test_data_have_the_name_of_the_data_set_with_a_digest_if_that_is_not_unique(
    three: tuple[list[TrainingRun], Path],
) -> None:
    run = three[0][0]
    other, damaged = replace(run, data="ab" * 32), replace(run, dataset="unknown")
    assert name_data([run, damaged]) == name_data([damaged, run]) == {run.data: "sample"}
    assert name_data([run, other], str.upper) == {
        run.data: f"SAMPLE ({run.data[:6]})",
        other.data: "SAMPLE (ababab)",
    }


def test_changes_are_the_values_that_differ_from_the_recipe() -> None:
    assert find_changes({"recipe": "quick", "epochs": 3, "batch_size": 384, "removed": 1}) == {
        "epochs": (3, 5),
        "removed": (1, None),
    }
    for unknown in ("unknown", ["quick"], None):
        assert find_changes({"recipe": unknown, "epochs": 3}) == {}
