"""Run jobs on a Dask cluster; its workers may join and leave at any time.

Only a few tasks per worker are in flight at a time, so the memory of this process and of the scheduler does not grow
with the job. Dask repeats the tasks of a dead worker. This module adds timeouts and one-line errors.
"""

import contextlib
import itertools
import time
import uuid
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import Any

from distributed import Client, Future, KilledWorker, as_completed

from pipeline.engine.errors import PipelineError
from pipeline.engine.fingerprint import LIBRARY
from pipeline.scheduling import connection
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.connection import open_client
from pipeline.scheduling.jobs import Job, JobInterruptedError, Results
from pipeline.scheduling.worker import MESSAGE, JobContext, collect_versions, provide, run_task

MIN_IN_FLIGHT, MAX_IN_FLIGHT = 2, 4  # tasks per worker thread, so that no thread is idle
MAX_AHEAD = 64  # tasks per worker thread that an ordered job starts beyond its first unfinished one
RESULT_INTERVAL = 0.001  # seconds between two checks for results
RETRY = "start {} and run the same command again"


def run_on_cluster(job: Job, backend: Backend) -> Results:
    """Run all tasks of the job on the cluster at `backend`, or on a local one started for it; yield their results.

    Raises what a task raises; JobInterruptedError if the scheduler or all workers are lost; PipelineError if there is
    no scheduler or no worker, or if a worker has other versions.
    """
    with open_client(backend, job.report) as client:
        _require_program(client)
        yield from _run(client, job)


def _require_program(client: Client) -> None:
    """Raise PipelineError if a worker cannot import this program: a task would end the worker without a message."""
    found: dict[str, Any] = {}
    with contextlib.suppress(OSError):  # a worker is suspended or unreachable
        found = client.run(find_spec, LIBRARY, on_error="return", callback_timeout=connection.CONNECT_TIMEOUT)
    for address, spec in found.items():
        if not isinstance(spec, ModuleSpec):
            raise PipelineError(
                f"worker {address} does not have this program: install it there from the same lock file"
            )


def _run(client: Client, job: Job) -> Results:
    run = uuid.uuid4().hex
    client.subscribe_topic(run, lambda event: job.on_message(event[1][MESSAGE]))
    context = JobContext(job.function, collect_versions(job.function), job.shared, run)
    shared = client.submit(provide, context, key=f"context-{run}")
    tasks = enumerate(job.tasks)
    in_flight: dict[Future[Any], int] = {}  # indices of the tasks
    finished = as_completed(loop=client.loop, with_results=True, raise_errors=False)
    monitor = _Monitor(client)
    started = 0
    while True:
        if len(in_flight) <= MIN_IN_FLIGHT * monitor.threads:
            room = MAX_IN_FLIGHT * monitor.threads - len(in_flight)
            if job.ordered and in_flight:
                room = min(room, min(in_flight.values()) + MAX_AHEAD * monitor.threads - started)
            batch = list(itertools.islice(tasks, max(room, 0)))
            started += len(batch)
            keys = [f"task-{run}-{index}" for index, _ in batch]
            futures = client.map(run_task, [task for _, task in batch], key=keys, context=shared) if batch else []
            in_flight.update(zip(futures, (index for index, _ in batch), strict=True))
            finished.update(futures)
        if not in_flight:
            return
        ready = finished.next_batch(block=False)
        for future, result in ready:
            yield in_flight.pop(future), _check_result(result)
        if not ready:
            time.sleep(RESULT_INTERVAL)
        monitor.check()


def _check_result(result: Any) -> Any:
    """Return the result unchanged. Raises what the task raised, or JobInterruptedError if there is no result."""
    match result:
        case BaseException():  # a cancelled future
            raise JobInterruptedError(f"the scheduler is gone or lost its tasks: {RETRY.format('it')}")
        case (type(), KilledWorker() as error, _):
            raise JobInterruptedError(
                f"{error.allowed_failures + 1} workers died while they ran the same task, possibly out of memory: "
                "use smaller blocks, or give the workers more memory"
            )
        case (type(), (PipelineError() | OSError()) as error, _):
            raise error
        case (type(), BaseException() as error, _):
            raise PipelineError(f"a task failed on a worker: {type(error).__name__}: {error}") from error
    return result


class _Monitor:
    """Periodic check of the cluster. threads: last positive total number of worker threads."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.alive = self.checked = time.monotonic()
        self.threads = self._count_threads() or 1  # the only worker may have died

    def check(self) -> None:
        """Raise JobInterruptedError if the scheduler is gone, or if there is no worker for WORKER_TIMEOUT seconds."""
        now = time.monotonic()
        if now < self.checked + connection.CHECK_INTERVAL:
            return
        threads = self._count_threads()
        self.checked = now
        if threads:
            self.alive, self.threads = now, threads
        elif now > self.alive + connection.WORKER_TIMEOUT:
            raise JobInterruptedError(f"all workers are gone: {RETRY.format('some')}")

    def _count_threads(self) -> int:
        try:
            return sum(self.client.nthreads(callback_timeout=connection.CONNECT_TIMEOUT).values())
        except OSError:  # includes TimeoutError
            raise JobInterruptedError(f"the scheduler is gone: {RETRY.format('it')}") from None
