"""The story of a training run: one row an epoch."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.engine.errors import PipelineError

COLUMNS = ["member", "epoch", "cost", "train_accuracy", "validation_accuracy", "learning_rate", "seconds"]


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
        writer.writerow(COLUMNS)
        for member, history in enumerate(members, start=1):
            for row in history:
                writer.writerow(_spell(member, row))


def _spell(member: int, row: Row) -> list[str]:
    """The cells of a row."""
    return [
        str(member),
        str(row.number),
        f"{row.cost:.6g}",
        f"{row.train_accuracy:.6f}",
        f"{row.validation_accuracy:.6f}",
        f"{row.learning_rate:g}",
        f"{row.seconds:.3f}",
    ]


def read_history(path: Path) -> list[list[Row]]:
    """The rows of each member, at least one, as `write_history` wrote them.

    Raises PipelineError if the file is missing, damaged, or out of order.
    """
    members: list[list[Row]] = []
    line = 1
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.reader(file, strict=True)
            if next(reader, None) != COLUMNS:
                raise ValueError
            for cells in reader:
                line = reader.line_num
                member, number, *values = cells
                row = Row(int(number), *map(float, values))
                if int(member) == len(members) + 1:
                    members.append([])
                last = members[-1][-1].number if members and members[-1] else -1
                follows = 0 < int(member) == len(members) and row.number > last
                # Python takes 1_0 for a number as well; here each is spelt in one way
                if not (follows and is_sound(row) and cells == _spell(len(members), row)):
                    raise ValueError
                members[-1].append(row)
        if not members:
            raise ValueError
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run the stage train again (make train)") from None
    except (ValueError, TypeError, csv.Error):
        raise PipelineError(f"{path}, line {line} is damaged: run the stage train again (make train)") from None
    return members


def is_sound(row: Row) -> bool:
    """Whether its numbers can be those of an epoch."""
    untold = (row.cost, row.train_accuracy, row.learning_rate)  # of a network that has not learned yet
    told = (row.validation_accuracy, row.seconds, *(() if row.number == 0 else untold))
    return (
        all(map(math.isfinite, told))
        and row.seconds >= 0
        and all(math.isnan(share) or 0 <= share <= 1 for share in (row.train_accuracy, row.validation_accuracy))
    )
