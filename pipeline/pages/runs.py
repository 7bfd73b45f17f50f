"""List the training runs in the store, each with its evaluation.

`status` imports this module too, so it imports nothing slow.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.engine import store
from pipeline.engine.artifacts import Manifest
from pipeline.engine.documents import Share, load_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.status import list_runs
from pipeline.training.recipes import find_changes

STAGES = ("train", "evaluate")


@dataclass(frozen=True)
class TrainingRun:
    """One result of the stage `train`.

    changes: {parameter: (value, value of the recipe, None without one)} for parameters that differ from the recipe.
    data: digest of the normalized data. Accuracies are in [0, 1], None if unknown. seconds: duration of the stage.
    current: whether the report is about this run.
    """

    made: str
    recipe: str
    changes: Mapping[str, tuple[Any, Any]]
    dataset: str
    data: str
    validation_accuracy: float | None
    test_accuracy: float | None
    seconds: float
    current: bool


def digest_runs(artifacts: Path) -> str:
    """Return a digest of the training and evaluation results in the store.

    It changes when a result is added, removed or rerun. Times of use and other stages' results do not count.
    """
    manifests = [run.manifest for stage in STAGES for run in list_runs(artifacts / stage, stage)]
    results = [(each.provenance.key, each.digest, each.made, each.seconds) for each in manifests]
    return f"{len(results)} results, {hashlib.sha256(json.dumps(results).encode()).hexdigest()[:16]}"


def list_training_runs(artifacts: Path, current: Manifest, folder: Path) -> list[TrainingRun]:
    """Return all training runs in the store and the `current` one, which is in `folder`; latest first."""
    evaluations = {
        run.manifest.provenance.inputs.get("train"): _entry(artifacts, "evaluate", run.manifest)
        for run in list_runs(artifacts / "evaluate", "evaluate")
    }
    runs = [_load(current, folder, evaluations.get(current.digest), current=True)]
    for run in list_runs(artifacts / "train", "train"):
        made = run.manifest
        if made.provenance.key != current.provenance.key:
            runs.append(_load(made, _entry(artifacts, "train", made), evaluations.get(made.digest), current=False))
    return sorted(runs, key=lambda run: run.made, reverse=True)


def _entry(artifacts: Path, stage: str, manifest: Manifest) -> Path:
    return store.entry_of(artifacts / stage, stage, manifest.provenance.key)


def _load(manifest: Manifest, train: Path, evaluate: Path | None, current: bool) -> TrainingRun:
    parameters = manifest.provenance.parameters
    return TrainingRun(
        made=manifest.made,
        recipe=str(parameters.get("recipe", "unknown")),
        changes=find_changes(parameters),
        dataset=_load_value(train / "model.json", str, lambda model: model["dataset"]) or "unknown",
        data=manifest.provenance.inputs.get("normalize") or "",
        validation_accuracy=_load_value(
            train / "model.json", Share, lambda model: model["training"]["validation_accuracy"]
        ),
        test_accuracy=_load_value(evaluate / "metrics.json", Share, lambda metrics: metrics["accuracy"])
        if evaluate
        else None,
        seconds=manifest.seconds,
        current=current,
    )


def _load_value(path: Path, kind: Any, where: Callable[[dict[str, Any]], Any]) -> Any:
    """Return a value from a JSON file; None if it is missing or damaged, so that old results cannot fail the report."""
    try:
        return load_json(path, kind, where)
    except (PipelineError, OSError):
        return None
