"""Run jobs on a Dask cluster, or on one of processes that is started for the job.

Workers may join and leave at any time, and Dask repeats the tasks of a dead worker. This module adds timeouts and
one-line errors.
"""

import asyncio
import contextlib
import logging
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from multiprocessing import resource_tracker
from tempfile import TemporaryDirectory
from typing import Any

import dask
from distributed import Client, KilledWorker, LocalCluster, Security
from distributed.core import rpc

from pipeline.engine.errors import PipelineError
from pipeline.engine.fingerprint import LIBRARY
from pipeline.engine.threads import count_cores
from pipeline.scheduling.backends import Backend, hide_password
from pipeline.scheduling.jobs import Job, JobInterruptedError, Workers
from pipeline.scheduling.worker import JobContext, collect_versions, provide, run_task

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0  # seconds
WORKER_TIMEOUT = 30.0  # seconds without any worker; a worker takes two or three to restart
CHECK_INTERVAL = 1.0  # seconds between two checks of the cluster
RETRY = "start {} and run the same command again"

# Each logger has its own level, so each must be silenced.
LOGGERS = ("distributed", "distributed.client", "distributed.scheduler", "tornado", "tornado.application", "asyncio")


@contextlib.contextmanager
def connect(job: Job, backend: Backend) -> Iterator[Workers]:
    """Connect to the cluster at `backend`, or start a local one.

    Raises PipelineError if there is no scheduler or no worker, or if a worker has other versions.
    """
    for name in LOGGERS:  # they log lost connections with tracebacks; our errors report these in one line
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    settings = {
        "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a model or a block of images may be large
        "distributed.comm.timeouts.connect": f"{CONNECT_TIMEOUT}s",
    }
    with dask.config.set(settings), contextlib.ExitStack() as stack:
        address = backend.scheduler if backend.is_cluster else stack.enter_context(_local_cluster(backend))
        client = _open_client(address)
        stack.callback(client.close, timeout=CHECK_INTERVAL)
        _wait_for_workers(client, address)
        _require_program(client)
        context = JobContext(job.function, collect_versions(job.function), job.shared)
        pool = client.get_executor(pure=False)  # a task is not run again only because its result is known
        shared = client.submit(provide, context, pure=False)
        yield Workers(lambda task: pool.submit(run_task, task, shared), _get_result, _make_monitor(client))


def _open_client(address: str) -> Client:
    try:
        # A client has no timeout if another kind of server accepts the connection, so check the scheduler first.
        asyncio.run(asyncio.wait_for(_identify(address), CONNECT_TIMEOUT))
        with warnings.catch_warnings():  # of different versions, which the tasks check
            warnings.simplefilter("ignore")
            return Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, TimeoutError):
        problem = f"no Dask scheduler responds at {hide_password(address)} within {CONNECT_TIMEOUT:.0f} seconds"
        raise PipelineError(f"{problem}: check that it is running at this address") from None
    except Exception as error:  # for instance invalid certificates
        problem = hide_password(f"cannot connect to {address} ({error})")
        raise PipelineError(f"{problem}: check that it is a Dask scheduler of this version") from None


async def _identify(address: str) -> None:
    async with rpc(address, connection_args=Security().get_connection_args("client")) as scheduler:
        await scheduler.identity()


def _wait_for_workers(client: Client, address: str) -> None:
    address = hide_password(address)
    start = f"start some with `dask worker {address}`"
    if not _count_threads(client):
        log.info("waiting for workers: %s", start)
    try:
        client.wait_for_workers(1, timeout=WORKER_TIMEOUT)
    except TimeoutError:
        raise PipelineError(f"the scheduler at {address} has no workers: {start}") from None


def _require_program(client: Client) -> None:
    """Raise PipelineError if a worker cannot import this program: a task would end the worker without a message."""
    found: dict[str, Any] = {}
    with contextlib.suppress(OSError):  # a worker is suspended or unreachable
        found = client.run(find_spec, LIBRARY, on_error="return", callback_timeout=CONNECT_TIMEOUT)
    for address, spec in found.items():
        if not isinstance(spec, ModuleSpec):
            raise PipelineError(
                f"worker {address} does not have this program: install it there from the same lock file"
            )


def _get_result(future: Future[Any]) -> Any:
    """Return the result of a task. Raises what the task raised, or JobInterruptedError if there is no result."""
    try:
        return future.result()
    except CancelledError:
        raise JobInterruptedError(f"the scheduler is gone or lost its tasks: {RETRY.format('it')}") from None
    except KilledWorker as error:
        raise JobInterruptedError(
            f"{error.allowed_failures + 1} workers died while they ran the same task, possibly out of memory: "
            "use smaller blocks, or give the workers more memory"
        ) from None
    except (PipelineError, OSError):
        raise
    except Exception as error:
        raise PipelineError(f"a task failed on a worker: {type(error).__name__}: {error}") from error


def _make_monitor(client: Client) -> Callable[[], int]:
    """Return a function that returns the last positive number of worker threads; it asks once in CHECK_INTERVAL.

    It raises JobInterruptedError if the scheduler is gone, or if there is no worker for WORKER_TIMEOUT seconds.
    """
    alive = checked = time.monotonic()
    threads = _count_threads(client) or 1  # the only worker may have died

    def count() -> int:
        nonlocal alive, checked, threads
        now = time.monotonic()
        if now >= checked + CHECK_INTERVAL:
            found, checked = _count_threads(client), now
            alive, threads = (now, found) if found else (alive, threads)
            if now > alive + WORKER_TIMEOUT:
                raise JobInterruptedError(f"all workers are gone: {RETRY.format('some')}")
        return threads

    return count


def _count_threads(client: Client) -> int:
    try:
        return sum(client.nthreads(callback_timeout=CONNECT_TIMEOUT).values())
    except OSError:  # includes TimeoutError
        raise JobInterruptedError(f"the scheduler is gone: {RETRY.format('it')}") from None


@contextlib.contextmanager
def _local_cluster(backend: Backend) -> Iterator[str]:
    """Start a cluster that accepts connections from this machine only; yield its address.

    The cluster starts in a thread, since an interrupted start would leave it partly started. The thread blocks SIGINT,
    and the workers inherit the blocked signal. Otherwise Ctrl-C, which the terminal also sends to the workers, would
    make each worker print a traceback.
    """
    resource_tracker.ensure_running()  # its start unblocks SIGINT
    blocked = (signal.SIG_BLOCK, {signal.SIGINT})
    with (
        TemporaryDirectory(prefix="handwriting-", ignore_cleanup_errors=True) as scratch,
        dask.config.set({"temporary-directory": scratch}),
        ThreadPoolExecutor(1, initializer=signal.pthread_sigmask, initargs=blocked) as starter,
    ):
        starting = starter.submit(
            LocalCluster,
            n_workers=backend.workers or count_cores(),
            threads_per_worker=1,
            memory_limit=None,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",  # older versions listen on all interfaces
            silence_logs=logging.CRITICAL,
        )
        try:
            try:
                address = starting.result().scheduler_address
            except Exception as error:
                raise PipelineError(f"Dask cannot start workers here ({error}): try --scheduler threads") from None
            yield address
        finally:
            if not starting.exception():  # waits until the start has ended
                _close(starting.result())


def _close(cluster: LocalCluster) -> None:
    """Kill the workers, then close the cluster. Otherwise Dask would wait for their running tasks."""
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        with contextlib.suppress(ProcessLookupError):
            if nanny.pid:
                os.kill(nanny.pid, signal.SIGKILL)
    cluster.close()
