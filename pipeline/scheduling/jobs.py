"""A job: one function, applied to many tasks, serially, in threads, in processes or on a cluster.

Only a few tasks are in flight at a time, so the memory of this process and of a scheduler does not grow with the job.
"""

import contextlib
import itertools
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from pipeline.engine.errors import PipelineError
from pipeline.engine.threads import count_cores, single_threaded_blas
from pipeline.scheduling.backends import Backend

IN_FLIGHT = 4  # tasks per worker thread, so that none is idle, and drops the shared data meanwhile
MAX_AHEAD = 8  # tasks per worker thread that an ordered job starts beyond its first unfinished one
POLL_INTERVAL = 0.5  # seconds, after which a signal or the loss of the cluster is noticed at the latest

Send = Callable[[Any], object]
Results = Generator[tuple[int, Any], None, None]  # index of a task, from 0, and its result


class JobInterruptedError(PipelineError):
    """The job was cancelled, or lost its scheduler or workers. Finished tasks are kept; the same command can resume."""

    resumable = True


@dataclass(frozen=True)
class Job:
    """A function and its tasks.

    function: a module-level function, so that workers can import it; called as function(shared, task, send).

    shared: data that all tasks need, sent once to each worker. tasks: consumed lazily. on_result: called by `run_job`
    with the index of a task, from 0, and its result, as soon as it is available, in the thread that runs the job.
    on_message: called in any thread with each message, JSON-like data, that a running task passes to `send`. report:
    called with lines for the user. ordered: whether the results are needed in the order of the tasks; then few tasks
    are started long before the first unfinished one, so that few results wait for their turn.
    """

    function: Callable[[Any, Any, Send], Any]
    shared: Any
    tasks: Iterable[Any]
    on_result: Callable[[int, Any], object] = lambda index, result: None
    on_message: Send = lambda message: None
    report: Callable[[str], object] = lambda line: None
    ordered: bool = False


@dataclass(frozen=True)
class Workers:
    """Workers that run the tasks of a job.

    submit: starts a task. result: returns the result of a finished one, or raises. count: returns the number of worker
    threads; raises JobInterruptedError if they are lost.
    """

    submit: Callable[[Any], Future[Any]]
    result: Callable[[Future[Any]], Any]
    count: Callable[[], int]


def run_job(job: Job, backend: Backend) -> None:
    """Run all tasks of the job; call `job.on_result` with the result of each. Raises what `iterate_job` raises."""
    with contextlib.closing(iterate_job(job, backend)) as results:
        for index, result in results:
            job.on_result(index, result)


def iterate_job(job: Job, backend: Backend) -> Results:
    """Run all tasks of the job; yield the index and result of each, in the order of the tasks only if `job.ordered`.

    Close the generator to stop the tasks that have not begun. Raises what a task raises; JobInterruptedError if all
    workers are lost; PipelineError if the backend is unavailable.
    """
    if backend.scheduler == "sync":
        with single_threaded_blas():
            for index, task in enumerate(job.tasks):
                yield index, job.function(job.shared, task, job.on_message)
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
    cancelled = threading.Event()

    def send(message: Any) -> None:
        if cancelled.is_set():  # a thread can be stopped only here
            raise JobInterruptedError("the job was cancelled")
        job.on_message(message)

    workers = backend.workers or count_cores()
    pool = ThreadPoolExecutor(workers)
    try:
        with single_threaded_blas():
            yield Workers(
                lambda task: pool.submit(job.function, job.shared, task, send), Future.result, lambda: workers
            )
    finally:
        cancelled.set()
        pool.shutdown(cancel_futures=True)


def _import_cluster() -> Callable[[Job, Backend], AbstractContextManager[Workers]]:
    """Import Dask, which takes half a second and reads its configuration."""
    try:
        from pipeline.scheduling.cluster import connect
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        problem = f"Dask cannot read its configuration ({type(error).__name__}: {error})"
        raise PipelineError(f"{problem}: correct its files (~/.config/dask) and variables (DASK_...)") from error
    return connect
