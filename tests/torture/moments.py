"""Faults that come at a moment: a signal, a kill, an input that is cut short; and a clock that is set back."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.torture.kinds import INTERRUPTED, Act, Attempt, Fault
from tests.torture.workshop import Bench, finish, run, start

DAY = 86_400 * 10**9  # nanoseconds


def stop_by(kind: signal.Signals) -> Callable[[Bench, Random, int], Iterator[Attempt]]:
    """The attempts to stop a command by that signal, at moments that are spread over its run."""

    def attempts(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
        count = 5 * rounds
        for number in range(count):
            seconds = (number + generator.random()) / count * bench.seconds
            # Interrupted within an exec, as dataclasses have, Python ends itself by SIGINT when all is tidied up
            ends = (-kind,) if kind is signal.SIGKILL else (INTERRUPTED, -kind, -signal.SIGINT)
            yield Attempt(f"after {seconds:.3f} s", _signalled(kind, seconds), ends, clean=kind is not signal.SIGKILL)

    return attempts


def _signalled(kind: signal.Signals, seconds: float) -> Act:
    def act(bench: Bench, project: Path) -> CompletedProcess[str]:
        with start(bench.command, project) as process:
            time.sleep(seconds)
            process.send_signal(kind)
            return finish(process)

    return act


def cut_short(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
    """A file that is read loses its end, before that or meanwhile."""
    read = [path for name in bench.command.reads for path in (bench.project / name).iterdir()]
    long = sorted(path for path in read if path.stat().st_size > 2000)
    for _ in range(5 * rounds):
        path = generator.choice(long)
        size = generator.randrange(path.stat().st_size)
        seconds = generator.uniform(0.1, 1) * bench.seconds
        name = path.relative_to(bench.project)
        yield Attempt(f"{name} cut to {size} bytes after {seconds:.2f} s", _cut(name, size, seconds))


def _cut(name: Path, size: int, seconds: float) -> Act:
    def act(bench: Bench, project: Path) -> CompletedProcess[str]:
        path = project / name
        whole, at = path.read_bytes(), path.stat()
        with start(bench.command, project) as process:
            time.sleep(seconds)
            os.truncate(path, size)
            try:
                return finish(process)
            finally:
                path.write_bytes(whole)
                os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns))

    return act


def set_clock_back(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
    """All that is there seems to be from tomorrow."""

    def act(bench: Bench, project: Path) -> CompletedProcess[str]:
        for path in project.rglob("*"):
            at = path.lstat()
            os.utime(path, ns=(at.st_atime_ns + DAY, at.st_mtime_ns + DAY), follow_symlinks=False)
        return run(bench.command, project)

    yield Attempt("by a day", act, ends=())


FAULTS = (
    *(Fault(kind.name, stop_by(kind)) for kind in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)),
    Fault("input cut short", cut_short),
    Fault("clock set back", set_clock_back),
)
