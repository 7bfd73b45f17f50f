"""The program, and programs around it, as processes of their own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import pytest

ROOT = Path(__file__).parent.parent

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment() -> dict[str, str]:
    """The environment of a process that runs this checkout, from whatever folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "NO_COLOR": "1"}


@dataclass(frozen=True)
class Cost:
    """memory: bytes of it that were resident at the peak."""

    seconds: float
    memory: int


def measure_cost(command: list[str], folder: Path) -> Cost:
    """What it costs to run `command` in `folder`, until its end, which must be a good one.

    There is a small process between: one that begins has, as the system counts it, once been as large as its parent.
    """
    code = "import os, sys; _, status, used = os.wait4(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ), 0); "
    code += "print(used.ru_maxrss); sys.exit(os.waitstatus_to_exitcode(status))"
    started = time.perf_counter()
    between = [sys.executable, "-S", "-c", code, *command]
    done = subprocess.run(between, cwd=folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(time.perf_counter() - started, int(done.stdout.split()[-1]) * unit)


def take_signals() -> None:
    """In a child process before it starts: let signals end it, also where nohup or a `&` has made us ignore them."""
    for kind in (signal.SIGINT, signal.SIGHUP):
        signal.signal(kind, signal.SIG_DFL)


def without_network(command: list[str]) -> list[str]:
    """The same command in a network of its own, which has nothing in it. Skips the test where that can't be."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine does not let us cut the network (unshare -rn)")
    return [unshare, "-rn", *command]


def wait_for(text: str, stream: IO[str] | None) -> None:
    """Read what a process says until a line with `text` comes. Fails the test if none does."""
    assert stream is not None
    if not any(text in line for line in stream):
        pytest.fail(f"the process has ended and not said {text!r}")


def family(pid: int) -> list[psutil.Process]:
    """The process, and all that it and they have started, as far as they live."""
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def kill_family(pid: int) -> None:
    """Kill the process and all that it and they have started, the youngest first: some end with their parents."""
    for process in reversed(family(pid)):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def listening(pid: int) -> list[str]:
    """At which addresses the process and its family listen: one for each socket."""
    addresses = []
    for process in family(pid):
        with suppress(psutil.NoSuchProcess):  # it has ended since
            sockets = process.net_connections()
            addresses += [socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN]
    return addresses
