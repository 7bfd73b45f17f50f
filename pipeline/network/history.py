"""The story of a training run: one row an epoch."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One pass over the training examples; number 0 is the network before the first.

    cost, train_accuracy: over the images as they were met, so the network was still learning; NaN for number 0.
    validation_accuracy: after the pass. learning_rate: of its last step. seconds: of training alone.
    """

    number: int
    cost: float
    train_accuracy: float
    validation_accuracy: float
    learning_rate: float
    seconds: float


def write_history(path: Path, members: Sequence[Sequence[Row]]) -> None:
    """Write the rows of each member as CSV; accuracies are shares in [0, 1], seconds are of training alone."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["member", "epoch", "cost", "train_accuracy", "validation_accuracy", "learning_rate", "seconds"]
        )
        for member, history in enumerate(members, start=1):
            for row in history:
                writer.writerow(
                    [
                        member,
                        row.number,
                        f"{row.cost:.6g}",
                        f"{row.train_accuracy:.6f}",
                        f"{row.validation_accuracy:.6f}",
                        f"{row.learning_rate:g}",
                        f"{row.seconds:.3f}",
                    ]
                )
