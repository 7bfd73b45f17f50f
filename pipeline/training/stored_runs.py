"""The training runs in the store, each with its evaluation.

NumPy is imported only to read results, because `digest_runs` is called whenever make asks for the state of `report`.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pipeline.engine import store
from pipeline.engine.documents import convert
from pipeline.engine.errors import PipelineError
from pipeline.engine.results import StoredResult, list_results, read_results
from pipeline.training.history import Epoch, read_history

UNKNOWN = "unknown"

T = TypeVar("T")


@dataclass(frozen=True)
class TrainingRun(StoredResult):
    """One result of the stage `train`.

    changes: {parameter: (value, value of the recipe)} for parameters that differed from the recipe, {} if unknown.
    data: digest of the normalized data. dataset: name of the data set. history: epochs of each network, [] if unknown.
    Accuracies and the calibration error are in [0, 1]; they and the log loss are None if unknown.
    """

    recipe: str
    changes: Mapping[str, tuple[Any, Any]]
    dataset: str
    data: str
    validation_accuracy: float | None
    test_accuracy: float | None
    expected_calibration_error: float | None
    negative_log_likelihood: float | None
    history: Sequence[Sequence[Epoch]]

    @property
    def seconds(self) -> float:
        """Training time, including the time before an interruption; the time of the stage if the history is unknown."""
        return (
            sum(epoch.seconds for epochs in self.history for epoch in epochs) if self.history else self.manifest.seconds
        )


def list_training_runs(artifacts: Path, current: Path | None = None) -> list[TrainingRun]:
    """Return all training runs in the store of `artifacts`, latest first.

    Of several evaluations of a run, the published one counts, else the latest. current: a result of `train` that is
    added if it is not in this store.
    """
    evaluations = _find_evaluations(artifacts)
    results = list_results(artifacts, "train")
    keys = {result.manifest.provenance.key for result in results}
    for result in read_results([store.entry_at(current)] if current else []):
        results += [result] if result.manifest.provenance.key not in keys else []
    runs = [_load(result, evaluations.get(result.manifest.digest)) for result in results]
    return sorted(runs, key=lambda run: run.created, reverse=True)


def _find_evaluations(artifacts: Path) -> dict[str | None, StoredResult]:
    """Return the evaluation of each training run, by the digest of the run."""
    found = sorted(list_results(artifacts, "evaluate"), key=lambda result: result.published)
    return {result.manifest.provenance.inputs.get("train"): result for result in found}


def _load(result: StoredResult, evaluation: StoredResult | None) -> TrainingRun:
    from pipeline.model.metrics import load_metrics
    from pipeline.model.model import load_header, load_training

    entry, provenance = result.entry, result.manifest.provenance
    header = _known(lambda: load_header(entry), None)
    metrics = _known(lambda: load_metrics(evaluation.entry), None) if evaluation else None
    return TrainingRun(
        **vars(result),
        recipe=str(provenance.parameters.get("recipe", UNKNOWN)),
        changes=_known(lambda: convert(load_training(entry).get("changes"), dict[str, tuple[Any, Any]]), {}),
        dataset=getattr(header, "dataset", UNKNOWN),
        data=provenance.inputs.get("normalize") or "",
        validation_accuracy=getattr(header, "validation_accuracy", None),
        test_accuracy=getattr(metrics, "accuracy", None),
        expected_calibration_error=getattr(metrics, "expected_calibration_error", None),
        negative_log_likelihood=getattr(metrics, "negative_log_likelihood", None),
        history=_known(lambda: read_history(entry / "history.csv"), []),
    )


def digest_runs(artifacts: Path) -> dict[str, str]:
    """Return a digest of each training run, by id. It changes when the run is repeated or evaluated again.

    Names and times of use do not count.
    """
    found, evaluations = {}, _find_evaluations(artifacts)
    for run in list_results(artifacts, "train"):
        made = [each.manifest for each in (run, evaluations.get(run.manifest.digest)) if each]
        facts = [(manifest.provenance.key, manifest.digest, manifest.created) for manifest in made]
        found[run.id] = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:8]
    return found


def find_run(runs: Sequence[TrainingRun], key: str) -> tuple[TrainingRun, list[TrainingRun]]:
    """Return the run with this key, and the earlier runs on the same data, latest first."""
    (found,) = (run for run in runs if run.manifest.provenance.key == key)
    return found, [run for run in runs if run.data == found.data and run.created < found.created]


def _known(read: Callable[[], T], default: T) -> T:
    """Return what `read` returns; `default` if the file is damaged, so that old results cannot fail the report."""
    try:
        return read()
    except (PipelineError, OSError):
        return default


def name_data(runs: Sequence[TrainingRun]) -> dict[str, str]:
    """Return a name for each digest of data: that of the data set, with part of the digest if it is not unique."""
    names = {run.data: run.dataset for run in sorted(runs, key=lambda run: run.dataset != UNKNOWN)}
    repeated = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {data: f"{name} ({data[:6]})" if name in repeated else name for data, name in names.items()}
