"""The trainings that the store still has, each with its evaluation, to be set side by side.

Looked at by `status` as well, so nothing here is slow to import.
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
class Training:
    """One result of `train`.

    changes: the parameters that are not as the recipe of that name has them today, each as it was and as the recipe has
    it, None where that has no such parameter. dataset: its name; data: the digest of what was learned from. Accuracies
    are shares in [0, 1], None where nothing tells them. seconds: how long the stage worked. current: whether it is the
    one that is looked at.
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
    """A short text that is another one if a training or an evaluation in the store came, went, or was made again.

    When a result was last used does not count, nor does what other stages have made.
    """
    manifests = [run.manifest for stage in STAGES for run in list_runs(artifacts / stage, stage)]
    told = [(each.provenance.key, each.digest, each.made, each.seconds) for each in manifests]
    return f"{len(told)} results, {hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]}"


def list_trainings(artifacts: Path, current: Manifest, folder: Path) -> list[Training]:
    """All trainings in the store, the latest first, and in any case the `current` one, which lies in `folder`."""
    tested = {
        run.manifest.provenance.inputs.get("train"): _entry(artifacts, "evaluate", run.manifest)
        for run in list_runs(artifacts / "evaluate", "evaluate")
    }
    trainings = [_describe(current, folder, tested.get(current.digest), current=True)]
    for run in list_runs(artifacts / "train", "train"):
        made = run.manifest
        if made.provenance.key != current.provenance.key:
            trainings.append(_describe(made, _entry(artifacts, "train", made), tested.get(made.digest), current=False))
    return sorted(trainings, key=lambda training: training.made, reverse=True)


def _entry(artifacts: Path, stage: str, manifest: Manifest) -> Path:
    return store.entry_of(artifacts / stage, stage, manifest.provenance.key)


def _describe(manifest: Manifest, train: Path, evaluate: Path | None, current: bool) -> Training:
    parameters = manifest.provenance.parameters
    return Training(
        made=manifest.made,
        recipe=str(parameters.get("recipe", "unknown")),
        changes=find_changes(parameters),
        dataset=_find(train / "model.json", str, lambda model: model["dataset"]) or "unknown",
        data=manifest.provenance.inputs.get("normalize") or "",
        validation_accuracy=_find(train / "model.json", Share, lambda model: model["training"]["validation_accuracy"]),
        test_accuracy=_find(evaluate / "metrics.json", Share, lambda metrics: metrics["accuracy"])
        if evaluate
        else None,
        seconds=manifest.seconds,
        current=current,
    )


def _find(path: Path, kind: Any, where: Callable[[dict[str, Any]], Any]) -> Any:
    """A value in a JSON file of an earlier result; None if it is damaged, since it is not what is looked at."""
    try:
        return load_json(path, kind, where)
    except (PipelineError, OSError):
        return None
