"""A team of threads: NumPy releases Python's lock while it computes, so threads are enough.

A training step has two barriers, thousands of times a second. A barrier takes about 25 microseconds by queues, which
are written in C, and two or three times as long by `threading.Barrier` or by handing tasks to a pool.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from pipeline.engine.cores import single_threaded_blas

T = TypeVar("T")


class TeamError(Exception):
    """Another thread of the team has failed, so it will not reach the barrier."""


class Team:
    """Threads numbered from 0 that work on one task; the caller is number 0.

    While it is entered, matrix products are single-threaded in the whole process. BLAS adds up in another order with
    another number of threads, so this also keeps the bits the same on any number of cores of the same CPU type.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        # To each thread the others send True when they reach a barrier, False when they have failed.
        self._gates: list[SimpleQueue[bool]] = [SimpleQueue() for _ in range(size)]
        self._tasks: list[SimpleQueue[Callable[[int], Any] | None]] = [SimpleQueue() for _ in range(1, size)]
        self._results: SimpleQueue[tuple[int, Any, BaseException | None]] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, args=(i,), daemon=True) for i in range(1, size)]

    def __enter__(self) -> Self:
        self._single = single_threaded_blas()
        self._single.__enter__()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            for gate in self._gates if error else ():
                gate.put(False)  # a thread may wait for the caller, who was interrupted
            for tasks in self._tasks:
                tasks.put(None)
            for thread in self._threads:
                thread.join()
        finally:
            self._single.__exit__(kind, error, at)

    def run(self, task: Callable[[int], T]) -> list[T]:
        """Run `task(number)` in all threads at once; return their results. Raises what one of them raises.

        After that the team cannot be used again.
        """
        for tasks in self._tasks:
            tasks.put(task)
        outcomes = [self._attempt(task, 0), *(self._results.get() for _ in self._tasks)]
        errors = [error for _, _, error in outcomes if error]
        for error in sorted(errors, key=lambda error: isinstance(error, TeamError)):
            raise error
        return [result for _, result, _ in sorted(outcomes, key=lambda outcome: outcome[0])]

    def wait(self, number: int) -> None:
        """Barrier: wait, as thread `number`, until all threads are here. Raises TeamError if one has failed."""
        for other, gate in enumerate(self._gates):
            if other != number:
                gate.put(True)
        for _ in range(self.size - 1):
            if not self._gates[number].get():
                raise TeamError

    def _work(self, number: int) -> None:
        while task := self._tasks[number - 1].get():
            self._results.put(self._attempt(task, number))

    def _attempt(self, task: Callable[[int], T], number: int) -> tuple[int, T | None, BaseException | None]:
        try:
            return number, task(number), None
        except BaseException as error:
            for gate in self._gates:
                gate.put(False)
            return number, None, error
