"""Run a job serially, in threads, in processes or on a cluster, by one loop for all that run tasks in parallel.

Only a few tasks are in flight at a time, so the memory of this process and of a scheduler does not grow with the job.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from typing import Any

from pipeline.engine.errors import PipelineError
from pipeline.engine.threads import count_cores, single_threaded_blas
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job, Results, Workers

IN_FLIGHT = 3  # tasks per worker thread, so that none is idle, and drops the shared data meanwhile
MAX_AHEAD = 6  # tasks per worker thread that an ordered job starts beyond its first unfinished one
POLL_INTERVAL = 0.5  # seconds, after which a signal or the loss of the cluster is noticed at the latest


def iterate_job(job: Job, backend: Backend) -> Results:
    """Run all tasks of the job; yield the index and result of each, in the order of the tasks only if `job.ordered`.

    Close the generator to stop the tasks that have not begun. Raises what a task raises; JobInterruptedError if all
    workers are lost; PipelineError if the backend is unavailable.
    """
    if backend.scheduler == "sync":
        with single_threaded_blas():
            for index, task in enumerate(job.tasks):
                yield index, job.function(job.shared, task)
        return
    start = _start_threads if backend.scheduler == "threads" else _import_cluster()
    with start(job, backend) as workers, contextlib.closing(_run(job, workers)) as results:
        yield from _reorder(results) if job.ordered else results


def _run(job: Job, workers: Workers) -> Results:
    tasks = enumerate(job.tasks)
    in_flight: dict[Future[Any], int] = {}  # indices of the tasks
    started = 0
    while True:
        threads = workers.count()
        room = IN_FLIGHT * threads - len(in_flight)
        if job.ordered:
            room = min(room, min(in_flight.values(), default=started) + MAX_AHEAD * threads - started)
        for started, task in itertools.islice(tasks, max(room, 0)):
            in_flight[workers.submit(task)] = started
        if not in_flight:
            return
        # With a timeout, since Python handles signals only between bytecodes of the main thread.
        for future in wait(in_flight, POLL_INTERVAL, FIRST_COMPLETED).done:
            yield in_flight.pop(future), workers.result(future)


def _reorder(results: Results) -> Results:
    """Yield the results in the order of their indices."""
    waiting: dict[int, Any] = {}
    turn = 0
    for index, result in results:
        waiting[index] = result
        while turn in waiting:
            yield turn, waiting.pop(turn)
            turn += 1


@contextlib.contextmanager
def _start_threads(job: Job, backend: Backend) -> Iterator[Workers]:
    workers = backend.workers or count_cores()
    pool = ThreadPoolExecutor(workers)
    try:
        with single_threaded_blas():
            yield Workers(lambda task: pool.submit(job.function, job.shared, task), Future.result, lambda: workers)
    finally:
        pool.shutdown(cancel_futures=True)


def _import_cluster() -> Callable[[Job, Backend], AbstractContextManager[Workers]]:
    """Import Dask, which takes half a second and reads its configuration."""
    try:
        from pipeline.scheduling.cluster import connect
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        problem = f"Dask cannot read its configuration ({type(error).__name__}: {error})"
        raise PipelineError(f"{problem}: correct its files (~/.config/dask) and variables (DASK_...)") from error
    return connect
