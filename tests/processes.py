"""Start processes and measure them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

ROOT = Path(__file__).parent.parent
UNFINISHED = shutil.ignore_patterns("*.pyc.*")  # bytecode that another process is writing; complete bytecode is copied
SAMPLING = 0.02  # seconds between two measurements of memory

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment() -> dict[str, str]:
    """Return the environment of the programs that tests start. They keep their bytecode, so that they start faster."""
    own = {"PYTHONPATH": str(ROOT), "COLUMNS": "120", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": ""}
    return {**os.environ, **own}


def capture(command: Sequence[str | os.PathLike[str]], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command, by default in `environment`, and return its status and its output."""
    return subprocess.run(command, **{"env": environment(), "capture_output": True, "text": True, **options})


def start_process(command: Sequence[str | os.PathLike[str]], **options: Any) -> subprocess.Popen[str]:
    """Start a command, by default in `environment` and with its output in pipes; do not wait for it."""
    pipe = subprocess.PIPE
    defaults = {"env": environment(), "preexec_fn": reset_signals, "stdout": pipe, "stderr": pipe, "text": True}
    return subprocess.Popen(command, **{**defaults, **options})


def unprivileged() -> list[str]:
    """Return what to write before a command so that file permissions apply to it, also if the tests run as root."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("permissions do not apply to root: install setpriv (util-linux)")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@dataclass(frozen=True)
class Cost:
    """memory: peak of the resident memory of the largest process, in bytes."""

    seconds: float
    memory: int
    stdout: str = ""


def measure_cost(command: list[str], folder: Path) -> Cost:
    # The peak of a child includes the size of its parent, so a small intermediate process starts the command.
    code = "import os, sys; _, status, used = os.wait4(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ), 0); "
    code += "print(used.ru_maxrss); sys.exit(os.waitstatus_to_exitcode(status))"
    started = time.perf_counter()
    intermediate = [sys.executable, "-S", "-c", code, *command]
    done = capture(intermediate, cwd=folder)
    assert done.returncode == 0, done.stderr
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(time.perf_counter() - started, int(done.stdout.split()[-1]) * unit)


def watch_cost(command: list[str], others: Sequence[int] = ()) -> Cost:
    """Run a command and sample the memory of its processes, of `others`, and of their descendants (Linux only)."""
    started, memory = time.perf_counter(), 0
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=stdout, stderr=stderr)
        while process.poll() is None:
            for each in [one for pid in (process.pid, *others) for one in process_tree(pid)]:
                with suppress(psutil.Error):
                    memory = max(memory, each.memory_info().rss)
            time.sleep(SAMPLING)
        seconds = time.perf_counter() - started
        stdout.seek(0)
        stderr.seek(0)
        assert process.returncode == 0, stderr.read()
        return Cost(seconds, memory, stdout.read())


def reset_signals() -> None:
    """Restore default handlers, for `preexec_fn`: nohup or a `&` in the shell may have set signals to be ignored."""
    for kind in (signal.SIGINT, signal.SIGHUP):
        signal.signal(kind, signal.SIG_DFL)


def without_network(command: list[str]) -> list[str]:
    """Return the command in an empty network namespace. Skips the test where that is not possible."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode != 0:
        pytest.skip("cannot create a network namespace (unshare -rn)")
    return [unshare, "-rn", *command]


def wait_for(text: str, stream: IO[str] | None) -> None:
    """Read lines until one contains `text`. Fails the test if none does."""
    assert stream is not None
    if not any(text in line for line in stream):
        pytest.fail(f"the process ended without printing {text!r}")


def process_tree(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def kill_tree(pid: int) -> None:
    for process in reversed(process_tree(pid)):  # children first: some end with their parents
        with suppress(psutil.NoSuchProcess):
            process.kill()


def listening_addresses(pid: int) -> list[str]:
    """Return the addresses of all listening sockets of the process and its descendants."""
    addresses = []
    for process in process_tree(pid):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            sockets = process.net_connections()
            addresses += [socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN]
    return addresses
