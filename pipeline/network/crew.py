"""Several threads at one job: NumPy lets go of Python's lock while it computes, so threads are enough.

A step of learning has two parts, after each of which all must wait for all, thousands of times a second. So what counts
is how long a meeting takes: about 25 microseconds by queues, which are written in C, and two or three times that by a
`threading.Barrier` or by handing tasks to a pool.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from pipeline.engine.blas import single_threaded_blas

T = TypeVar("T")


class CrewError(Exception):
    """Another of the crew has failed, so it will not come to any meeting."""


class Crew:
    """Threads that do a job together, numbered from 0; the one that calls is number 0.

    As long as it is entered, matrix products have one thread each: the crew is the parallelism. BLAS adds up in
    another order with other numbers of threads, so this also keeps every bit where it is on every machine that has
    the same kind of processor. (It is a setting of the whole process.)
    """

    def __init__(self, size: int) -> None:
        self.size = size
        # Where the others announce themselves: True, I have come; False, I will not.
        self._gates: list[SimpleQueue[bool]] = [SimpleQueue() for _ in range(size)]
        self._jobs: list[SimpleQueue[Callable[[int], Any] | None]] = [SimpleQueue() for _ in range(1, size)]
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
                gate.put(False)  # somebody may wait for one who was interrupted before he could say so
            for jobs in self._jobs:
                jobs.put(None)
            for thread in self._threads:
                thread.join()
        finally:
            self._single.__exit__(kind, error, at)

    def run(self, job: Callable[[int], T]) -> list[T]:
        """What `job(number)` returns for each number, by all threads at once. Raises what one of them raises.

        After it has raised, the crew is of no more use.
        """
        for jobs in self._jobs:
            jobs.put(job)
        outcomes = [self._attempt(job, 0), *(self._results.get() for _ in self._jobs)]
        errors = [error for _, _, error in outcomes if error]
        for error in sorted(errors, key=lambda error: isinstance(error, CrewError)):
            raise error
        return [result for _, result, _ in sorted(outcomes, key=lambda outcome: outcome[0])]

    def meet(self, number: int) -> None:
        """Wait, as thread `number`, until all threads have come here. Raises CrewError if one will not."""
        for other, gate in enumerate(self._gates):
            if other != number:
                gate.put(True)
        for _ in range(self.size - 1):
            if not self._gates[number].get():
                raise CrewError

    def _work(self, number: int) -> None:
        while job := self._jobs[number - 1].get():
            self._results.put(self._attempt(job, number))

    def _attempt(self, job: Callable[[int], T], number: int) -> tuple[int, T | None, BaseException | None]:
        try:
            return number, job(number), None
        except BaseException as error:
            for gate in self._gates:
                gate.put(False)
            return number, None, error
