"""Jobs on a Dask cluster, whose workers may be anywhere, come and go.

Only a few tasks for each worker are under way at a time, so neither this process nor the scheduler holds more for a
longer job. What a dead worker had is done again by another; Dask sees to it. This module sees to the rest: that nobody
waits for ever, and that what is said is one line.
"""

import contextlib
import itertools
import queue
import time
import uuid
from collections.abc import Iterator
from typing import Any

from distributed import Client, Future, KilledWorker
from distributed.utils import sync

from pipeline.engine.errors import PipelineError
from pipeline.scheduling import connection
from pipeline.scheduling.connection import connected
from pipeline.scheduling.jobs import CutOffError, Job
from pipeline.scheduling.places import Place
from pipeline.scheduling.worker import TOLD, Common, call, describe, describe_loosely, differences, pass_on, unfit

LEAST, MOST = 2, 4  # tasks under way for each thread of the workers, so that none waits for its next
AGAIN = "start {} and run the same command again: it goes on from there"


def run_on_cluster(job: Job, place: Place) -> None:
    """Do all tasks of the job by the workers of a cluster, or of one that is started here for it.

    Raises what a task raises; CutOffError if the scheduler or all workers are gone; PipelineError if nobody is there,
    or a worker has other versions of what decides the result.
    """
    with connected(place, job.report) as client:
        expected = describe(job.function)
        _compare(client, job, expected)
        _run(client, job, expected)


def _run(client: Client, job: Job, expected: dict[str, Any]) -> None:
    run = uuid.uuid4().hex
    client.subscribe_topic(run, lambda event: job.on_message(event[1][TOLD]))
    common = client.submit(pass_on, Common(job.function, expected, job.shared, run), key=f"common-{run}")
    tasks = enumerate(job.tasks)
    under_way: dict[str, tuple[int, Future[Any]]] = {}
    finished: queue.SimpleQueue[str] = queue.SimpleQueue()
    watch = _Watch(client)
    while True:
        if len(under_way) <= LEAST * watch.threads:
            some = list(itertools.islice(tasks, MOST * watch.threads - len(under_way)))
            keys = [f"task-{run}-{number}" for number, _ in some]
            futures = client.map(call, [task for _, task in some], key=keys, common=common) if some else []
            for (number, _), future in zip(some, futures, strict=True):
                under_way[str(future.key)] = number, future
                future.add_done_callback(lambda future: finished.put(future.key))
        if not under_way:
            return
        ready = _drain(finished)
        for key, result in _take_all(client, {key: under_way[key][1] for key in ready}).items():
            number, _ = under_way.pop(key)
            ready.remove(key)
            job.on_result(number, result)
        for key in ready:  # whose worker died with it; it is done again
            finished.put(key)
        watch.look()


def _drain(finished: "queue.SimpleQueue[str]") -> list[str]:
    """What is in the queue, or comes within a while."""
    found = []
    with contextlib.suppress(queue.Empty):
        found.append(finished.get(timeout=connection.LOOKING))
        while True:
            found.append(finished.get_nowait())
    return found


def _take_all(client: Client, futures: dict[str, Future[Any]]) -> dict[str, Any]:
    """The results of those futures that are there, by key, all at once. Raises what `_take` raises."""
    with contextlib.suppress(Exception):  # looked into one by one
        if all(future.status == "finished" for future in futures.values()):
            wait = {"asynchronous": True, "callback_timeout": connection.LOOKING}
            found = sync(client.loop, client.gather, list(futures.values()), **wait)  # type: ignore[arg-type]
            return dict(zip(futures, found, strict=True))
    results = {}
    for key, future in futures.items():
        with contextlib.suppress(TimeoutError):
            results[key] = _take(future)
    return results


def _take(future: Future[Any]) -> Any:
    """The result of a future. Raises TimeoutError if it is none any more, what its task has raised, CutOffError."""
    try:
        return future.result(timeout=connection.LOOKING)
    except KilledWorker as error:
        raise CutOffError(
            f"{error.allowed_failures + 1} workers have died over the same task, of too little memory perhaps: try "
            "smaller blocks, or give the workers more"
        ) from None
    except Exception as error:
        if future.status != "error":
            if isinstance(error, TimeoutError):
                raise
            raise CutOffError(f"the scheduler has gone, or has lost its tasks: {AGAIN.format('it')}") from None
        if isinstance(error, (PipelineError, OSError)):
            raise
        raise PipelineError(f"a worker could not do its task: {type(error).__name__}: {error}") from error


class _Watch:
    """Looks now and then how the cluster is. threads: of all its workers together, when it last had any."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.alive = self.looked = time.monotonic()
        self.threads = _count_threads(client)

    def look(self) -> None:
        """Raise CutOffError if the scheduler is gone, or all workers for long."""
        if self.client.status != "running":
            raise CutOffError(f"the scheduler has gone: {AGAIN.format('it')}")
        now = time.monotonic()
        if now < self.looked + connection.LOOKING:
            return
        threads = _count_threads(self.client)
        self.looked = now
        if threads:
            self.alive, self.threads = now, threads
        elif now > self.alive + connection.WAITING:
            raise CutOffError(f"all workers have gone: {AGAIN.format('some')}")


def _count_threads(client: Client) -> int:
    with _scheduler_needed():
        return sum(client.nthreads(callback_timeout=connection.CONNECTING).values())


@contextlib.contextmanager
def _scheduler_needed() -> Iterator[None]:
    try:
        yield
    except OSError:  # of which TimeoutError is one
        raise CutOffError(f"the scheduler has gone: {AGAIN.format('it')}") from None


def _compare(client: Client, job: Job, expected: dict[str, Any]) -> None:
    """Raise PipelineError if a worker has other versions of what decides the result; tell of others."""
    patience = connection.CONNECTING
    with _scheduler_needed():
        try:
            found = client.run(describe, job.function, on_error="return", callback_timeout=patience)
            loosely = client.run(describe_loosely, on_error="return", callback_timeout=patience)
        except TimeoutError:  # one of them is suspended, or out of reach, until the scheduler misses it
            silence = f"not all workers answer within {patience:.0f} seconds"
            job.report(f"{silence}: whether they fit is seen when they begin their tasks")
            return
    for address, theirs in found.items():
        if isinstance(theirs, Exception) and "ModuleNotFoundError" in repr(theirs):
            raise PipelineError(f"worker {address} lacks this program ({theirs}): install it there, from the same lock")
        if isinstance(theirs, Exception):
            raise PipelineError(f"worker {address} does not work: {type(theirs).__name__}: {theirs}")
        if flaws := differences(expected, theirs):
            raise PipelineError(unfit(address, flaws))
    own = describe_loosely()
    for address, theirs in loosely.items():
        if isinstance(theirs, dict) and (flaws := differences(own, theirs)):
            job.report(f"worker {address} has {'; '.join(flaws)}: the last bits may differ")
