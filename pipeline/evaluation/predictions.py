"""Predictions in files that are filled block by block; an interrupted run repeats no finished block.

A journal tells which blocks are in the files; until there is one, nothing is worth keeping. A line is added to it after
the block was written, with a checksum, so that neither a kill at any moment nor a power failure, which may lose either,
passes off as done what is not.
"""

import contextlib
import json
import os
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import ArrayError, Rows, create_rows, open_rows, read_rows, write_rows
from pipeline.evaluation.blocks import Interval, cut, gaps, predict_blocks
from pipeline.model.files import Model
from pipeline.scheduling.backends import Backend

JOURNAL = "journal"
PREDICTIONS, PROBABILITIES = "predictions.npy", "probabilities.npy"


@dataclass(frozen=True)
class PredictionFiles:
    """files: by name, PREDICTIONS, uint8 (n,), or PROBABILITIES, float32 (n, c), or both.

    done: the rows that were in them when they were opened. head: the first line of the journal.
    """

    journal: Path
    head: str
    files: Mapping[str, Rows]
    done: Sequence[Interval]

    @property
    def count(self) -> int:
        """How many rows were there, of which one may be in several lines of the journal."""
        total = min(map(len, self.files.values()))
        return total - sum(stop - start for start, stop in gaps(self.done, total))


def open_predictions(folder: Path, names: Collection[str], total: int, classes: int, purpose: Any) -> PredictionFiles:
    """The files of these names for the predictions to `total` images, in a folder, which is made where it is not there.

    They are new unless those there have the same purpose: all that decides the predictions, in terms of JSON. Raises
    OSError if there is no room for them.
    """
    kinds: dict[str, tuple[type, tuple[int, ...]]] = {
        PREDICTIONS: (np.uint8, (total,)),
        PROBABILITIES: (np.float32, (total, classes)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    journal = folder / JOURNAL
    head = json.dumps([purpose, list(names), total, classes])
    with contextlib.suppress(OSError, ArrayError, ValueError):
        first, *lines, torn = journal.read_text(encoding="utf-8").split("\n")
        if first == head:
            files = {name: open_rows(folder / f".{name}", *kinds[name]) for name in names}
            predictions = PredictionFiles(journal, head, files, _check(files, lines))
            os.truncate(journal, journal.stat().st_size - len(torn.encode()))  # for the next line to be one
            return predictions
    journal.unlink(missing_ok=True)
    files = {name: create_rows(folder / f".{name}", *kinds[name]) for name in names}
    return PredictionFiles(journal, head, files, [])


def fill(
    predictions: PredictionFiles,
    model: Model,
    images: Sequence[Rows],
    block_size: int,
    backend: Backend,
    advance: Callable[[int], object] = lambda images: None,
    report: Callable[[str], object] = lambda line: None,
) -> None:
    """Let the model answer to all images, of one file after the other, that are not done; a few blocks are in memory.

    images: rows of raw images, uint8 (n, h, w), or standardised ones, float32. advance: is told of each block that is
    done how many images it has. Raises what `predict_blocks` raises.
    """
    labels_only = PROBABILITIES not in predictions.files

    def add(start: int, predicted: NDArray[Any]) -> None:
        labels = predicted if labels_only else predicted.argmax(axis=1).astype(np.uint8)
        blocks = {name: labels if name == PREDICTIONS else predicted for name in predictions.files}
        for name, rows in predictions.files.items():
            write_rows(rows, start, blocks[name])
        with open(predictions.journal, "ab") as file:
            head = "" if file.seek(0, os.SEEK_END) else f"{predictions.head}\n"
            file.write(f"{head}{start} {start + len(labels)} {_checksum(blocks)}\n".encode())
        advance(len(labels))

    predict_blocks((model, labels_only), cut(images, block_size, predictions.done), add, backend, report)


def _check(files: Mapping[str, Rows], lines: Sequence[str]) -> list[Interval]:
    """The intervals of a journal's lines whose rows are in the files."""
    found = []
    total = min(map(len, files.values()))
    for line in lines:
        start, stop, checksum = map(int, line.split())
        if 0 <= start < stop <= total:
            blocks = {name: read_rows(rows, start, stop) for name, rows in files.items()}
            if _checksum(blocks) == checksum:
                found.append((start, stop))
    return found


def _checksum(blocks: Mapping[str, NDArray[Any]]) -> int:
    checksum = 0
    for block in blocks.values():
        checksum = zlib.crc32(np.ascontiguousarray(block).reshape(-1).view(np.uint8).data, checksum)
    return checksum
