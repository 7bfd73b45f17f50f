"""The connection to a Dask cluster, others' or our own."""

import asyncio
import contextlib
import logging
import signal
import threading
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import dask
from distributed import Client, LocalCluster, Security
from distributed.core import rpc

from pipeline.engine.documents import load_json
from pipeline.engine.errors import PipelineError
from pipeline.scheduling.places import Place, count_cores

CONNECTING = 10.0  # seconds for the scheduler to answer
WAITING = 30.0  # seconds without any worker until we give up; one that is started anew takes two or three
LOOKING = 1.0  # seconds between two looks at how the cluster is

Report = Callable[[str], object]


@contextlib.contextmanager
def connected(place: Place, report: Report) -> Iterator[Client]:
    """A client of a cluster that has workers, at a place that is one.

    Raises PipelineError if nobody answers there, or there are no workers.
    """
    _quieten()
    settings = {
        "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a model, or a block of images that is shipped
        "distributed.comm.timeouts.connect": f"{CONNECTING}s",
    }
    with dask.config.set(settings), contextlib.ExitStack() as stack:
        if place.scheduler == "distributed":
            address = stack.enter_context(_started(place))
        else:
            address = _read_address(place.scheduler_file) if place.scheduler_file else place.scheduler
        client = _connect(address)
        stack.callback(client.close, timeout=LOOKING)
        _wait_for_workers(client, address, report)
        _tell_dashboard(client, report)
        yield client


def _wait_for_workers(client: Client, address: str, report: Report) -> None:
    """They may be about to come. Raises PipelineError if they do not."""
    for wait, last in ((LOOKING, False), (WAITING, True)):
        try:
            client.wait_for_workers(1, timeout=wait)
            return
        except TimeoutError:
            start = f"start some, as with dask worker {address}"
            if last:
                raise PipelineError(f"the scheduler at {address} has no workers: {start}") from None
            report(f"waits for workers: {start}")


def _tell_dashboard(client: Client, report: Report) -> None:
    """Tell where it is, if there is one that can be reached from here."""
    with contextlib.suppress(Exception):
        link = client.dashboard_link
        with urllib.request.urlopen(link, timeout=LOOKING) as page:
            empty = b"needs bokeh" in page.read(1000)  # which Dask itself then says there
        report(f"the dashboard is at {link}{' (once bokeh is installed with the scheduler)' if empty else ''}")


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
def _started(place: Place) -> Iterator[str]:
    """The address of a cluster of this machine's own, that nobody else can reach."""
    with contextlib.ExitStack() as stack:
        try:
            # Dask leaves a cluster that is half started as it is
            with _interrupted_later(), _deaf_to_ctrl_c():
                cluster = stack.enter_context(
                    LocalCluster(
                        n_workers=place.workers or count_cores(),
                        threads_per_worker=1,
                        host="127.0.0.1",
                        dashboard_address="127.0.0.1:0",
                        silence_logs=logging.CRITICAL,
                    )
                )
        except (OSError, RuntimeError, TimeoutError) as error:
            raise PipelineError(f"Dask cannot start workers here ({error}): try --scheduler threads") from None
        yield cluster.scheduler_address


@contextlib.contextmanager
def _interrupted_later() -> Iterator[None]:
    """Let signals that ask this process to stop wait until the end."""
    if threading.current_thread() is not threading.main_thread():  # where none come
        yield
        return
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)  # the last may bring one of them again
    before = {kind: signal.getsignal(kind) for kind in kinds}
    waiting: list[int] = []
    for kind in kinds:
        if callable(before[kind]):
            signal.signal(kind, lambda kind, frame: waiting.append(kind))
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
        if waiting:
            signal.raise_signal(waiting[0])


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Let the threads that are started meanwhile, and the processes that these start, never hear of Ctrl-C.

    The terminal tells it to workers as well, and it would be a traceback of each, also while they only start.
    """
    resource_tracker.ensure_running()  # starting it unblocks SIGINT, which a thread of Dask's must not do
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
