"""Predict many images in blocks, in parallel; a resumed run into files does not repeat a finished block.

A task carries the images of its block, so workers need no shared folder. The predictions are bit-identical for any
scheduler and block size.
"""

import contextlib
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import (
    ArrayError,
    ArrayFile,
    create_array_file,
    open_array_file,
    read_entries,
    write_entries,
)
from pipeline.engine.digests import file_stamp
from pipeline.engine.errors import PipelineError
from pipeline.engine.resume_log import append_entry, new_log, read_log
from pipeline.model.model import Model
from pipeline.model.prediction import predict
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import iterate_job
from pipeline.scheduling.jobs import Job

PREDICTIONS, PROBABILITIES = "predictions.npy", "probabilities.npy"


@dataclass(frozen=True)
class PredictionFiles:
    """The output files of predictions. files: PREDICTIONS, uint8 (n,), PROBABILITIES, float32 (n, c), or both, by name.

    done: number of entries, the first ones, that were finished when the files were opened.
    """

    folder: Path
    files: Mapping[str, ArrayFile]
    done: int = 0


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive images of a file. first: index of the first one in the file. path: the file, for messages."""

    path: str
    first: int
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
        if (entries := read_log(folder, key)) is not None:
            files = {name: open_array_file(folder / f".{name}", *formats[name]) for name in names}
            return PredictionFiles(folder, files, index(entries[-1]) if entries else 0)
    with new_log(folder, key):
        files = {name: create_array_file(folder / f".{name}", *formats[name]) for name in names}
    return PredictionFiles(folder, files)


def predict_missing(
    predictions: PredictionFiles,
    model: Model,
    images: Sequence[ArrayFile],
    block_size: int,
    backend: Backend,
    advance: Callable[[int], object] = lambda images: None,
) -> None:
    """Predict all images that are not done, and write the predictions. Arguments and errors: see `predict_blocks`.

    advance: called with the number of images in each block that is written.
    """
    done = predictions.done
    with contextlib.closing(predict_blocks(model, images, block_size, backend, done)) as blocks:
        for probabilities in blocks:
            found = {PREDICTIONS: probabilities.argmax(axis=1).astype(np.uint8), PROBABILITIES: probabilities}
            for name, array in predictions.files.items():
                write_entries(array, done, found[name])
            done += len(probabilities)
            append_entry(predictions.folder, done)
            advance(len(probabilities))


def predict_blocks(
    model: Model,
    images: Sequence[ArrayFile],
    block_size: int,
    backend: Backend,
    done: int = 0,
) -> Generator[NDArray[np.float32]]:
    """Yield the probabilities (n, c) of images, block by block in order.

    images: consecutive files of raw images, uint8 (n, h, w), of which the first `done` are left out. Raises
    PipelineError for files that are missing or change, or predictions that are not finite, and what `iterate_job`
    raises.
    """
    job = Job(predict_block, model, load_blocks(images, block_size, done), ordered=True)
    with contextlib.closing(iterate_job(job, backend)) as results:
        for _, probabilities in results:
            yield probabilities


def predict_block(model: Model, block: Block) -> NDArray[np.float32]:
    """Return the probabilities of a block, (n, classes). Raises PipelineError if one is not finite."""
    probabilities = predict(model, block.images, block.first)
    if not np.isfinite(probabilities).all():
        raise PipelineError(f"predictions for {block.path} are not finite: train the model again, or check the images")
    return probabilities


def load_blocks(files: Sequence[ArrayFile], size: int, done: int) -> Iterator[Block]:
    """Yield blocks of at most `size` images, each of one file, without the first `done` images.

    Raises PipelineError if a file has changed since the first block was read.
    """
    before = [file_stamp(array.path) for array in files]  # before the first block, not when a file is reached
    for array, expected in zip(files, before, strict=True):
        for first in range(min(done, len(array)), len(array), size):
            images = read_entries(array, first, min(first + size, len(array)))
            if file_stamp(array.path) != expected:  # also if it changed while it was read
                raise PipelineError(f"{array.path} changed during the run: retry when nothing writes to it")
            yield Block(str(array.path), first, images)
        done = max(done - len(array), 0)
