"""Write predictions to files block by block; a resumed run does not repeat a finished block.

A journal lists the finished blocks. The line of a block is appended after the block is written, and contains a
checksum. An unfinished block therefore never counts as finished, even after a power failure that loses one of the two
writes.
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
from pipeline.evaluation.blocks import Interval, find_gaps, predict_blocks, split_blocks
from pipeline.model.files import Model
from pipeline.scheduling.backends import Backend

JOURNAL = "journal"
PREDICTIONS, PROBABILITIES = "predictions.npy", "probabilities.npy"


@dataclass(frozen=True)
class PredictionFiles:
    """files: PREDICTIONS, uint8 (n,), or PROBABILITIES, float32 (n, c), or both, by name.

    done: intervals of rows that were finished when the files were opened. header: the first line of the journal.
    """

    journal: Path
    header: str
    files: Mapping[str, Rows]
    done: Sequence[Interval]

    @property
    def done_count(self) -> int:
        """Number of rows that were finished; the intervals in `done` may overlap."""
        total = min(map(len, self.files.values()))
        return total - sum(stop - start for start, stop in find_gaps(self.done, total))


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
            predictions = PredictionFiles(journal, header, files, _verify(files, lines))
            os.truncate(journal, journal.stat().st_size - len(torn.encode()))  # remove an incomplete last line
            return predictions
    journal.unlink(missing_ok=True)
    files = {name: create_rows(folder / f".{name}", *formats[name]) for name in names}
    return PredictionFiles(journal, header, files, [])


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
        with open(predictions.journal, "ab") as file:
            header = "" if file.seek(0, os.SEEK_END) else f"{predictions.header}\n"
            file.write(f"{header}{start} {start + len(labels)} {_checksum(blocks)}\n".encode())
        advance(len(labels))

    predict_blocks((model, labels_only), split_blocks(images, block_size, predictions.done), write, backend, report)


def _verify(files: Mapping[str, Rows], lines: Sequence[str]) -> list[Interval]:
    """Return the intervals in the journal whose rows in the files have the right checksum."""
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
