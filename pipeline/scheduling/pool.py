"""Apply a function to a sequence of items in processes of this machine, in order and in bounded memory."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker
from typing import Any

from pipeline.engine.errors import PipelineError

AHEAD = 4  # items per process that may be done before their turn
# Ctrl-C and the end of a terminal session reach all processes; only the first one reacts.
BLOCKED = (signal.SIGINT, signal.SIGHUP)

_function: Callable[[Any], Any]  # in the processes of the pool


def map_in_processes(
    function: Callable[[Any], Any], items: Sequence[Any], processes: int
) -> Generator[Any, None, None]:
    """Yield function(item) of each item, in order.

    function: picklable, as are items and results. Raises what the function raises, and PipelineError if a process is
    lost. When the generator is closed, each process finishes its item.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
    resource_tracker.ensure_running()  # its start would unblock the signals
    pool = ProcessPoolExecutor(processes, context, _prepare, (function,))
    pending: deque[Future[Any]] = deque()
    try:
        for item in items:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)  # inherited by a process that starts here
            try:
                pending.append(pool.submit(_apply, item))
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            if len(pending) == AHEAD * processes:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool:
        raise PipelineError("a process of this command was killed: is there enough memory?") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare(function: Callable[[Any], Any]) -> None:
    """Set the function of this process, and end the process when its parent ends."""
    global _function
    _function = function
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _apply(item: Any) -> Any:
    return _function(item)
