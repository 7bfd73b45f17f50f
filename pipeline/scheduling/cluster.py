"""Jobs on a Dask cluster, whose workers may be anywhere, come and go.

Only a few tasks for each worker are under way at a time, so neither this process nor the scheduler holds more for a
longer job. What a dead worker had is done again by another; Dask sees to it. This module sees to the rest: that nobody
waits for ever, and that what is said is one line.
"""

import contextlib
import itertools
import logging
import queue
import time
import urllib.request
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, LocalCluster
from distributed.client import FutureCancelledError
from distributed.comm.core import CommClosedError

from pipeline.engine.errors import PipelineError
from pipeline.scheduling.jobs import CutOffError, Job
from pipeline.scheduling.places import Place, count_cores
from pipeline.scheduling.worker import call, describe, describe_loosely, differences, pass_on, unfit

CONNECTING = 10.0  # seconds for the scheduler to answer
WAITING = 30.0  # seconds without any worker until we give up; one that is started anew takes two or three
LOOKING = 1.0  # seconds between two looks at how the cluster is
AHEAD = 3  # tasks under way for each thread of the workers, so that none waits for its next
AGAIN = "start {} and run the same command again: it goes on from there"

SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a model, or a block of images that is shipped
    "distributed.comm.timeouts.connect": f"{CONNECTING}s",
}


def run_on_cluster(job: Job, place: Place) -> None:
    """Do all tasks of the job by the workers of a cluster, or of one that is started here for it.

    Raises what a task raises; CutOffError if the scheduler or all workers are gone; PipelineError if nobody is there,
    or a worker has other versions of what decides the result.
    """
    with dask.config.set(SETTINGS), _connected(place, job) as client:
        expected = describe(job.function)
        _compare(client, job, expected)
        _run(client, job, expected)


def _run(client: Client, job: Job, expected: dict[str, Any]) -> None:
    run = uuid.uuid4().hex
    client.subscribe_topic(run, lambda event: job.on_message(event[1]))
    shared = client.submit(pass_on, job.shared, key=f"shared-{run}")
    tasks = enumerate(job.tasks)
    under_way: dict[str, tuple[int, Future[Any]]] = {}
    finished: queue.SimpleQueue[str] = queue.SimpleQueue()
    watch = _Watch(client)
    while True:
        for number, task in itertools.islice(tasks, max(0, AHEAD * watch.threads - len(under_way))):
            key = f"task-{run}-{number}"
            future = client.submit(call, job.function, expected, shared, task, run, key=key)
            under_way[key] = number, future
            future.add_done_callback(lambda future: finished.put(future.key))
        if not under_way:
            return
        with contextlib.suppress(queue.Empty):
            key = finished.get(timeout=LOOKING)
            number, future = under_way[key]
            try:
                result = _take(future)
            except TimeoutError:  # its worker died with it; it is done again
                finished.put(key)
            else:
                del under_way[key]
                job.on_result(number, result)
        watch.look()


def _take(future: Future[Any]) -> Any:
    """The result of a future. Raises TimeoutError if it is none any more, what its task has raised, CutOffError."""
    try:
        return future.result(timeout=LOOKING)
    except KilledWorker as error:
        raise CutOffError(
            f"{error.allowed_failures + 1} workers have died over the same task, of too little memory perhaps: try "
            "smaller blocks, or give the workers more"
        ) from None
    except (FutureCancelledError, CommClosedError):
        raise CutOffError(f"the scheduler has gone, or has lost its tasks: {AGAIN.format('it')}") from None
    except (PipelineError, OSError):  # of which TimeoutError is one
        raise
    except Exception as error:
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
        if now < self.looked + LOOKING:
            return
        threads = _count_threads(self.client)
        self.looked = now
        if threads:
            self.alive, self.threads = now, threads
        elif now > self.alive + WAITING:
            raise CutOffError(f"all workers have gone: {AGAIN.format('some')}")


