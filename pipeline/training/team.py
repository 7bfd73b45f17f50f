"""A thread team with barriers. NumPy releases the GIL while it computes, so threads run in parallel.

A training step has two barriers, and there are thousands of steps a second. A barrier made of queues, which are written
in C, takes about 25 microseconds; `threading.Barrier` or a new task of a thread pool takes two to three times as long.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from pipeline.engine.threads import single_threaded_blas

T = TypeVar("T")


class TeamError(Exception):
    """Another thread of the team failed, so it will not reach the barrier."""


class Team:
    """Threads numbered from 0 that run the same task; the caller is thread 0.

    Inside the context, BLAS is single-threaded in the whole process. Its order of summation depends on its number of
    threads, so this also makes results bit-identical for any number of cores of the same CPU type.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        # One inbox per thread: the others put True when they reach a barrier and False when they fail.
        self._inboxes: list[SimpleQueue[bool]] = [SimpleQueue() for _ in range(size)]
        self._tasks: list[SimpleQueue[Callable[[int], Any] | None]] = [SimpleQueue() for _ in range(1, size)]
        self._results: SimpleQueue[tuple[int, Any, BaseException | None]] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, args=(i,), daemon=True) for i in range(1, size)]

    def __enter__(self) -> Self:
        self._blas_limit = single_threaded_blas()
        self._blas_limit.__enter__()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            for inbox in self._inboxes if error else ():
                inbox.put(False)  # threads may wait for the caller, which was interrupted
            for tasks in self._tasks:
                tasks.put(None)
            for thread in self._threads:
                thread.join()
        finally:
            self._blas_limit.__exit__(kind, error, at)

    def run(self, task: Callable[[int], T]) -> list[T]:
        """Run `task(number)` in all threads; return the results in order. Raises the exception of a task that fails.

        After an exception the team cannot be used again.
        """
        for tasks in self._tasks:
            tasks.put(task)
        outcomes = [self._attempt(task, 0), *(self._results.get() for _ in self._tasks)]
        errors = [error for _, _, error in outcomes if error]
        for error in sorted(errors, key=lambda error: isinstance(error, TeamError)):
            raise error
        return [result for _, result, _ in sorted(outcomes, key=lambda outcome: outcome[0])]

    def wait(self, number: int) -> None:
        """Barrier: block thread `number` until all threads arrive. Raises TeamError if one failed."""
        for other, inbox in enumerate(self._inboxes):
            if other != number:
                inbox.put(True)
        for _ in range(self.size - 1):
            if not self._inboxes[number].get():
                raise TeamError

    def _work(self, number: int) -> None:
        while task := self._tasks[number - 1].get():
            self._results.put(self._attempt(task, number))

    def _attempt(self, task: Callable[[int], T], number: int) -> tuple[int, T | None, BaseException | None]:
        try:
            return number, task(number), None
        except BaseException as error:
            for inbox in self._inboxes:
                inbox.put(False)
            return number, None, error
