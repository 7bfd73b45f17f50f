"""A Dask scheduler and workers as processes that tests can kill."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import environment

START_TIMEOUT = 60  # seconds for Dask to start on a busy machine


class Cluster:
    """`dask scheduler` and `dask worker` processes on this machine. folder: for the scheduler file and logs."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        self.folder, self.options, self.variables = folder, options, variables
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def file(self) -> Path:
        return self.folder / "scheduler.json"

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def start_scheduler(self) -> None:
        """Start the scheduler; a restart uses the same address."""
        self.file.unlink(missing_ok=True)
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        self.scheduler = self._start("scheduler", "--scheduler-file", str(self.file), *options)
        wait_until(lambda: self.file.exists() and self.file.read_text().endswith("}"))
        self.port = int(self.address.rpartition(":")[2])

    def start_worker(self, prefix: Sequence[str] = (), **variables: str) -> subprocess.Popen[bytes]:
        """Start a worker of one thread, without a nanny that would restart it. prefix: of its command line."""
        options = ["--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--memory-limit", "0"]
        options += ["--no-nanny", "--local-directory", str(self.folder)]
        worker = self._start("worker", "--scheduler-file", str(self.file), *options, prefix=prefix, **variables)
        self.workers.append(worker)
        return worker

    def wait_for_workers(self) -> None:
        """Wait until all workers have registered; otherwise the first may run all tasks before the others start."""
        log = self.folder / "worker.log"
        wait_until(lambda: not self.workers or log.read_text().count("Registered to:") >= len(self.workers))

    def stop(self) -> None:
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            process.kill()
            process.wait()

    def _start(self, *line: str, prefix: Sequence[str] = (), **variables: str) -> subprocess.Popen[bytes]:
        command = [*prefix, sys.executable, "-m", "dask", *line, *self.options]
        env: Mapping[str, str] = {**environment(), **self.variables, **variables}
        with open(self.folder / f"{line[0]}.log", "ab") as log:
            return subprocess.Popen(command, env=env, cwd=self.folder, stdout=log, stderr=log)


@contextmanager
def run_cluster(folder: Path, workers: int, *options: str, **variables: str) -> Iterator[Cluster]:
    cluster = Cluster(folder, *options, **variables)
    try:
        cluster.start_scheduler()
        for _ in range(workers):
            cluster.start_worker()
        cluster.wait_for_workers()
        yield cluster
    finally:
        cluster.stop()


def make_folder(tmp_path: Path) -> Path:
    """Return a folder for a cluster, outside of the folder of the test."""
    folder = tmp_path.parent / f"{tmp_path.name}-cluster"
    folder.mkdir()
    return folder


def hidden(folder: Path) -> list[str]:
    """Return the prefix of a command that does not see the files in a folder. Skips the test if that is impossible."""
    prefix = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    prefix += ['mount -t tmpfs none "$0" && exec "$@"', str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("cannot hide a folder (unshare --mount)")
    return prefix


def wait_until(condition: Callable[[], object], seconds: float = START_TIMEOUT) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timeout"
        time.sleep(0.05)
