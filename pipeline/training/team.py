"""A thread team. NumPy releases the GIL while it computes, so threads run in parallel.

A training step uses the team twice, and there are thousands of steps a second. Queues, which are written in C, start a
team and collect its results in about 25 microseconds; a thread pool of the standard library takes two to three times as
long.
"""

import threading
from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from pipeline.engine.threads import single_threaded_blas

T = TypeVar("T")
Task = Callable[[int], object]


class ThreadTeam:
    """Threads that run a function for every item of a list; the caller is thread 0.

    Inside the context, BLAS is single-threaded in the whole process. Its order of summation depends on its number of
    threads, so this also makes results bit-identical for any number of cores of the same CPU type.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._tasks: list[SimpleQueue[Task | None]] = [SimpleQueue() for _ in range(1, size)]
        self._outcomes: SimpleQueue[BaseException | None] = SimpleQueue()

    def __enter__(self) -> Self:
        self._blas_limit = single_threaded_blas()
        self._blas_limit.__enter__()
        # A context is that of one thread; with it, threads ignore the same floating-point errors as the caller.
        self._threads = [
            threading.Thread(target=copy_context().run, args=(self._work, i), daemon=True) for i in range(1, self.size)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            for tasks in self._tasks:
                tasks.put(None)
            for thread in self._threads:
                thread.join()
        finally:
            self._blas_limit.__exit__(kind, error, at)

    def run(self, function: Callable[[int, int], T], count: int) -> list[T]:
        """Call function(item, thread) for every item below `count`; return the results in order.

        A thread takes every size-th item. Raises the exception of an item that fails, after the other threads have
        finished; the team cannot be used again if the caller is interrupted.
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


def _attempt(task: Task, thread: int) -> Any:
    """Run a task; return its exception, or None."""
    try:
        task(thread)
    except BaseException as error:
        return error
    return None
