"""Connections to schedulers, and clusters that are started on this machine."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.engine.errors import PipelineError
from pipeline.scheduling import cluster as module
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job
from tests.cluster import START_TIMEOUT, run_cluster, wait_until
from tests.pipeline.scheduling import tasks
from tests.pipeline.scheduling.common import collect, run_job
from tests.processes import environment, kill_tree, listening_addresses, process_tree, reset_signals

pytestmark = pytest.mark.slow


def test_missing_scheduler_or_workers_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 2.0)
    with pytest.raises(PipelineError, match="no Dask scheduler responds at tcp://127.0.0.1:9 within 2 seconds"):
        collect(tasks.multiply, 1, range(1), Backend("tcp://127.0.0.1:9"))
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", START_TIMEOUT)
    monkeypatch.setattr(module, "WORKER_TIMEOUT", 2.0)
    caplog.set_level("INFO")
    with run_cluster(tmp_path, workers=0) as cluster, pytest.raises(PipelineError, match="has no workers: start some"):
        collect(tasks.multiply, 1, range(1), Backend(cluster.address))
    assert "waiting for workers" in caplog.text


def test_server_that_is_not_a_scheduler_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 2.0)
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        port = server.stdout.readline().split(" port ")[1].split()[0]
        with pytest.raises(PipelineError, match=f"127.0.0.1:{port}"):
            collect(tasks.multiply, 1, range(1), Backend(f"tcp://127.0.0.1:{port}"))
    finally:
        server.kill()
        server.communicate()


def test_local_cluster_listens_to_this_machine_only_and_ends_with_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    addresses: list[set[str]] = []
    workers: list[psutil.Process] = []

    def on_result(index: int, result: Any) -> None:
        addresses.append(set(listening_addresses(os.getpid())))
        workers.extend(child for child in process_tree(os.getpid())[1:] if listening_addresses(child.pid))

    run_job(Job(tasks.multiply, 1, range(1)), Backend("processes", 2), on_result)
    assert addresses == [{"127.0.0.1"}]
    assert len(workers) == 2
    wait_until(lambda: not any(worker.is_running() for worker in workers), 20)
    assert not list(tmp_path.iterdir())


def test_workers_of_local_cluster_ignore_ctrl_c() -> None:
    """The parent process handles Ctrl-C; each worker would print a traceback."""
    processes = collect(tasks.send_itself_ctrl_c, None, range(3), Backend("processes", 1))
    assert len(set(processes.values())) == 1  # the worker was not restarted


IMPORTS = """
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job
from tests.pipeline.scheduling.common import run_job
from tests.pipeline.scheduling import tasks
"""


def start_job(folder: Path, setup: str = "", **options: Any) -> subprocess.Popen[str]:
    """Start two tasks of a minute in a process, in a local cluster; each writes a file named by its process."""
    script = folder.parent / f"{folder.name}.py"
    job = f"run_job(Job(tasks.sleep_long, {str(folder)!r}, range(2)), Backend('processes', 2), print)"
    script.write_text(f"{IMPORTS}if __name__ == '__main__':\n    {setup}\n    {job}")
    return subprocess.Popen([sys.executable, str(script)], env=environment(), text=True, **options)


@pytest.mark.parametrize(
    ("kind", "setup"),
    [  # the handlers repeat an interrupt that Python drops
        (signal.SIGINT, "from pipeline.engine.signals import install_handlers; install_handlers()"),
        (signal.SIGKILL, ""),
    ],
)
def test_local_cluster_ends_with_its_parent(kind: signal.Signals, setup: str, tmp_path: Path) -> None:
    parent = start_job(tmp_path, setup, start_new_session=True, preexec_fn=reset_signals)
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    if kind == signal.SIGINT:
        os.killpg(parent.pid, kind)  # as the terminal does
    else:
        parent.send_signal(kind)
    try:
        parent.wait(30)
        wait_until(lambda: not any(psutil.pid_exists(int(path.name)) for path in tmp_path.iterdir()), 20)
    finally:
        kill_tree(parent.pid)
        parent.wait()


def test_interrupt_while_local_cluster_starts_shows_no_traceback(tmp_path: Path) -> None:
    body = IMPORTS.replace("\n", "\n        ")
    setup = f"""from pipeline.engine.program import run_command, run_program
    def status():
        print("begins", flush=True){body}
        run_job(Job(tasks.sleep_long, {str(tmp_path)!r}, range(2)), Backend("processes", 2), print)
    run_program(lambda: run_command("status", status))"""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = start_job(tmp_path, setup, **pipes, start_new_session=True, preexec_fn=reset_signals)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(1.5)  # until Dask starts the workers
    os.killpg(process.pid, signal.SIGINT)
    try:
        _, stderr = process.communicate(timeout=60)
    finally:
        kill_tree(process.pid)
    assert process.returncode == 130
    assert stderr.splitlines() == ["status: interrupted. Published results are unchanged"]
