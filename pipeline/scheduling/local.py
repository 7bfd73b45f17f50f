"""Jobs on this machine, by Dask's own schedulers: one task after another, in threads, or in processes."""

import contextlib
import functools
import itertools
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context
from types import FrameType
from typing import Any

import dask
from dask.base import compute
from dask.callbacks import Callback
from dask.delayed import delayed
from threadpoolctl import threadpool_limits

from pipeline.scheduling.jobs import CutOffError, Job, Tell
from pipeline.scheduling.places import Place, count_cores

LAST = 10**12 - 1  # counted down from here, since of equals Dask begins with the last name
WAKING = 0.5  # seconds that a signal is unheard at most
BATCH = 32  # tasks for each worker that Dask is given at a time


def run_locally(job: Job, place: Place) -> None:
    """Do all tasks of the job on this machine. Raises what a task raises; CutOffError if a worker process dies."""
    workers = place.workers or count_cores()
    numbered = enumerate(job.tasks)

    def deliver(key: object, result: Any, graph: object, state: dict[str, Any], worker: object) -> None:
        job.on_result(*result)
        state["cache"][key] = None  # where Dask would hold on to it until the end of the batch

    prepared = _in_processes if place.scheduler == "processes" else _in_threads
    # the callback is called in this thread, the one that waits for the tasks
    with prepared(job, workers) as call, Callback(posttask=deliver), _woken():
        while batch := list(itertools.islice(numbered, BATCH * workers)):
            tasks = [
                delayed(functools.partial(call, *task), traverse=False)(dask_key_name=f"task-{LAST - task[0]:012}")
                for task in batch
            ]
            compute(*tasks, scheduler=place.scheduler, num_workers=workers, chunksize=1)  # else six share a worker


@contextlib.contextmanager
def _woken() -> Iterator[None]:
    """Wake the main thread now and then from its wait for tasks, so that it hears signals.

    Python runs a signal's handler between two steps of the main thread. A signal that comes after the last step before
    a wait, a gap that threads which keep the GIL make wide, is heard when the wait is over: hours later, perhaps.
    """
    ours = threading.current_thread() is threading.main_thread()
    unheard = signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, _wake)
    if not ours or not unheard or any(signal.getitimer(signal.ITIMER_REAL)):  # others' alarm is not to be moved
        yield
        return
    try:
        signal.signal(signal.SIGALRM, _wake)  # and it stays, for an alarm that comes late
        signal.setitimer(signal.ITIMER_REAL, WAKING, WAKING)
        yield
    finally:
        if signal.getsignal(signal.SIGALRM) is _wake:  # else somebody has set an alarm since
            signal.setitimer(signal.ITIMER_REAL, 0)


def _wake(kind: int, frame: FrameType | None) -> None:
    """Nothing is left to do: who hears this is awake."""


Call = Callable[[int, Any], tuple[int, Any]]


@contextlib.contextmanager
def _in_threads(job: Job, workers: int) -> Iterator[Call]:
    """What is to be called for each numbered task: gives its number and its result. In the end nobody works on."""
    over = threading.Event()

    def tell(message: Any) -> None:
        if over.is_set():  # the only moment at which a thread can be stopped
            raise CutOffError("nobody waits for this task any more")
        job.on_message(message)

    pool = ThreadPoolExecutor(workers)
    try:
        with threadpool_limits(1, "blas"), dask.config.set(pool=pool):  # the workers are the parallelism
            yield functools.partial(_call, job.function, job.shared, tell)
    finally:
        over.set()
        pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _in_processes(job: Job, workers: int) -> Iterator[Call]:
    """The same, where others work."""
    context = get_context("spawn")  # a forked child would inherit BLAS's threads in an unusable state
    messages = context.Queue()
    leash, end = context.Pipe(duplex=False)  # the workers end when this process lets go of its end, or dies
    over = threading.Event()
    reader = threading.Thread(target=_pass_on, args=(messages, job.on_message, over), daemon=True)
    reader.start()
    pool = ProcessPoolExecutor(workers, context, _start_worker, (job.shared, messages, leash))
    try:
        with dask.config.set(pool=pool):
            yield functools.partial(_call_there, job.function)
        pool.shutdown()  # what they have told is on its way now
    except BrokenProcessPool:
        raise CutOffError("a worker process has died, of too little memory perhaps: try fewer workers") from None
    finally:
        end.close()
        pool.shutdown(cancel_futures=True)
        leash.close()
        over.set()
        reader.join()


def _call(function: Callable[..., Any], shared: Any, tell: Tell, number: int, task: Any) -> tuple[int, Any]:
    return number, function(shared, task, tell)


def _pass_on(messages: Any, on_message: Tell, over: threading.Event) -> None:
    """Pass on what the workers tell, until it is over and they have told all."""
    while True:
        try:
            on_message(messages.get(timeout=0.1))
        except queue.Empty:
            if over.is_set():
                return


_here: dict[str, Any] = {}  # in a worker process: what it was started with


def _start_worker(shared: Any, messages: Any, leash: connection.Connection) -> None:
    """One thread for BLAS, since the workers are the parallelism; and Ctrl-C is for the process that has them."""
    _here.update(shared=shared, tell=messages.put)
    threadpool_limits(1, "blas")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, args=(leash,), daemon=True).start()


def _die_with_parent(leash: connection.Connection) -> None:
    """Nobody waits any more for what is done here."""
    connection.wait([leash])
    os._exit(1)


def _call_there(function: Callable[..., Any], number: int, task: Any) -> tuple[int, Any]:
    return _call(function, _here["shared"], _here["tell"], number, task)
