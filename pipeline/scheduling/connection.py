"""The connection to a Dask cluster, others' or our own."""

import asyncio
import contextlib
import logging
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import resource_tracker
from pathlib import Path
from tempfile import TemporaryDirectory

import dask
from distributed import Client, LocalCluster, Security
from distributed.core import rpc

from pipeline.engine.cores import count_cores
from pipeline.engine.documents import load_json
from pipeline.engine.errors import PipelineError
from pipeline.scheduling.backends import Backend

CONNECTING = 10.0  # seconds for the scheduler to answer
WAITING = 30.0  # seconds without any worker until we give up; one that is started anew takes two or three
LOOKING = 1.0  # seconds between two looks at how the cluster is

# each with a level of its own
LOGGERS = ("distributed", "distributed.client", "distributed.scheduler", "tornado", "tornado.application", "asyncio")

Report = Callable[[str], object]


@contextlib.contextmanager
def connected(backend: Backend, report: Report) -> Iterator[Client]:
    """A client of a cluster that has workers: that at the backend, or one of this machine's own.

    Raises PipelineError if nobody answers there, or there are no workers.
    """
    for name in LOGGERS:  # what they log of lost connections, with tracebacks, our errors say in one line
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    settings = {
        "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a model, or a block of images that is shipped
        "distributed.comm.timeouts.connect": f"{CONNECTING}s",
    }
    with dask.config.set(settings), contextlib.ExitStack() as stack:
        if backend.scheduler_file:
            address = _read_address(backend.scheduler_file)
        else:
            address = backend.scheduler if backend.is_cluster else stack.enter_context(_started(backend))
        client = _connect(address)
        stack.callback(client.close, timeout=LOOKING)
        _wait_for_workers(client, address, report)
        if backend.scheduler != "processes":
            with contextlib.suppress(KeyError):  # it has none
                report(f"the dashboard is at {client.dashboard_link}")
        yield client


def _wait_for_workers(client: Client, address: str, report: Report) -> None:
    """They may be about to come. Raises PipelineError if they do not."""
    start = f"start some, as with dask worker {address}"
    try:
        client.wait_for_workers(1, timeout=LOOKING)
    except TimeoutError:
        report(f"waits for workers: {start}")
        try:
            client.wait_for_workers(1, timeout=WAITING)
        except TimeoutError:
            raise PipelineError(f"the scheduler at {address} has no workers: {start}") from None


def _connect(address: str) -> Client:
    try:
        # a client alone would wait for ever for some servers
        asyncio.run(asyncio.wait_for(_greet(address), CONNECTING))
        with warnings.catch_warnings():  # of other versions we tell ourselves
            warnings.simplefilter("ignore")
            return Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, TimeoutError):
        silence = f"no Dask scheduler answers at {address} within {CONNECTING:.0f} seconds"
        raise PipelineError(f"{silence}: is it running, is that its address?") from None
    except Exception as error:  # of certificates that are none, for instance
        raise PipelineError(f"cannot talk to {address} ({error}): is it a Dask scheduler of this version?") from None


async def _greet(address: str) -> None:
    async with rpc(address, connection_args=Security().get_connection_args("client")) as scheduler:
        await scheduler.identity()


def _read_address(scheduler_file: Path) -> str:
    start = f"start a scheduler with --scheduler-file {scheduler_file}"
    if not scheduler_file.is_file():
        raise PipelineError(f"{scheduler_file} is missing: {start}")
    return load_json(scheduler_file, str, lambda content: content["address"], advice=start)


@contextlib.contextmanager
def _started(backend: Backend) -> Iterator[str]:
    """The address of a cluster of this machine's own, that nobody else can reach.

    It starts in a thread, since an interrupted start leaves a partly started cluster. The thread blocks SIGINT, and its
    workers inherit that: the terminal sends Ctrl-C to them as well, and each would print a traceback.
    """
    resource_tracker.ensure_running()  # to start it unblocks SIGINT
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
            worker_dashboard_address="127.0.0.1:0",  # which older versions open to every network
            silence_logs=logging.CRITICAL,
        )
        try:
            try:
                address = starting.result().scheduler_address
            except Exception as error:
                raise PipelineError(f"Dask cannot start workers here ({error}): try --scheduler threads") from None
            yield address
        finally:
            if not starting.exception():  # which waits for a start that is under way
                _end(starting.result())


def _end(cluster: LocalCluster) -> None:
    """Kill the workers before the cluster is closed: Dask would wait for what they are doing."""
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        with contextlib.suppress(ProcessLookupError):
            if nanny.pid:
                os.kill(nanny.pid, signal.SIGKILL)
    cluster.close()
