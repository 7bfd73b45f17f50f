"""The types of a fault-injection campaign."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.torture.sandbox import Sandbox

FAILED, MISUSED, INTERRUPTED = 1, 2, 130  # exit statuses

Injection = Callable[[Sandbox, Path], CompletedProcess[str]]


@dataclass(frozen=True)
class Attempt:
    """One injection of a fault.

    inject: runs the command with the fault in a copy of the project, then removes the fault. statuses: the allowed
    exit statuses besides 0. clean: whether the command can delete its temporary files. on_small_disk: whether the
    project must be on a separate file system.
    """

    description: str
    inject: Injection
    statuses: tuple[int, ...] = (FAILED,)
    clean: bool = True
    on_small_disk: bool = False


@dataclass(frozen=True)
class Fault:
    """attempts: generates attempts on a command, their number proportional to the number of rounds.

    unavailable: the reason why this machine cannot inject the fault, or None.
    """

    name: str
    attempts: Callable[[Sandbox, Random, int], Iterator[Attempt]]
    unavailable: Callable[[], str | None] = lambda: None
