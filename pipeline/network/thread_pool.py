"""A pool of threads. NumPy releases the GIL while it computes, so threads run in parallel.

A training step uses the pool once or twice, and a small network takes hundreds of steps a second. Queues, which are
written in C, start a pool and collect its results in about 25 microseconds; that of the standard library takes two to
three times as long.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import copy_context
from queue import SimpleQueue
from typing import Any, Self, TypeVar

from pipeline.engine.threads import single_threaded_blas

T = TypeVar("T")
ThreadTask = Callable[[int], object]
# Calls function(item, thread) for every item below a count; returns the results in order.
Run = Callable[[Callable[[int, int], Any], int], list[Any]]


def in_sequence(function: Callable[[int, int], T], count: int) -> list[T]:
    """Run one item after the other, in thread 0."""
    return [function(item, 0) for item in range(count)]


class ThreadPool(ExitStack):
    """Threads that run a function for every item of a list; the caller is thread 0.

    Inside the context, BLAS is single-threaded in the whole process. Its order of summation depends on its number of
    threads, so this also makes results bit-identical for any number of cores of the same CPU type.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self._tasks: list[SimpleQueue[ThreadTask | None]] = [SimpleQueue() for _ in range(1, size)]
        self._outcomes: SimpleQueue[BaseException | None] = SimpleQueue()

    def __enter__(self) -> Self:
        super().__enter__()
        self.enter_context(single_threaded_blas())
        # A context is that of one thread; with it, threads ignore the same floating-point errors as the caller.
        threads = [
            threading.Thread(target=copy_context().run, args=(self._work, i), daemon=True) for i in range(1, self.size)
        ]
        for thread, tasks in zip(threads, self._tasks, strict=True):
            thread.start()
            self.callback(thread.join)
            self.callback(tasks.put, None)  # before joining: callbacks are called last in, first out
        return self

    def run(self, function: Callable[[int, int], T], count: int) -> list[T]:
        """Call function(item, thread) for every item below `count`; return the results in order.

        Each thread takes every size-th item. If an item fails, its exception is raised after the other threads have
        finished. If the caller is interrupted, the pool cannot be used again.
        """
        results: list[Any] = [None] * count

        def task(thread: int) -> None:
            for item in range(thread, count, self.size):
                results[item] = function(item, thread)

        others = self._tasks[: max(count - 1, 0)]
        for tasks in others:
            tasks.put(task)
        errors = [_attempt(task, 0), *(self._outcomes.get() for _ in others)]
        for error in filter(None, errors):
            raise error
        return results

    def _work(self, thread: int) -> None:
        while task := self._tasks[thread - 1].get():
            self._outcomes.put(_attempt(task, thread))


def _attempt(task: ThreadTask, thread: int) -> Any:
    """Run a task; return its exception, or None."""
    try:
        task(thread)
    except BaseException as error:
        return error
    return None
