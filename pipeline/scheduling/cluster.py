"""Clusters of Dask: of threads of this process, of processes that are started for a job, or at an address.

This module adds timeouts and one-line errors.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from multiprocessing import resource_tracker
from tempfile import TemporaryDirectory
from typing import Any

import dask
from distributed import Client, LocalCluster, Security
from distributed.core import rpc

from pipeline.engine.errors import PipelineError
from pipeline.engine.fingerprint import LIBRARY
from pipeline.engine.threads import count_cores, single_threaded_blas
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import JobInterruptedError

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0  # seconds in which a scheduler answers
LOCAL_TIMEOUT = 600.0  # likewise, if it is in this process and therefore late only because the machine is overloaded
WORKER_TIMEOUT = 30.0  # seconds without any worker; a worker takes two or three to restart
CHECK_INTERVAL = 1.0  # seconds between two checks of the cluster
RETRY = "start {} and run the same command again"
LOCALHOST = "127.0.0.1"
DASHBOARD_PORT = 8787  # as Dask's own; if it is in use, another one is taken

# Dask would also set MALLOC_TRIM_THRESHOLD_. It makes the C library return the memory of each array to the system and
# fetch it again for the next one, which takes a third of the time of a worker that makes many arrays.
WORKER_ENVIRONMENT = {"OMP_NUM_THREADS": 1, "MKL_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1}

# Each logger has its own level, so each must be silenced.
LOGGERS = ("distributed", "distributed.client", "distributed.scheduler", "tornado", "tornado.application", "asyncio")


@contextlib.contextmanager
def connect(backend: Backend) -> Iterator[tuple[Client, Callable[[], int]]]:
    """Connect to the cluster at `backend`, or start a local one; yield a client and the result of `_make_monitor`.

    Raises PipelineError if there is no scheduler or no worker, or if a worker cannot import this program.
    """
    for name in LOGGERS:  # they log lost connections with tracebacks; our errors report these in one line
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    timeout = CONNECT_TIMEOUT if backend.is_cluster else LOCAL_TIMEOUT
    settings = {
        "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a model or a block of images may be large
        "distributed.admin.low-level-log-length": 0,  # a log would keep the blocks that were sent within this process
        "distributed.comm.timeouts.connect": f"{timeout}s",
    }
    with dask.config.set(settings), contextlib.ExitStack() as stack:
        address = backend.scheduler if backend.is_cluster else stack.enter_context(_local_cluster(backend))
        client = _open_client(address, timeout)
        stack.callback(client.close, timeout=CHECK_INTERVAL)
        _wait_for_workers(client, address, timeout)
        _require_program(client, timeout)
        yield client, _make_monitor(client, timeout)


def _open_client(address: str, timeout: float) -> Client:
    try:
        # A client has no timeout if another kind of server accepts the connection, so check the scheduler first.
        asyncio.run(asyncio.wait_for(_identify(address), timeout))
        with warnings.catch_warnings():  # of different versions, which the tasks check
            warnings.simplefilter("ignore")
            return Client(address, timeout=timeout, set_as_default=False)
    except (OSError, TimeoutError):
        problem = f"no Dask scheduler responds at {address} within {timeout:.0f} seconds"
        raise PipelineError(f"{problem}: check that it is running at this address") from None
    except Exception as error:  # for instance invalid certificates
        raise PipelineError(
            f"cannot connect to {address} ({error}): check that it is a Dask scheduler of this version"
        ) from None


async def _identify(address: str) -> None:
    async with rpc(address, connection_args=Security().get_connection_args("client")) as scheduler:
        await scheduler.identity()


def _wait_for_workers(client: Client, address: str, timeout: float) -> None:
    start = f"start some with `dask worker {address}`"
    if not _count_threads(client, timeout):
        log.info("waiting for workers: %s", start)
    try:
        client.wait_for_workers(1, timeout=WORKER_TIMEOUT)
    except TimeoutError:
        raise PipelineError(f"the scheduler at {address} has no workers: {start}") from None


def _require_program(client: Client, timeout: float) -> None:
    """Raise PipelineError if a worker cannot import this program: a task would end the worker without a message."""
    found: dict[str, Any] = {}
    with contextlib.suppress(OSError):  # a worker is suspended or unreachable
        found = client.run(find_spec, LIBRARY, on_error="return", callback_timeout=timeout)
    for address, spec in found.items():
        if not isinstance(spec, ModuleSpec):
            raise PipelineError(
                f"worker {address} does not have this program: install it there from the same lock file"
            )


def _make_monitor(client: Client, timeout: float) -> Callable[[], int]:
    """Return a function that returns the last positive number of worker threads; it asks once in CHECK_INTERVAL.

    It raises JobInterruptedError if the scheduler is gone, or if there is no worker for WORKER_TIMEOUT seconds.
    """
    alive = checked = time.monotonic()
    threads = _count_threads(client, timeout) or 1  # the only worker may have died

    def count() -> int:
        nonlocal alive, checked, threads
        now = time.monotonic()
        if now >= checked + CHECK_INTERVAL:
            found, checked = _count_threads(client, timeout), now
            alive, threads = (now, found) if found else (alive, threads)
            if now > alive + WORKER_TIMEOUT:
                raise JobInterruptedError(f"all workers are gone: {RETRY.format('some')}")
        return threads

    return count


def _count_threads(client: Client, timeout: float) -> int:
    try:
        return sum(client.nthreads(callback_timeout=timeout).values())
    except OSError:  # includes TimeoutError
        raise JobInterruptedError(f"the scheduler is gone: {RETRY.format('it')}") from None


@contextlib.contextmanager
def _local_cluster(backend: Backend) -> Iterator[str]:
    """Start a cluster that accepts connections from this machine only; yield its address.

    The cluster starts in a thread, since an interrupted start would leave it partly started. The thread blocks SIGINT,
    and the workers inherit the blocked signal. Otherwise Ctrl-C, which the terminal also sends to the workers, would
    make each worker print a traceback.
    """
    in_threads, workers = backend.scheduler == "threads", backend.workers or count_cores()
    if not in_threads:
        if getattr(multiprocessing.current_process(), "_inheriting", False):  # as multiprocessing itself finds out
            raise SystemExit(1)  # a worker that imports a script without a guard; the script says what to do
        _require_loopback()
        resource_tracker.ensure_running()  # its start unblocks SIGINT
    has_dashboard = find_spec("bokeh") is not None
    blocked = (signal.SIG_BLOCK, {signal.SIGINT})
    with (
        single_threaded_blas() if in_threads else contextlib.nullcontext(),
        TemporaryDirectory(prefix="handwriting-", ignore_cleanup_errors=True) as scratch,
        dask.config.set({"temporary-directory": scratch, "distributed.nanny.pre-spawn-environ": WORKER_ENVIRONMENT}),
        ThreadPoolExecutor(1, initializer=signal.pthread_sigmask, initargs=blocked) as starter,
        contextlib.ExitStack() as quiet,
    ):
        quiet.enter_context(warnings.catch_warnings(action="ignore"))  # of a missing network, of a port that is in use
        starting = starter.submit(
            LocalCluster,
            processes=not in_threads,
            n_workers=1 if in_threads else workers,
            threads_per_worker=workers if in_threads else 1,
            memory_limit=None,
            host=None if in_threads else LOCALHOST,
            dashboard_address=f"{LOCALHOST}:{DASHBOARD_PORT if has_dashboard else 0}",
            worker_dashboard_address=f"{LOCALHOST}:0",  # older versions listen on all interfaces
            silence_logs=logging.CRITICAL,
        )
        try:
            try:
                cluster = starting.result()
            except Exception as error:
                script = 'in a script, call it below if __name__ == "__main__", otherwise try --scheduler threads'
                advice = "free memory and disk space" if in_threads else script
                raise PipelineError(f"Dask cannot start workers here ({error}): {advice}") from None
            quiet.close()
            if has_dashboard:
                port = cluster.scheduler_info["services"]["dashboard"]
                log.info("Dask's dashboard: http://%s:%s/status", LOCALHOST, port)
            yield cluster.scheduler_address
        finally:
            if not starting.exception():  # waits until the start has ended
                _close(starting.result())


def _require_loopback() -> None:
    """Raise PipelineError if processes here cannot connect to each other: Dask would try it for LOCAL_TIMEOUT."""
    try:
        with (
            socket.create_server((LOCALHOST, 0)) as server,
            socket.create_connection(server.getsockname(), timeout=CONNECT_TIMEOUT),
        ):
            pass
    except OSError as error:
        problem = f"processes cannot connect to each other at {LOCALHOST} ({error.strerror or error})"
        raise PipelineError(f"{problem}: start the loopback interface, or try --scheduler threads") from None


def _close(cluster: LocalCluster) -> None:
    """Kill the processes of workers, then close the cluster. Otherwise Dask would wait for their running tasks."""
    for nanny in cluster.workers.values() if cluster.processes else ():
        nanny.auto_restart = False
        with contextlib.suppress(ProcessLookupError):
            if nanny.pid:
                os.kill(nanny.pid, signal.SIGKILL)
    cluster.close()
