"""Connect to a Dask cluster, or start one on this machine."""

import asyncio
import contextlib
import logging
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from tempfile import TemporaryDirectory

import dask
from distributed import Client, LocalCluster, Security
from distributed.core import rpc

from pipeline.engine.documents import load_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.threads import count_cores
from pipeline.scheduling.backends import Backend

CONNECT_TIMEOUT = 10.0  # seconds
WORKER_TIMEOUT = 30.0  # seconds without any worker; a worker takes two or three to restart
CHECK_INTERVAL = 1.0  # seconds between two checks of the cluster

# Each logger has its own level, so each must be silenced.
LOGGERS = ("distributed", "distributed.client", "distributed.scheduler", "tornado", "tornado.application", "asyncio")

Report = Callable[[str], object]


@contextlib.contextmanager
def open_client(backend: Backend, report: Report) -> Iterator[Client]:
    """Connect to the cluster at `backend`, or start a local one. Raises PipelineError without scheduler or workers."""
    for name in LOGGERS:  # they log lost connections with tracebacks; our errors report these in one line
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    settings = {
        "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a model or a block of images may be large
        "distributed.comm.timeouts.connect": f"{CONNECT_TIMEOUT}s",
    }
    with dask.config.set(settings), contextlib.ExitStack() as stack:
        if backend.scheduler_file:
            address = _read_address(backend.scheduler_file)
        else:
            address = backend.scheduler if backend.is_cluster else stack.enter_context(_local_cluster(backend))
        client = _connect(address)
        stack.callback(client.close, timeout=CHECK_INTERVAL)
        _wait_for_workers(client, address, report)
        if backend.scheduler != "processes":
            with contextlib.suppress(KeyError):  # there is no dashboard
                report(f"the dashboard is at {client.dashboard_link}")
        yield client


def _wait_for_workers(client: Client, address: str, report: Report) -> None:
    start = f"start some with `dask worker {address}`"
    try:
        client.wait_for_workers(1, timeout=CHECK_INTERVAL)
    except TimeoutError:
        report(f"waiting for workers: {start}")
        try:
            client.wait_for_workers(1, timeout=WORKER_TIMEOUT)
        except TimeoutError:
            raise PipelineError(f"the scheduler at {address} has no workers: {start}") from None


def _connect(address: str) -> Client:
    try:
        # A client has no timeout if another kind of server accepts the connection, so check the scheduler first.
        asyncio.run(asyncio.wait_for(_identify(address), CONNECT_TIMEOUT))
        with warnings.catch_warnings():  # of different versions, which the tasks check
            warnings.simplefilter("ignore")
            return Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, TimeoutError):
        problem = f"no Dask scheduler responds at {address} within {CONNECT_TIMEOUT:.0f} seconds"
        raise PipelineError(f"{problem}: check that it is running at this address") from None
    except Exception as error:  # for instance invalid certificates
        problem = f"cannot connect to {address} ({error})"
        raise PipelineError(f"{problem}: check that it is a Dask scheduler of this version") from None


async def _identify(address: str) -> None:
    async with rpc(address, connection_args=Security().get_connection_args("client")) as scheduler:
        await scheduler.identity()


@dataclass(frozen=True)
class _SchedulerFile:
    address: str


def _read_address(scheduler_file: Path) -> str:
    start = f"start a scheduler with --scheduler-file {scheduler_file}"
    if not scheduler_file.is_file():
        raise PipelineError(f"{scheduler_file} is missing: {start}")
    return load_json(scheduler_file, _SchedulerFile, start).address


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
