"""The training runs in the store, each with its evaluation. This module imports nothing slow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.engine import store
from pipeline.engine.documents import Share, load_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.results import Result, list_results, read_results
from pipeline.training.recipes import find_changes

STAGES = ("train", "evaluate")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class TrainingRun(Result):
    """One result of the stage `train`.

    changes: {parameter: (value, value of the recipe, None without one)} for parameters that differ from the recipe.
    data: digest of the normalized data. dataset: its name. Accuracies and the calibration error are in [0, 1], None if
    unknown.
    """

    recipe: str
    changes: Mapping[str, tuple[Any, Any]]
    dataset: str
    data: str
    validation_accuracy: float | None
    test_accuracy: float | None
    expected_calibration_error: float | None


def list_training_runs(artifacts: Path, current: Path | None = None) -> list[TrainingRun]:
    """Return all training runs in the store of `artifacts`, latest first.

    Of several evaluations of a run, the published one counts, else the latest. current: a result of `train` that is
    added if it is not in this store.
    """
    evaluated = sorted(list_results(artifacts, "evaluate"), key=lambda result: result.published)
    evaluations = {result.manifest.provenance.inputs.get("train"): result.entry for result in evaluated}
    results = list_results(artifacts, "train")
    keys = {result.manifest.provenance.key for result in results}
    for result in read_results([store.resolve(current)] if current else []):
        results += [result] if result.manifest.provenance.key not in keys else []
    runs = [_load(result, evaluations.get(result.manifest.digest)) for result in results]
    return sorted(runs, key=lambda run: run.created, reverse=True)


def _load(result: Result, evaluation: Path | None) -> TrainingRun:
    parameters = result.manifest.provenance.parameters
    model, metrics = result.entry / "model.json", evaluation and evaluation / "metrics.json"
    return TrainingRun(
        **vars(result),
        recipe=str(parameters.get("recipe", UNKNOWN)),
        changes=find_changes(parameters),
        dataset=_load_value(model, str, lambda model: model["dataset"]) or UNKNOWN,
        data=result.manifest.provenance.inputs.get("normalize") or "",
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


def name_data(runs: Sequence[TrainingRun], title: Callable[[str], str] = str) -> dict[str, str]:
    """Return a name for each digest of data: the `title` of the data set, with part of the digest if not unique."""
    known = sorted(runs, key=lambda run: run.dataset != UNKNOWN)
    names = {run.data: title(run.dataset) for run in known}
    repeated = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {data: f"{name} ({data[:6]})" if name in repeated else name for data, name in names.items()}
