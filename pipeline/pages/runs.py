"""The trainings that the store still has, each with its evaluation, to be set side by side.

Looked at by `status` as well, so nothing here is slow to import.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.engine import store
from pipeline.engine.artifacts import Manifest
from pipeline.engine.documents import load_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.status import list_runs
from pipeline.network.recipe import spell
from pipeline.network.recipes import RECIPES

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
    digest = hashlib.sha256()
    count = 0
    for stage in STAGES:
        for run in list_runs(artifacts / stage, stage):
            manifest = run.manifest
            told = (manifest.provenance.key, manifest.digest, manifest.made, manifest.seconds)
            digest.update(json.dumps(told).encode())
            count += 1
    return f"{count} results, {digest.hexdigest()[:16]}"


def list_trainings(artifacts: Path, current: Manifest, folder: Path) -> list[Training]:
    """All trainings in the store of a folder of artifacts, the latest first, and the `current` one in any case.

    current: the manifest of what lies in `folder`, wherever that is.
    """
    evaluations = [
        (run.manifest, _entry(artifacts, "evaluate", run.manifest))
        for run in list_runs(artifacts / "evaluate", "evaluate")
    ]
    others = [
        _describe(run.manifest, _entry(artifacts, "train", run.manifest), evaluations, current=False)
        for run in list_runs(artifacts / "train", "train")
        if run.manifest.provenance.key != current.provenance.key
    ]
    trainings = [*others, _describe(current, folder, evaluations, current=True)]
    return sorted(trainings, key=lambda training: training.made, reverse=True)


def find_changes(parameters: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Of the parameters of a training those that its recipe has otherwise, with its own values; none if it is gone."""
    name: Any = parameters.get("recipe")
    if not isinstance(name, str) or name not in RECIPES:
        return {}
    recipe = spell(RECIPES[name])
    own = {key: value for key, value in parameters.items() if key != "recipe"}
    return {key: (value, recipe.get(key)) for key, value in own.items() if key not in recipe or recipe[key] != value}


def _entry(artifacts: Path, stage: str, manifest: Manifest) -> Path:
    return store.entry_of(artifacts / stage, stage, manifest.provenance.key)


def _describe(
    manifest: Manifest, folder: Path, evaluations: Sequence[tuple[Manifest, Path]], current: bool
) -> Training:
    model = _load(folder / "model.json")
    tested = [
        place for evaluation, place in evaluations if evaluation.provenance.inputs.get("train") == manifest.digest
    ]
    metrics = _load(tested[-1] / "metrics.json") if tested else {}
    training = model.get("training")
    return Training(
        made=manifest.made,
        recipe=str(manifest.provenance.parameters.get("recipe", "unknown")),
        changes=find_changes(manifest.provenance.parameters),
        dataset=str(model.get("dataset", "unknown")),
        data=manifest.provenance.inputs.get("normalize") or "",
        validation_accuracy=_share(training.get("validation_accuracy") if isinstance(training, dict) else None),
        test_accuracy=_share(metrics.get("accuracy")),
        seconds=float(manifest.seconds),
        current=current,
    )


def _load(path: Path) -> dict[str, Any]:
    """The object in a JSON file of an earlier result; empty if it is damaged, since that is not what is looked at."""
    try:
        content = load_json(path)
    except (PipelineError, OSError):
        return {}
    return content if isinstance(content, dict) else {}


def _share(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None
