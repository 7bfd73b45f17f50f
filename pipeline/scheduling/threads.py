"""Run jobs in threads of this process with Dask's threaded scheduler."""

import contextlib
import functools
import itertools
import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from dask.base import compute
from dask.delayed import delayed
from dask.threaded import get

from pipeline.engine.threads import count_cores, single_threaded_blas
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job, JobInterruptedError, Results

LAST = 10**12 - 1  # keys count down from here: among equal priorities, Dask starts with the last key
TASKS_PER_THREAD = 32  # in each call of Dask
POLL_INTERVAL = 0.5  # seconds, after which a signal is handled at the latest


def run_in_threads(job: Job, backend: Backend) -> Results:
    """Run all tasks of the job in `backend.workers` threads; yield their results. Raises what a task raises.

    Dask's wait has no timeout, and Python handles signals only between bytecodes of the main thread. So another thread
    waits in Dask, and this one wakes every POLL_INTERVAL seconds.
    """
    workers = backend.workers or count_cores()
    results: queue.SimpleQueue[tuple[int, Any] | None] = queue.SimpleQueue()
    cancelled = threading.Event()

    def send(message: Any) -> None:
        if cancelled.is_set():  # a thread can be stopped only here
            raise JobInterruptedError("the job was cancelled")
        job.on_message(message)

    def run_task(index: int, task: Any) -> None:
        results.put((index, job.function(job.shared, task, send)))

    indexed = enumerate(job.tasks)
    waiter, pool = ThreadPoolExecutor(1), ThreadPoolExecutor(workers)
    try:
        with single_threaded_blas():
            while batch := list(itertools.islice(indexed, TASKS_PER_THREAD * workers)):
                tasks = [
                    delayed(functools.partial(run_task, *task), traverse=False)(dask_key_name=f"task-{LAST - task[0]}")
                    for task in batch
                ]
                done: Future[Any] = waiter.submit(compute, *tasks, scheduler=get, pool=pool, chunksize=1)
                done.add_done_callback(lambda done: results.put(None))
                while result := _get(results):
                    yield result
                done.result()
    finally:
        cancelled.set()
        pool.shutdown(cancel_futures=True)
        waiter.shutdown()


def _get(results: "queue.SimpleQueue[tuple[int, Any] | None]") -> tuple[int, Any] | None:
    while True:
        with contextlib.suppress(queue.Empty):
            return results.get(timeout=POLL_INTERVAL)
