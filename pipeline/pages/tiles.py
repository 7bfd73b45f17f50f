"""The most important metrics of a training run, with their differences to the previous run on the same data."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.evaluation.metrics import Metrics
from pipeline.pages.wording import format_duration, percent
from pipeline.training.history import Row, best_of
from pipeline.training.runs import TrainingRun


@dataclass(frozen=True)
class Tile:
    """A metric. change: difference to the previous run, "" without one. verdict: good, bad or ""."""

    name: str
    value: str
    detail: str
    change: str
    verdict: str = ""


def list_tiles(
    metrics: Metrics,
    validation_accuracy: float | None,
    history: Sequence[Sequence[Row]],
    parameters: int,
    previous: TrainingRun | None,
    previous_parameters: int | None,
) -> list[Tile]:
    """Return the tiles of a run; for the arguments, see `Findings`."""
    low, high = metrics.accuracy_interval_95
    best = [str(best_of(rows).number) for rows in history]
    seconds = sum(row.seconds for rows in history for row in rows)
    before: list[float | None] = [None] * 4
    if previous:
        before = [
            previous.test_accuracy,
            previous.validation_accuracy,
            previous.expected_calibration_error,
            previous.negative_log_likelihood,
        ]
    points = " points"
    return [
        Tile(
            "Test accuracy",
            percent(metrics.accuracy),
            f"{percent(low)} to {percent(high)} with 95% confidence; "
            f"{metrics.errors:,} of {metrics.images:,} images misread",
            *_compare(metrics.accuracy, before[0], 100, 2, points),
        ),
        Tile(
            "Validation accuracy",
            percent(validation_accuracy),
            f"after epoch {', '.join(best)}",
            *_compare(validation_accuracy, before[1], 100, 2, points),
        ),
        Tile(
            "Calibration error",
            percent(metrics.expected_calibration_error),
            "mean gap between confidence and accuracy",
            *_compare(metrics.expected_calibration_error, before[2], -100, 2, points),
        ),
        Tile(
            "Log loss",
            f"{metrics.negative_log_likelihood:.4f}",
            "mean of −log(probability of the true class)",
            *_compare(metrics.negative_log_likelihood, before[3], -1, 4),
        ),
        Tile(
            "Parameters and time",
            f"{parameters:,}",
            f"{format_duration(seconds)} of training",
            ", ".join(_count(parameters, previous_parameters) + _time(seconds, previous)),
        ),
    ]


def _compare(new: float | None, old: float | None, scale: float, digits: int, unit: str = "") -> tuple[str, str]:
    """Return the difference as text and its verdict. scale: below 0 if smaller is better."""
    if new is None or old is None:
        return "", ""
    gain = round(scale * (new - old), digits)
    if not gain:
        return "unchanged", ""
    return f"{abs(gain):.{digits}f}{unit} {'better' if gain > 0 else 'worse'}", "good" if gain > 0 else "bad"


def _count(new: int, old: int | None) -> list[str]:
    if old is None:
        return []
    return [f"{abs(new - old):,} {'more' if new > old else 'fewer'}" if new != old else "same size"]


def _time(seconds: float, previous: TrainingRun | None) -> list[str]:
    if previous is None:
        return []
    longer = seconds - previous.seconds
    return [f"{format_duration(abs(longer))} {'longer' if longer > 0 else 'shorter'}"]
