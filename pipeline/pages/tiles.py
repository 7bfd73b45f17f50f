"""The most important metrics of a training run, with their differences from the previous run on the same data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.evaluation.metrics import Metrics
from pipeline.pages.wording import format_duration, percent
from pipeline.training.history import Epoch, best_of
from pipeline.training.runs import TrainingRun


@dataclass(frozen=True)
class Tile:
    """A metric. change: difference from the previous run, "" without one. verdict: good, bad or ""."""

    name: str
    value: str
    detail: str
    change: str = ""
    verdict: str = ""


def list_tiles(
    metrics: Metrics,
    validation_accuracy: float | None,
    history: Sequence[Sequence[Epoch]],
    parameters: int,
    previous: TrainingRun | None,
    previous_parameters: int | None,
) -> list[Tile]:
    """Return the tiles of a run; for the arguments, see `Findings`."""
    low, high = metrics.accuracy_interval_95
    best = ", ".join(str(best_of(rows).number) for rows in history)
    seconds = sum(row.seconds for rows in history for row in rows)
    error, loss = metrics.expected_calibration_error, metrics.negative_log_likelihood
    misread = f"{metrics.errors:,} of {metrics.images:,} images misread"
    tiles = [
        Tile(
            "Test accuracy",
            percent(metrics.accuracy),
            f"{percent(low)} to {percent(high)} with 95% confidence; {misread}",
        ),
        Tile("Validation accuracy", percent(validation_accuracy), f"after epoch {best}"),
        Tile("Calibration error", percent(error), "mean gap between confidence and accuracy"),
        Tile("Log loss", f"{loss:.4f}", "mean of −log(probability of the true class)"),
        Tile("Parameters and time", f"{parameters:,}", f"{format_duration(seconds)} of training"),
    ]
    if previous is None:
        return tiles
    changes = [
        _compare(metrics.accuracy, previous.test_accuracy, 100, " points"),
        _compare(validation_accuracy, previous.validation_accuracy, 100, " points"),
        _compare(error, previous.expected_calibration_error, -100, " points"),
        _compare(loss, previous.negative_log_likelihood, -1),
        (_compare_cost(parameters, previous_parameters, seconds - previous.seconds), ""),
    ]
    return [replace(tile, change=text, verdict=verdict) for tile, (text, verdict) in zip(tiles, changes, strict=True)]


def _compare(new: float | None, old: float | None, scale: float, unit: str = "") -> tuple[str, str]:
    """Return the difference as text and its verdict. scale: below 0 if smaller is better."""
    if new is None or old is None:
        return "", ""
    digits = 2 if unit else 4
    gain = round(scale * (new - old), digits)
    if not gain:
        return "unchanged", ""
    return f"{abs(gain):.{digits}f}{unit} {'better' if gain > 0 else 'worse'}", "good" if gain > 0 else "bad"


def _compare_cost(new: int, old: int | None, longer: float) -> str:
    size = []
    if old is not None:
        size = [f"{abs(new - old):,} {'more' if new > old else 'fewer'}" if new != old else "same size"]
    return ", ".join([*size, f"{format_duration(abs(longer))} {'longer' if longer > 0 else 'shorter'}"])
