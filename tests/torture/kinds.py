"""What a fault is: ways to try it on a command, and how the command may end then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.torture.workshop import Bench

FAILED, MISUSED, INTERRUPTED = 1, 2, 130

Act = Callable[[Bench, Path], CompletedProcess[str]]


@dataclass(frozen=True)
class Attempt:
    """One try of a fault.

    how: in words. act: runs the command in a project with the fault, and then takes the fault away. ends: the statuses
    with which it may end, beside 0 if it was done before the fault came. clean: whether it can tidy up.
    on_small_disk: whether the project has to be on a disk of its own.
    """

    how: str
    act: Act
    ends: tuple[int, ...] = (FAILED,)
    clean: bool = True
    on_small_disk: bool = False


@dataclass(frozen=True)
class Fault:
    """name: in the table. attempts: on a command, so many as a number of rounds asks for.

    lack: what this machine lacks for it, if anything.
    """

    name: str
    attempts: Callable[[Bench, Random, int], Iterator[Attempt]]
    lack: Callable[[], str | None] = lambda: None
