"""Many images in blocks, to which a model predictions in parallel, here or on other machines.

A task is told where a block lies, not what is in it, so that next to nothing travels; it opens the file itself. Where
the workers do not see the file, the images go along. Which scheduler runs the tasks, with how many workers and on
blocks of which size, changes nothing in the predictions.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import Rows, read_rows
from pipeline.engine.errors import PipelineError
from pipeline.model.files import Model
from pipeline.model.prediction import predict
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job, Tell
from pipeline.scheduling.run import run_job

Interval = tuple[int, int]  # of rows, from the first to before the last


# What all blocks are asked: whether it is for the labels alone, uint8 (n,), or for the probabilities, float32 (n, c).
Request = tuple[Model, bool]


@dataclass(frozen=True)
class Block:
    """Images start to stop of a file. first: which number the file's first image has among those of all files.

    signature: of the file, as it is for whoever asks. images: what is there, if it is shipped.
    """

    rows: Rows
    signature: Interval
    start: int
    stop: int
    first: int
    images: NDArray[Any] | None = None


def signature(path: Path) -> Interval:
    """Size in bytes and time of the last change, in nanoseconds: of another file one of them is another."""
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


def check_signature(path: Path, expected: Interval) -> None:
    """Raise PipelineError if the file has another signature."""
    if signature(path) != expected:
        raise PipelineError(f"{path} is another file by now, or elsewhere: begin again when nobody writes it")


def cut(files: Sequence[Rows], size: int, done: Iterable[Interval] = ()) -> Iterator[Block]:
    """Blocks of at most `size` images, of one file each: all images but those that are done.

    done: from the number of an image among those of all files, to before another.
    """
    first = 0
    missing = list(gaps(done, sum(map(len, files))))
    signatures = [signature(rows.path) for rows in files]  # of all of them now, and not when their turn comes
    for relative, facts in zip(files, signatures, strict=True):
        rows = replace(relative, path=relative.path.absolute())  # for workers with another working folder
        for begin, end in missing:
            stop = min(end - first, len(rows))
            for start in range(max(begin - first, 0), stop, size):
                yield Block(rows, facts, start, min(start + size, stop), first)
        first += len(rows)


def gaps(done: Iterable[Interval], end: int) -> Iterator[Interval]:
    """What lies from 0 to before `end` in none of the intervals, which may overlap."""
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

    Raises PipelineError if a file is not there, is another by now or ends too early, or an answer is no number, and
    what `run_job` raises.
    """
    tasks = (replace(block, images=_load(block)) for block in blocks) if backend.ship else blocks
    run_job(
        Job(predict_block, request, tasks, lambda number, predicted: on_predictions(*predicted), report=report), backend
    )


def predict_block(request: Request, block: Block, tell: Tell) -> tuple[int, NDArray[Any]]:
    """One task: the number of the block's first image, and the predictions."""
    model, labels_only = request
    images = _load(block) if block.images is None else block.images
    probabilities = predict(model, images, block.start)
    if not np.isfinite(probabilities).all():
        raise PipelineError(f"the model has no finite answer to some images of {block.rows.path}: make both again")
    predictions = probabilities.argmax(axis=1).astype(np.uint8) if labels_only else probabilities
    return block.first + block.start, predictions


def _load(block: Block) -> NDArray[Any]:
    check_signature(block.rows.path, block.signature)
    images = read_rows(block.rows, block.start, block.stop)
    check_signature(block.rows.path, block.signature)  # else somebody may have written it meanwhile
    return images
