"""Write predictions to files block by block; a resumed run does not repeat a finished block.

A journal lists the finished blocks. The line of a block is appended after the block is on the disk, so an unfinished
block never counts as finished.
"""

import contextlib
import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import ArrayError, Rows, create_rows, open_rows, write_rows
from pipeline.evaluation.blocks import Interval, predict_blocks, split_blocks
from pipeline.model.model import Model
from pipeline.scheduling.backends import Backend

JOURNAL = "journal"
PREDICTIONS, PROBABILITIES = "predictions.npy", "probabilities.npy"


@dataclass(frozen=True)
class PredictionFiles:
    """Output files of predictions. files: PREDICTIONS, uint8 (n,), or PROBABILITIES, float32 (n, c), or both, by name.

    done: intervals of rows that were finished when the files were opened.
    """

    journal: Path
    files: Mapping[str, Rows]
    done: Sequence[Interval]

    @property
    def done_count(self) -> int:
        """Number of rows that were finished."""
        return sum(stop - start for start, stop in self.done)


def open_predictions(folder: Path, names: Collection[str], total: int, classes: int, key: Any) -> PredictionFiles:
    """Open or create the files `names`, see PredictionFiles, for predictions of `total` images.

    key: JSON-like data with everything that influences the predictions. Existing files are reused only if their key is
    equal. Raises OSError if the disk is full.
    """
    formats: dict[str, tuple[type, tuple[int, ...]]] = {
        PREDICTIONS: (np.uint8, (total,)),
        PROBABILITIES: (np.float32, (total, classes)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    journal = folder / JOURNAL
    header = json.dumps([key, list(names), total, classes])
    with contextlib.suppress(OSError, ArrayError, ValueError):
        first, *lines, torn = journal.read_text(encoding="utf-8").split("\n")
        if first == header:
            files = {name: open_rows(folder / f".{name}", *formats[name]) for name in names}
            done = [(int(start), int(stop)) for start, stop in map(str.split, lines)]
            os.truncate(journal, journal.stat().st_size - len(torn.encode()))  # remove an incomplete last line
            return PredictionFiles(journal, files, done)
    journal.unlink(missing_ok=True)
    files = {name: create_rows(folder / f".{name}", *formats[name]) for name in names}
    journal.write_text(f"{header}\n", encoding="utf-8")
    return PredictionFiles(journal, files, [])


def predict_missing(
    predictions: PredictionFiles,
    model: Model,
    images: Sequence[Rows],
    block_size: int,
    backend: Backend,
    advance: Callable[[int], object] = lambda images: None,
    report: Callable[[str], object] = lambda line: None,
) -> None:
    """Predict all images that are not done, a few blocks at a time, and write the predictions.

    images: consecutive files of raw images, uint8 (n, h, w), or standardised ones, float32. advance: called with the
    number of images in each finished block. report: called with lines for the user. Raises what `predict_blocks`
    raises.
    """
    labels_only = PROBABILITIES not in predictions.files
    if predictions.done:
        report(f"resuming after {predictions.done_count:,} of {sum(map(len, images)):,} images")

    def write(start: int, predicted: NDArray[Any]) -> None:
        labels = predicted if labels_only else predicted.argmax(axis=1).astype(np.uint8)
        blocks = {name: labels if name == PREDICTIONS else predicted for name in predictions.files}
        for name, rows in predictions.files.items():
            write_rows(rows, start, blocks[name])
        with open(predictions.journal, "a", encoding="utf-8") as file:
            file.write(f"{start} {start + len(labels)}\n")
        advance(len(labels))

    predict_blocks((model, labels_only), split_blocks(images, block_size, predictions.done), write, backend, report)
