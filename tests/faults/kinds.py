"""The types of fault injection."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.faults.sandbox import Sandbox, finish, run, start

FAILED, MISUSED, INTERRUPTED = 1, 2, 130  # exit statuses

Injection = Callable[[Sandbox, Path], CompletedProcess[str]]
Change = Callable[[Path], AbstractContextManager[object]]  # changes a project, and undoes it on exit


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
    """attempts: generates attempts on a command. unavailable: why this machine cannot inject the fault, or None."""

    name: str
    attempts: Callable[[Sandbox, Random], Iterator[Attempt]]
    unavailable: Callable[[], str | None] = lambda: None


def changed(change: Change, seconds: float | None = None, prefix: Sequence[str] = ()) -> Injection:
    """Return an injection that makes a change before the run or, with `seconds`, so long after its start."""

    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        if seconds is None:
            with change(project):
                return run(sandbox.command, project, prefix)
        with start(sandbox.command, project, prefix) as process:
            time.sleep(seconds)
            with change(project):
                return finish(process)

    return inject
