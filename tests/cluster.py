"""A real Dask scheduler and real workers, as processes that can be killed."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.processes import environment

START = 60  # seconds that Dask may take to start, on a machine that has other things to do


class Cluster:
    """Processes of `dask scheduler` and `dask worker` on this machine, whose scheduler file is in `folder`."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        self.folder, self.options, self.variables = folder, options, variables
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def file(self) -> Path:
        """Where the scheduler writes its address."""
        return self.folder / "scheduler.json"

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return str(json.loads(self.file.read_text())["address"])

    def start_scheduler(self) -> None:
        """Start it, or start it again at the same address."""
        self.file.unlink(missing_ok=True)
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--scheduler-file", str(self.file)]
        self.scheduler = self._start("scheduler", *where)
        wait_until(lambda: self.file.exists() and self.file.read_text().endswith("}"))
        self.port = int(self.address.rpartition(":")[2])

    def start_worker(self, prefix: Sequence[str] = (), **variables: str) -> subprocess.Popen[bytes]:
        """One of one thread, without a nanny, which would start it again when it dies. prefix: of its command line."""
        how = ["--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--memory-limit", "0"]
        how += ["--no-nanny", "--local-directory", str(self.folder)]
        worker = self._start("worker", "--scheduler-file", str(self.file), *how, prefix=prefix, **variables)
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        """Kill them all."""
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            process.kill()
            process.wait()

    def _start(self, *line: str, prefix: Sequence[str] = (), **variables: str) -> subprocess.Popen[bytes]:
        command = [*prefix, sys.executable, "-m", "dask", *line, *self.options]
        surroundings: Mapping[str, str] = {**environment(), **self.variables, **variables}
        with open(self.folder / f"{line[0]}.log", "ab") as log:
            return subprocess.Popen(command, env=surroundings, cwd=self.folder, stdout=log, stderr=log)


@contextmanager
def started(folder: Path, workers: int, *options: str, **variables: str) -> Iterator[Cluster]:
    """A cluster with so many workers, which are killed in the end."""
    cluster = Cluster(folder, *options, **variables)
    try:
        cluster.start_scheduler()
        for _ in range(workers):
            cluster.start_worker()
        yield cluster
    finally:
        cluster.stop()


def wait_until(condition: Callable[[], object], seconds: float = START) -> None:
    """Wait until it holds; an AssertionError if it does not come to that."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)
