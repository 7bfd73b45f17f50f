"""Jobs on a Dask cluster, whose workers may be anywhere, come and go.

Only a few tasks for each worker are under way at a time, so neither this process nor the scheduler holds more for a
longer job. Dask repeats the tasks of a dead worker. This module adds timeouts and one-line errors.
"""

import contextlib
import itertools
import time
import uuid
from collections.abc import Iterator
from typing import Any

from distributed import Client, Future, KilledWorker, as_completed

from pipeline.engine.errors import PipelineError
from pipeline.scheduling import connection
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.connection import connected
from pipeline.scheduling.jobs import CutOffError, Job
from pipeline.scheduling.worker import TOLD, Common, Facts, call, check_stage, differences, pass_on, unfit

LEAST, MOST = 2, 4  # tasks under way for each thread of the workers, so that none waits for its next
SHORT = 0.001  # seconds between two looks for results
AGAIN = "start {} and run the same command again: it goes on from there"


def run_on_cluster(job: Job, backend: Backend) -> None:
    """Do all tasks of the job by the workers of a cluster, or of one that is started here for it.

    Raises what a task raises; CutOffError if the scheduler or all workers are gone; PipelineError if nobody is there,
    or a worker has other versions of what decides the result.
    """
    with connected(backend, job.report) as client:
        own = check_stage(job.function)
        _compare(client, job, own)
        _run(client, job, own)


def _run(client: Client, job: Job, own: Facts) -> None:
    run = uuid.uuid4().hex
    client.subscribe_topic(run, lambda event: job.on_message(event[1][TOLD]))
    common = client.submit(pass_on, Common(job.function, own.deciding, job.shared, run), key=f"common-{run}")
    tasks = enumerate(job.tasks)
    numbers: dict[Future[Any], int] = {}  # of the tasks under way
    finished = as_completed(loop=client.loop, with_results=True, raise_errors=False)
    watch = _Watch(client)
    while True:
        if len(numbers) <= LEAST * watch.threads:
            some = list(itertools.islice(tasks, MOST * watch.threads - len(numbers)))
            keys = [f"task-{run}-{number}" for number, _ in some]
            futures = client.map(call, [task for _, task in some], key=keys, common=common) if some else []
            numbers.update(zip(futures, (number for number, _ in some), strict=True))
            finished.update(futures)
        if not numbers:
            return
        ready = finished.next_batch(block=False)
        for future, result in ready:
            job.on_result(numbers.pop(future), _check(result))
        if not ready:
            time.sleep(SHORT)
        watch.look()


def _check(result: Any) -> Any:
    """The result of a task, as it is. Raises what the task has raised; CutOffError if there will be no result."""
    match result:
        case BaseException():  # of a future that was cancelled, of one kind or another
            raise CutOffError(f"the scheduler has gone, or has lost its tasks: {AGAIN.format('it')}")
        case (type(), KilledWorker() as error, _):
            raise CutOffError(
                f"{error.allowed_failures + 1} workers have died over the same task, of too little memory perhaps: "
                "try smaller blocks, or give the workers more"
            )
        case (type(), (PipelineError() | OSError()) as error, _):
            raise error
        case (type(), BaseException() as error, _):
            raise PipelineError(f"a worker could not do its task: {type(error).__name__}: {error}") from error
    return result


class _Watch:
    """Looks now and then how the cluster is. threads: of all its workers together, when it last had any."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.alive = self.looked = time.monotonic()
        self.threads = self._count_threads() or 1  # the only worker may be gone by now

    def look(self) -> None:
        """Raise CutOffError if the scheduler is gone, or all workers for long."""
        now = time.monotonic()
        if now < self.looked + connection.LOOKING:
            return
        threads = self._count_threads()
        self.looked = now
        if threads:
            self.alive, self.threads = now, threads
        elif now > self.alive + connection.WAITING:
            raise CutOffError(f"all workers have gone: {AGAIN.format('some')}")

    def _count_threads(self) -> int:
        with _scheduler_needed():
            return sum(self.client.nthreads(callback_timeout=connection.CONNECTING).values())


@contextlib.contextmanager
def _scheduler_needed() -> Iterator[None]:
    try:
        yield
    except OSError:  # of which TimeoutError is one
        raise CutOffError(f"the scheduler has gone: {AGAIN.format('it')}") from None


def _compare(client: Client, job: Job, own: Facts) -> None:
    """Raise PipelineError if a worker has other versions of what decides the result; tell of others."""
    patience = connection.CONNECTING
    with _scheduler_needed():
        try:
            found = client.run(check_stage, job.function, on_error="return", callback_timeout=patience)
        except TimeoutError:  # one of them is suspended, or out of reach, until the scheduler misses it
            silence = f"not all workers answer within {patience:.0f} seconds"
            job.report(f"{silence}: whether they fit is seen when they begin their tasks")
            return
    for address, theirs in found.items():
        if isinstance(theirs, Exception) and "ModuleNotFoundError" in repr(theirs):
            raise PipelineError(f"worker {address} lacks this program ({theirs}): install it there, from the same lock")
        if isinstance(theirs, Exception):
            raise PipelineError(f"worker {address} does not work: {type(theirs).__name__}: {theirs}")
        if flaws := differences(own.deciding, theirs.deciding):
            raise PipelineError(unfit(address, flaws))
        if flaws := differences(own.loose, theirs.loose):
            job.report(f"worker {address} has {'; '.join(flaws)}: the last bits may differ")
