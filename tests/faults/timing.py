"""Faults at a point in time: signals, and inputs truncated during a run."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.faults.kinds import INTERRUPTED, Attempt, Fault, Injection, changed
from tests.faults.sandbox import Sandbox, finish, list_inputs, start


def stop_by(sandbox: Sandbox, generator: Random, kind: signal.Signals) -> Iterator[Attempt]:
    """Send a signal at times spread over the run."""
    count = 5
    for i in range(count):
        seconds = (i + generator.random()) / count * sandbox.seconds
        # Python re-raises a SIGINT that arrives within exec(), as used by dataclasses, after cleaning up
        statuses = (-kind,) if kind is signal.SIGKILL else (INTERRUPTED, -kind, -signal.SIGINT)
        yield Attempt(f"after {seconds:.3f} s", _signalled(kind, seconds), statuses, kind is not signal.SIGKILL)


def _signalled(kind: signal.Signals, seconds: float) -> Injection:
    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        with start(sandbox.command, project) as process:
            time.sleep(seconds)
            process.send_signal(kind)
            return finish(process)

    return inject


def cut_short(sandbox: Sandbox, generator: Random) -> Iterator[Attempt]:
    """Truncate an input file during the run."""
    large = [name for name in list_inputs(sandbox) if (sandbox.project / name).stat().st_size > 2000]
    for _ in range(5):
        name = generator.choice(large)
        size = generator.randrange((sandbox.project / name).stat().st_size)
        seconds = generator.uniform(0.1, 1) * sandbox.seconds
        inject = changed(partial(_truncated, name=name, size=size), seconds)
        yield Attempt(f"{name} truncated to {size} bytes after {seconds:.2f} s", inject)


@contextmanager
def _truncated(project: Path, name: Path, size: int) -> Iterator[None]:
    path = project / name
    content, stat = path.read_bytes(), path.stat()
    os.truncate(path, size)
    yield
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)
FAULTS = (
    *(Fault(kind.name, partial(stop_by, kind=kind)) for kind in SIGNALS),
    Fault("input cut short", cut_short),
)
