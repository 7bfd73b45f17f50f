"""The history of a training run: one row per epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.engine.errors import PipelineError

TOLERANCE = 0.001
HISTORY_COLUMNS = ["network", "epoch", "loss", "train_accuracy", "validation_accuracy", "learning_rate", "seconds"]


@dataclass(frozen=True)
class Epoch:
    """One row of the history; number 0 is the network before training.

    loss, train_accuracy: means over the epoch, measured during training, NaN for number 0. validation_accuracy:
    measured after the epoch. Both accuracies are in [0, 1]. learning_rate: the learning rate of the last step. seconds:
    the time of training, without validation.
    """

    number: int
    loss: float
    train_accuracy: float
    validation_accuracy: float
    learning_rate: float
    seconds: float


def best_of(history: Sequence[Epoch]) -> Epoch:
    """Return the last epoch whose validation accuracy is within TOLERANCE of the best.

    Later epochs have lower learning rates, and differences within the tolerance are not significant. (The
    one-standard-error rule of Breiman et al. 1984 for 5,000 images at 99.5%)
    """
    best = max(epoch.validation_accuracy for epoch in history)
    return [epoch for epoch in history if epoch.validation_accuracy >= best - TOLERANCE][-1]


def write_history(path: Path, histories: Sequence[Sequence[Epoch]]) -> None:
    """Write the rows of each network as CSV; accuracies are in [0, 1]."""
    lines = [
        f"{network},{epoch.number},{epoch.loss:.6g},{epoch.train_accuracy:.6f},{epoch.validation_accuracy:.6f},"
        f"{epoch.learning_rate:g},{epoch.seconds:.3f}\n"
        for network, history in enumerate(histories, start=1)
        for epoch in history
    ]
    path.write_text("".join([f"{','.join(HISTORY_COLUMNS)}\n", *lines]), encoding="utf-8")


def read_history(path: Path) -> list[list[Epoch]]:
    """Return the rows of each network. Raises PipelineError if the file is damaged, OSError if it is missing."""
    found: dict[str, list[Epoch]] = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            network, number, *values = line.split(",")
            epoch = Epoch(int(number), *map(float, values))
            if not math.isfinite(epoch.validation_accuracy + epoch.learning_rate + epoch.seconds):
                raise ValueError("not a number")
            found.setdefault(network, []).append(epoch)
    except (ValueError, TypeError):
        raise PipelineError(f"{path} is damaged: run the stage train again (make train)") from None
    return list(found.values())
