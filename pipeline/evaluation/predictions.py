"""Predict many images in blocks, in parallel; a resumed run into files does not repeat a finished block.

A task carries the images of its block, so workers need no shared folder. The predictions are bit-identical for any
backend and block size.
"""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import ArrayError, Rows, create_rows, open_rows, read_rows, write_rows
from pipeline.engine.digests import signature
from pipeline.engine.errors import PipelineError
from pipeline.model.model import Model
from pipeline.model.prediction import predict
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import iterate_job
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.journal import append_entry, new_journal, read_journal

PREDICTIONS, PROBABILITIES = "predictions.npy", "probabilities.npy"

Interval = tuple[int, int]  # start and stop of a range of rows


@dataclass(frozen=True)
class PredictionFiles:
    """Output files of predictions. files: PREDICTIONS, uint8 (n,), or PROBABILITIES, float32 (n, c), or both, by name.

    done: intervals of rows that were finished when the files were opened.
    """

    folder: Path
    files: Mapping[str, Rows]
    done: Sequence[Interval]

    @property
    def done_count(self) -> int:
        """Number of rows that were finished."""
        return sum(stop - start for start, stop in self.done)


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive images of a file. first: index of the first one in the file, and `at` among the images of all files.

    path: the file, for messages.
    """

    path: str
    first: int
    at: int
    images: NDArray[Any]


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
    key = [key, list(names), total, classes]
    with contextlib.suppress(OSError, ArrayError, ValueError, TypeError):
        if (entries := read_journal(folder, key)) is not None:
            files = {name: open_rows(folder / f".{name}", *formats[name]) for name in names}
            return PredictionFiles(folder, files, [(index(start), index(stop)) for start, stop in entries])
    with new_journal(folder, key):
        files = {name: create_rows(folder / f".{name}", *formats[name]) for name in names}
    return PredictionFiles(folder, files, [])


def predict_missing(
    predictions: PredictionFiles,
    model: Model,
    images: Sequence[Rows],
    block_size: int,
    backend: Backend,
    advance: Callable[[int], object] = lambda images: None,
) -> None:
    """Predict all images that are not done, a few blocks at a time, and write the predictions.

    images: consecutive files of raw images, uint8 (n, h, w), or standardised ones, float32. advance: called with the
    number of images in each finished block. Raises PipelineError for files that are missing or change, and for
    predictions that are not finite, and what `iterate_job` raises.
    """
    job = Job(predict_block, model, read_missing(images, block_size, predictions.done))
    with contextlib.closing(iterate_job(job, backend)) as results:
        for _, (start, probabilities) in results:
            found = {PREDICTIONS: probabilities.argmax(axis=1).astype(np.uint8), PROBABILITIES: probabilities}
            for name, rows in predictions.files.items():
                write_rows(rows, start, found[name])
            append_entry(predictions.folder, [start, start + len(probabilities)])
            advance(len(probabilities))


def predict_all(
    model: Model,
    images: Rows,
    block_size: int,
    backend: Backend,
    advance: Callable[[int], object] = lambda images: None,
) -> NDArray[np.float32]:
    """Return the probabilities (n, c) of all images of a file. Arguments and errors are those of `predict_missing`."""
    found = np.empty((len(images), len(model.class_names)), np.float32)
    job = Job(predict_block, model, read_missing([images], block_size))
    with contextlib.closing(iterate_job(job, backend)) as results:
        for _, (start, probabilities) in results:
            found[start : start + len(probabilities)] = probabilities
            advance(len(probabilities))
    return found


def predict_block(model: Model, block: Block) -> tuple[int, NDArray[np.float32]]:
    """Run one task: return the index of the block's first image among all images, and the probabilities, (n, c)."""
    probabilities = predict(model, block.images, block.first)
    if not np.isfinite(probabilities).all():
        raise PipelineError(f"predictions for {block.path} are not finite: train the model again, or check the images")
    return block.at, probabilities


def read_missing(files: Sequence[Rows], size: int, done: Iterable[Interval] = ()) -> Iterator[Block]:
    """Yield blocks of at most `size` images, each of one file, without the images whose indices are in `done`.

    Raises PipelineError if a file has changed since the first block was read.
    """
    at = 0
    missing = list(find_gaps(done, sum(map(len, files))))
    before = [signature(rows.path) for rows in files]  # before the first block, not when a file is reached
    for rows, expected in zip(files, before, strict=True):
        for begin, end in missing:
            stop = min(end - at, len(rows))
            for first in range(max(begin - at, 0), stop, size):
                images = read_rows(rows, first, min(first + size, stop))
                if signature(rows.path) != expected:  # also if it changed while it was read
                    raise PipelineError(f"{rows.path} changed during the run: retry when nothing writes to it")
                yield Block(str(rows.path), first, at + first, images)
        at += len(rows)


def find_gaps(done: Iterable[Interval], end: int) -> Iterator[Interval]:
    """Yield the parts of (0, end) that no interval covers."""
    begin = 0
    for start, stop in [*sorted(done), (end, end)]:
        if begin < start:
            yield begin, start
        begin = max(begin, stop)
