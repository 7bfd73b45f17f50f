"""The story of a training run: one row an epoch."""

import csv
from collections.abc import Sequence
from pathlib import Path

from pipeline.network.training import Epoch


def write_history(path: Path, epochs: Sequence[Epoch]) -> None:
    """Write the epochs as CSV; accuracies are shares in [0, 1], seconds are of training alone."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["epoch", "cost", "train_accuracy", "validation_accuracy", "learning_rate", "seconds"])
        for epoch in epochs:
            writer.writerow(
                [
                    epoch.number,
                    f"{epoch.cost:.6g}",
                    f"{epoch.train_accuracy:.6f}",
                    f"{epoch.validation_accuracy:.6f}",
                    f"{epoch.learning_rate:g}",
                    f"{epoch.seconds:.3f}",
                ]
            )
