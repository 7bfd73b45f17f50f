"""The test set in blocks, evaluated in parallel. The only module that knows Dask.

A task is told where a block lies, not what is in it, so that next to nothing travels; it opens the files itself.
Which scheduler runs the tasks, with how many workers and on blocks of which size, changes nothing in the result.
"""

import functools
import itertools
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import dask
import numpy as np
from dask.base import compute
from dask.callbacks import Callback
from dask.delayed import delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.data.labels import load_labels
from pipeline.engine.arrays import load_array
from pipeline.engine.errors import PipelineError
from pipeline.evaluation.metrics import count_confusion
from pipeline.network.model import Model, load_model
from pipeline.network.prediction import predict

SchedulerName = Literal["threads", "processes", "sync"]

_evaluations = itertools.count()  # tells a worker which evaluation a task belongs to


@dataclass(frozen=True)
class Result:
    """probabilities: float32 (n, c). confusion: int64 (c, c), rows are the truth."""

    probabilities: NDArray[np.float32]
    confusion: NDArray[np.int64]


def evaluate_blocks(
    images: Path,
    labels: Path,
    model: Path,
    *,
    scheduler: SchedulerName = "threads",
    workers: int | None = None,
    block_size: int = 1000,
    advance: Callable[[int], object] = lambda images: None,
) -> Result:
    """Recognise the standardised images of one .npy file with the model in a folder, and count.

    workers: as many as the machine has cores by default. advance: is told of each block that is done how many images
    it has. Raises PipelineError if a file is missing, damaged or does not fit the others.
    """
    network = load_model(model)
    total = len(load_array(images, np.float32, (None, *network.image_shape)))
    load_labels(labels, total, len(network.class_names))
    place = (images.resolve(), labels.resolve(), model.resolve(), next(_evaluations))
    tasks = [
        delayed(_evaluate_block, pure=False)(*place, start, min(start + block_size, total))
        for start in range(0, total, block_size)
    ]

    def count(key: object, result: object, *state: object) -> None:
        if isinstance(result, Result):
            advance(len(result.probabilities))

    with Callback(posttask=count):  # which Dask calls in the thread that waits for the blocks
        parts = _compute(tasks, scheduler, workers or os.cpu_count() or 1)
    probabilities = np.concatenate([part.probabilities for part in parts])
    if not np.isfinite(probabilities).all():
        raise PipelineError(f"the model in {model} has no finite answer to some of {images}: make both again")
    return Result(probabilities, np.sum([part.confusion for part in parts], axis=0))


def _compute(tasks: list[Any], scheduler: SchedulerName, workers: int) -> tuple[Result, ...]:
    """The results of the tasks, in their order."""
    parts: tuple[Result, ...]
    if scheduler == "processes":
        # "spawn": a forked child would inherit BLAS's threads in an unusable state
        pool = ProcessPoolExecutor(workers, get_context("spawn"), _prepare_worker)
        try:
            with dask.config.set(pool=pool):
                parts = compute(*tasks, scheduler="processes", chunksize=1)  # else six blocks share a worker
        except BrokenProcessPool:
            raise PipelineError("a worker process has died, of too little memory perhaps: try fewer workers") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # also when somebody interrupts
    else:
        with threadpool_limits(1, "blas"):
            parts = compute(*tasks, scheduler=scheduler, num_workers=workers)
    return parts


def _evaluate_block(images: Path, labels: Path, model: Path, evaluation: int, start: int, stop: int) -> Result:
    """One task: the forward pass over the images start to stop, and the counts."""
    network = _open_model(model, evaluation)
    block = load_array(images, np.float32, (None, *network.image_shape))[start:stop]
    truth = load_array(labels, np.uint8, (None,))[start:stop]
    probabilities = predict(network, block, start)
    said = probabilities.argmax(axis=1).astype(np.uint8)
    return Result(probabilities, count_confusion(truth, said, len(network.class_names)))


@functools.lru_cache(maxsize=1)
def _open_model(folder: Path, evaluation: int) -> Model:
    """The model, which a worker opens once in an evaluation; in the next there may be another in the folder."""
    return load_model(folder)


def _prepare_worker() -> None:
    """One thread for BLAS, since the workers are the parallelism; and Ctrl-C is for the process that has them."""
    threadpool_limits(1, "blas")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
