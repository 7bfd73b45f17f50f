"""Predict many images in blocks, in parallel, on one or several machines.

A task contains the position of a block in a file, and the images themselves only if the workers cannot read the file.
The predictions are bit-identical for any backend and block size.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import Rows, read_rows
from pipeline.engine.errors import PipelineError
from pipeline.model.model import Model
from pipeline.model.prediction import predict
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job, Send
from pipeline.scheduling.run import run_job

Interval = tuple[int, int]  # start and stop of a range of rows
Signature = tuple[int, int]  # size in bytes and modification time in nanoseconds of a file
Request = tuple[Model, bool]  # whether to return only labels, uint8 (n,), or probabilities, float32 (n, c)


@dataclass(frozen=True)
class Block:
    """Images start to stop of a file. first: index of the file's first image among the images of all files.

    signature: the file's signature when the run started. images: those of the block if they are sent with it.
    """

    rows: Rows
    signature: Signature
    start: int
    stop: int
    first: int
    images: NDArray[Any] | None = None


def signature(path: Path) -> Signature:
    """Return the size and modification time of a file; they differ when the file changes."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def split_blocks(files: Sequence[Rows], size: int, done: Iterable[Interval] = ()) -> Iterator[Block]:
    """Yield blocks of at most `size` images, each within one file, without the indices in `done`."""
    first = 0
    missing = list(find_gaps(done, sum(map(len, files))))
    signatures = [signature(rows.path) for rows in files]  # before the first block, not when a file is reached
    for relative, expected in zip(files, signatures, strict=True):
        rows = replace(relative, path=relative.path.absolute())  # workers may have other working directories
        for begin, end in missing:
            stop = min(end - first, len(rows))
            for start in range(max(begin - first, 0), stop, size):
                yield Block(rows, expected, start, min(start + size, stop), first)
        first += len(rows)


def find_gaps(done: Iterable[Interval], end: int) -> Iterator[Interval]:
    """Yield the parts of (0, end) that no interval covers."""
    begin = 0
    for start, stop in [*sorted(done), (end, end)]:
        if begin < start:
            yield begin, start
        begin = max(begin, stop)


def predict_blocks(
    request: Request,
    blocks: Iterable[Block],
    on_predictions: Callable[[int, NDArray[Any]], object],
    backend: Backend,
    report: Callable[[str], object] = lambda line: None,
) -> None:
    """Predict all blocks; call `on_predictions` with the index of the first image of each block and its predictions.

    Raises PipelineError for missing or changed files and predictions that are not finite, and what `run_job` raises.
    """
    tasks = (replace(block, images=_load_images(block)) for block in blocks) if backend.send_data else blocks
    run_job(
        Job(predict_block, request, tasks, lambda number, predicted: on_predictions(*predicted), report=report), backend
    )


def predict_block(request: Request, block: Block, send: Send) -> tuple[int, NDArray[Any]]:
    """Run one task: return the index of the block's first image among all images, and the predictions."""
    model, labels_only = request
    images = _load_images(block) if block.images is None else block.images
    probabilities = predict(model, images, block.start)
    if not np.isfinite(probabilities).all():
        raise PipelineError(f"predictions for {block.rows.path} are not finite: recreate the model and the images")
    predictions = probabilities.argmax(axis=1).astype(np.uint8) if labels_only else probabilities
    return block.first + block.start, predictions


def _load_images(block: Block) -> NDArray[Any]:
    images = read_rows(block.rows, block.start, block.stop)
    if signature(block.rows.path) != block.signature:  # also if it changed while it was read
        raise PipelineError(f"{block.rows.path} changed during the run: retry when nothing writes to it")
    return images
