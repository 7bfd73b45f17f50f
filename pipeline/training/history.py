"""The story of a training run: one row an epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.engine.errors import PipelineError

TOLERANCE = 0.001
COLUMNS = ["network", "epoch", "loss", "train_accuracy", "validation_accuracy", "learning_rate", "seconds"]


@dataclass(frozen=True)
class Row:
    """One pass over the training examples; number 0 is the network before the first.

    loss, train_accuracy: over the images as they were met, so the network was still learning; NaN for number 0.
    validation_accuracy: after the pass. learning_rate: of its last step. seconds: of training alone.
    """

    number: int
    loss: float
    train_accuracy: float
    validation_accuracy: float
    learning_rate: float
    seconds: float


def best_of(history: Sequence[Row]) -> Row:
    """The last epoch whose validation accuracy is within TOLERANCE of the best.

    A later epoch has a lower learning rate, and a few validation images do not say that an earlier one is better. (The
    one-standard-error rule of Breiman et al. 1984 for 5,000 images at 99.5 %)
    """
    best = max(row.validation_accuracy for row in history)
    return [row for row in history if row.validation_accuracy >= best - TOLERANCE][-1]


def write_history(path: Path, histories: Sequence[Sequence[Row]]) -> None:
    """Write the rows of each network as CSV; accuracies are shares in [0, 1], seconds are of training alone."""
    path.write_text(_format(histories), encoding="utf-8")


def _format(histories: Sequence[Sequence[Row]]) -> str:
    lines = [
        f"{network},{row.number},{row.loss:.6g},{row.train_accuracy:.6f},{row.validation_accuracy:.6f},"
        f"{row.learning_rate:g},{row.seconds:.3f}\n"
        for network, history in enumerate(histories, start=1)
        for row in history
    ]
    return "".join([f"{','.join(COLUMNS)}\n", *lines])


def read_history(path: Path) -> list[list[Row]]:
    """The rows of each network, at least one. Raises PipelineError if the file is missing or damaged."""
    found: dict[str, list[Row]] = {}
    try:
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines()[1:]:
            network, number, *values = line.split(",")
            found.setdefault(network, []).append(Row(int(number), *map(float, values)))
        histories = list(found.values())
        # What was written is written again alike: so columns, histories and spelling are the ones that are expected.
        if not histories or _format(histories) != text or not all(map(is_history, histories)):
            raise ValueError
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run the stage train again (make train)") from None
    except (ValueError, TypeError):
        raise PipelineError(f"{path} is damaged: run the stage train again (make train)") from None
    return histories


def is_history(rows: Sequence[Row]) -> bool:
    """Return whether the rows can be those of a training: finite where they should be, each epoch after the last."""
    numbers = [row.number for row in rows]
    told = [number for row in rows for number in (row.validation_accuracy, row.seconds)]
    told += [number for row in rows if row.number for number in (row.loss, row.train_accuracy, row.learning_rate)]
    shares = [share for row in rows for share in (row.train_accuracy, row.validation_accuracy)]
    return (
        numbers == sorted({number for number in numbers if number >= 0})
        and all(map(math.isfinite, told))
        and all(row.seconds >= 0 for row in rows)
        and all(math.isnan(share) or 0 <= share <= 1 for share in shares)
    )