def _count_threads(client: Client) -> int:
    try:
        return sum(client.nthreads(callback_timeout=CONNECTING).values())
    except (TimeoutError, OSError):
        raise CutOffError(f"the scheduler does not answer any more: {AGAIN.format('it')}") from None


@contextlib.contextmanager
def _connected(place: Place, job: Job) -> Iterator[Client]:
    """A client of a cluster that has workers."""
    _quieten()
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(_started(place)) if place.scheduler == "distributed" else place.scheduler
        client = _connect(address, place.scheduler_file)
        stack.callback(client.close, timeout=LOOKING)
        _wait_for_workers(client, client.scheduler.address if client.scheduler else address, job)
        yield client


def _wait_for_workers(client: Client, address: str, job: Job) -> None:
    """They may be about to come. Raises PipelineError if they do not."""
    for wait, last in ((LOOKING, False), (WAITING, True)):
        try:
            client.wait_for_workers(1, timeout=wait)
            return
        except TimeoutError:
            start = f"start some, as with dask worker {address}"
            if last:
                raise PipelineError(f"the scheduler at {address} has no workers: {start}") from None
            job.report(f"waits for workers: {start}")


def _tell_dashboard(client: Client, job: Job) -> None:
    """A scheduler may have none, or one that cannot be reached from here."""
    with contextlib.suppress(Exception):
        link = client.dashboard_link
        with urllib.request.urlopen(link, timeout=LOOKING):
            job.report(f"the dashboard is at {link}")


def _connect(address: str, scheduler_file: Path | None) -> Client:
    if scheduler_file is not None and not scheduler_file.is_file():
        raise PipelineError(f"{scheduler_file} is missing: start a scheduler with --scheduler-file {scheduler_file}")
    where = scheduler_file or address
    try:
        with warnings.catch_warnings():  # of other versions we tell ourselves
            warnings.simplefilter("ignore")
            if scheduler_file is not None:
                return Client(scheduler_file=str(scheduler_file), timeout=CONNECTING, set_as_default=False)
            return Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, TimeoutError):
        raise PipelineError(
            f"no Dask scheduler answers at {where} within {CONNECTING:.0f} seconds: is it running, is that its address?"
        ) from None
    except Exception as error:  # a scheduler file or certificates that are none
        raise PipelineError(f"{where} is no Dask scheduler to connect to ({error})") from None


@contextlib.contextmanager
def _started(place: Place) -> Iterator[str]:
    """The address of a cluster of this machine's own, that nobody else can reach."""
    try:
        cluster = LocalCluster(
            n_workers=place.workers or count_cores(),
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
    except (OSError, RuntimeError, TimeoutError) as error:
        raise PipelineError(f"Dask cannot start workers here ({error}): try --scheduler threads") from None
    with cluster:
        yield cluster.scheduler_address


def _compare(client: Client, job: Job, expected: dict[str, Any]) -> None:
    """Raise PipelineError if a worker has other versions of what decides the result; tell of others."""
    found = client.run(describe, job.function, on_error="return")
    loosely = client.run(describe_loosely, on_error="return")
    for address, theirs in found.items():
        if isinstance(theirs, ImportError):
            raise PipelineError(f"worker {address} lacks this program ({theirs}): install it there, from the same lock")
        if isinstance(theirs, Exception):
            raise PipelineError(f"worker {address} does not work: {type(theirs).__name__}: {theirs}")
        if flaws := differences(expected, theirs):
            raise PipelineError(unfit(address, flaws))
    own = describe_loosely()
    for address, theirs in loosely.items():
        if isinstance(theirs, dict) and (flaws := differences(own, theirs)):
            job.report(f"worker {address} has {'; '.join(flaws)}: the last bits may differ")


def _quieten() -> None:
    """What Dask logs of lost connections, with tracebacks, is told by our errors in one line."""
    for name in (
        "distributed",
        "distributed.client",
        "distributed.scheduler",
        "tornado",
        "tornado.application",
        "asyncio",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
