"""The training runs in the store, each with its evaluation. This module imports nothing slow."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.engine import store
from pipeline.engine.artifacts import Manifest, read_manifest
from pipeline.engine.documents import Share, load_json
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.results import list_results
from pipeline.training.recipes import find_changes

STAGES = ("train", "evaluate")
UNKNOWN = "unknown"
MIN_ID = 6  # digits


@dataclass(frozen=True)
class TrainingRun:
    """One result of the stage `train`.

    id: digits in the name of the entry, unique in the store. names: of links to it. published: whether
    `artifacts/train` is one of them. changes: {parameter: (value, value of the recipe, None without one)} for
    parameters that differ from the recipe. data: digest of the normalized data. dataset: its name. Accuracies and
    the calibration error are in [0, 1], None if unknown.
    """

    id: str
    entry: Path
    manifest: Manifest
    names: tuple[str, ...]
    published: bool
    recipe: str
    changes: Mapping[str, tuple[Any, Any]]
    dataset: str
    data: str
    validation_accuracy: float | None
    test_accuracy: float | None
    expected_calibration_error: float | None

    @property
    def made(self) -> str:
        """When the run ended: ISO 8601 in UTC."""
        return self.manifest.made

    @property
    def seconds(self) -> float:
        """Duration of the stage."""
        return self.manifest.seconds


def digest_runs(artifacts: Path) -> str:
    """Return a digest of the training and evaluation results in the store.

    It changes when a result is added, removed or rerun. Names, times of use and other stages' results do not count.
    """
    manifests = [result.manifest for stage in STAGES for result in list_results(artifacts, stage)]
    results = [(each.provenance.key, each.digest, each.made, each.seconds) for each in manifests]
    return f"{len(results)} results, {hashlib.sha256(json.dumps(results).encode()).hexdigest()[:16]}"


def list_training_runs(artifacts: Path, current: Path | None = None) -> list[TrainingRun]:
    """Return all training runs in the store of `artifacts`, latest first.

    Of several evaluations of a run, the published one counts, else the latest. current: a result of `train` that is
    added if it is not in this store.
    """
    published = store.resolve(artifacts / "evaluate")
    evaluated = sorted(list_results(artifacts, "evaluate"), key=lambda result: result.entry == published)
    evaluations = {result.manifest.provenance.inputs.get("train"): result.entry for result in evaluated}
    links = store.links(artifacts)
    runs = {result.entry: result.manifest for result in list_results(artifacts, "train")}
    if current is not None:
        manifest = read_manifest(current)
        if all(each.provenance.key != manifest.provenance.key for each in runs.values()):
            runs[store.resolve(current)] = manifest
    loaded = [_load(entry, manifest, evaluations.get(manifest.digest), links) for entry, manifest in runs.items()]
    return sorted(loaded, key=lambda run: run.made, reverse=True)


def _load(entry: Path, manifest: Manifest, evaluation: Path | None, links: Mapping[str, Path]) -> TrainingRun:
    parameters, in_store = manifest.provenance.parameters, entry.parent.name == store.STORE
    names = [name for name, target in links.items() if target == entry and not name.startswith(".")]
    model, metrics = entry / "model.json", evaluation and evaluation / "metrics.json"
    return TrainingRun(
        id=entry.name.removeprefix("train-") if in_store else manifest.provenance.key[: store.KEY_LENGTH],
        entry=entry,
        manifest=manifest,
        names=tuple(name for name in names if name != "train"),
        published="train" in names,
        recipe=str(parameters.get("recipe", UNKNOWN)),
        changes=find_changes(parameters),
        dataset=_load_value(model, str, lambda model: model["dataset"]) or UNKNOWN,
        data=manifest.provenance.inputs.get("normalize") or "",
        validation_accuracy=_load_value(model, Share, lambda model: model["training"]["validation_accuracy"]),
        test_accuracy=_load_value(metrics, Share, lambda metrics: metrics["accuracy"]),
        expected_calibration_error=_load_value(metrics, Share, lambda metrics: metrics["expected_calibration_error"]),
    )


def _load_value(path: Path | None, kind: Any, where: Callable[[dict[str, Any]], Any]) -> Any:
    """Return a value from a JSON file; None if it is missing or damaged, so that old results cannot fail the report."""
    try:
        return path and load_json(path, kind, where)
    except (PipelineError, OSError):
        return None


def count_digits(runs: Sequence[TrainingRun]) -> int:
    """Return how many digits of the ids make them unique, at least MIN_ID."""
    longest = max((len(run.id) for run in runs), default=MIN_ID)
    return next((n for n in range(MIN_ID, longest) if len({run.id[:n] for run in runs}) == len(runs)), longest)


def name_data(runs: Sequence[TrainingRun], title: Callable[[str], str] = str) -> dict[str, str]:
    """Return a name for each digest of data: the `title` of the data set, with part of the digest if not unique."""
    known = sorted(runs, key=lambda run: run.dataset != UNKNOWN)
    names = {run.data: title(run.dataset) for run in known}
    repeated = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {data: f"{name} ({data[:6]})" if name in repeated else name for data, name in names.items()}


def find_run(runs: Sequence[TrainingRun], which: str) -> TrainingRun:
    """Return the run with the name, the first digits of the id or the folder `which`. Raises UsageError."""
    found = [run for run in runs if which in run.names or (run.published and which == "train")]
    found = found or [run for run in runs if os.path.realpath(run.entry) == os.path.realpath(which)]
    found = found or [run for run in runs if which and run.id.startswith(which)]
    if len(found) == 1:
        return found[0]
    if found:
        matches = ", ".join(run.id[: count_digits(runs)] for run in found)
        raise UsageError(f"'{which}' is ambiguous ({matches}): give more digits")
    raise UsageError(f"there is no training run '{which}': use an id or a name that `handwriting runs` lists")


def find_published(runs: Sequence[TrainingRun]) -> TrainingRun:
    """Return the published run. Raises UsageError without one."""
    for run in runs:
        if run.published:
            return run
    raise UsageError("no run is published: run the stage train first (make train), or give the id or name of a run")
