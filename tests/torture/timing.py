"""Faults at a point in time: signals, inputs truncated during a run, a clock that was set back."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.torture.kinds import INTERRUPTED, Attempt, Fault, Injection
from tests.torture.sandbox import Sandbox, finish, run, start

DAY = 86_400 * 10**9  # nanoseconds


def stop_by(kind: signal.Signals) -> Callable[[Sandbox, Random, int], Iterator[Attempt]]:
    """Return a generator of attempts that send this signal, at times spread over the run."""

    def attempts(sandbox: Sandbox, generator: Random, rounds: int) -> Iterator[Attempt]:
        count = 5 * rounds
        for i in range(count):
            seconds = (i + generator.random()) / count * sandbox.seconds
            # Python re-raises a SIGINT that arrives within exec(), as used by dataclasses, after cleaning up
            statuses = (-kind,) if kind is signal.SIGKILL else (INTERRUPTED, -kind, -signal.SIGINT)
            clean = kind is not signal.SIGKILL
            yield Attempt(f"after {seconds:.3f} s", _signalled(kind, seconds), statuses, clean)

    return attempts


def _signalled(kind: signal.Signals, seconds: float) -> Injection:
    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        with start(sandbox.command, project) as process:
            time.sleep(seconds)
            process.send_signal(kind)
            return finish(process)

    return inject


def cut_short(sandbox: Sandbox, generator: Random, rounds: int) -> Iterator[Attempt]:
    """Truncate an input file during the run."""
    inputs = [path for name in sandbox.command.reads for path in (sandbox.project / name).iterdir()]
    large = sorted(path for path in inputs if path.stat().st_size > 2000)
    for _ in range(5 * rounds):
        path = generator.choice(large)
        size = generator.randrange(path.stat().st_size)
        seconds = generator.uniform(0.1, 1) * sandbox.seconds
        name = path.relative_to(sandbox.project)
        yield Attempt(f"{name} truncated to {size} bytes after {seconds:.2f} s", _truncated(name, size, seconds))


def _truncated(name: Path, size: int, seconds: float) -> Injection:
    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        path = project / name
        content, stat = path.read_bytes(), path.stat()
        with start(sandbox.command, project) as process:
            time.sleep(seconds)
            os.truncate(path, size)
            try:
                return finish(process)
            finally:
                path.write_bytes(content)
                os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    return inject


def set_clock_back(sandbox: Sandbox, generator: Random, rounds: int) -> Iterator[Attempt]:
    """Move the times of all files one day into the future."""

    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        for path in project.rglob("*"):
            stat = path.lstat()
            os.utime(path, ns=(stat.st_atime_ns + DAY, stat.st_mtime_ns + DAY), follow_symlinks=False)
        return run(sandbox.command, project)

    yield Attempt("by a day", inject, statuses=())


FAULTS = (
    *(Fault(kind.name, stop_by(kind)) for kind in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)),
    Fault("input cut short", cut_short),
    Fault("clock set back", set_clock_back),
)
