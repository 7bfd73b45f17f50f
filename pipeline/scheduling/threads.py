"""Jobs in threads of this process, by Dask's threaded scheduler."""

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

from pipeline.engine.cores import count_cores, single_threaded_blas
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import CutOffError, Job

LAST = 10**12 - 1  # counted down from here, since of equals Dask begins with the last name
BATCH = 32  # tasks for each thread that Dask is given at a time
WAKING = 0.5  # seconds between two moments at which a signal is heard


def run_in_threads(job: Job, backend: Backend) -> None:
    """Do all tasks of the job by as many threads as the backend has workers. Raises what a task raises.

    Dask's wait has no timeout, and Python handles signals only between bytecodes of the main thread. So another thread
    waits in Dask, and this one wakes every WAKING seconds.
    """
    workers = backend.workers or count_cores()
    results: queue.SimpleQueue[tuple[int, Any] | None] = queue.SimpleQueue()
    over = threading.Event()

    def tell(message: Any) -> None:
        if over.is_set():  # the only moment at which a thread can be stopped
            raise CutOffError("the job was cancelled")
        job.on_message(message)

    def work(number: int, task: Any) -> None:
        results.put((number, job.function(job.shared, task, tell)))

    numbered = enumerate(job.tasks)
    waiting, pool = ThreadPoolExecutor(1), ThreadPoolExecutor(workers)
    try:
        with single_threaded_blas():
            while batch := list(itertools.islice(numbered, BATCH * workers)):
                tasks = [
                    delayed(functools.partial(work, *task), traverse=False)(dask_key_name=f"task-{LAST - task[0]}")
                    for task in batch
                ]
                done: Future[Any] = waiting.submit(compute, *tasks, scheduler=get, pool=pool, chunksize=1)
                done.add_done_callback(lambda done: results.put(None))
                while result := _get(results):
                    job.on_result(*result)
                done.result()
    finally:
        over.set()
        pool.shutdown(cancel_futures=True)
        waiting.shutdown()


def _get(results: "queue.SimpleQueue[tuple[int, Any] | None]") -> tuple[int, Any] | None:
    while True:
        with contextlib.suppress(queue.Empty):
            return results.get(timeout=WAKING)
