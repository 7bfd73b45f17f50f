"""Schedulers that are there or not, and a cluster of this machine's own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.engine.errors import PipelineError
from pipeline.scheduling import connection
from pipeline.scheduling.backends import Backend, find_backend
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.run import run_job
from tests.cluster import started, wait_until
from tests.pipeline.scheduling import tasks
from tests.pipeline.scheduling.common import collect
from tests.processes import environment, family, listening, take_signals


def test_nobody_at_the_address_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECTING", 2.0)
    with pytest.raises(PipelineError, match="no Dask scheduler answers at tcp://127.0.0.1:9 within 2 seconds"):
        collect(tasks.multiply, 1, range(1), Backend("tcp://127.0.0.1:9"))
    file = tmp_path / "scheduler.json"
    with pytest.raises(PipelineError, match=r"scheduler.json is missing: start a scheduler with --scheduler-file"):
        collect(tasks.multiply, 1, range(1), find_backend("threads", scheduler_file=file))
    file.write_text("{")
    with pytest.raises(PipelineError, match=r"scheduler.json is not valid"):
        collect(tasks.multiply, 1, range(1), find_backend("threads", scheduler_file=file))
    monkeypatch.setattr(connection, "WAITING", 2.0)
    told: list[str] = []
    with started(tmp_path, workers=0) as cluster, pytest.raises(PipelineError, match="has no workers: start some"):
        collect(tasks.multiply, 1, range(1), Backend(cluster.address), report=told.append)
    assert any("waits for workers" in line for line in told)


def test_who_answers_and_is_no_scheduler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECTING", 2.0)
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


@pytest.mark.parametrize("scheduler", ["processes", "distributed"])
def test_a_cluster_of_our_own_listens_to_this_machine_only_and_ends_with_the_job(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    places: list[set[str]] = []
    workers: list[psutil.Process] = []

    def look(number: int, result: Any) -> None:
        places.append(set(listening(os.getpid())))
        workers.extend(child for child in family(os.getpid())[1:] if listening(child.pid))

    run_job(Job(tasks.multiply, 1, range(1), look), Backend(scheduler, 2))
    assert places == [{"127.0.0.1"}]
    assert len(workers) == 2
    wait_until(lambda: not any(worker.is_running() for worker in workers), 20)
    assert not list(tmp_path.iterdir())


def test_ctrl_c_is_nothing_to_the_workers_of_a_cluster_of_our_own() -> None:
    """Who has started them is told by it as well, and what they would say of it is a traceback each."""
    told = collect(tasks.survive_ctrl_c, None, range(3), Backend("distributed", 1))
    assert len(set(told.values())) == 1  # it was not started anew


def test_an_interrupt_ends_a_cluster_of_our_own(tmp_path: Path) -> None:
    code = (
        "from pipeline.scheduling.jobs import *; from pipeline.scheduling.backends import *\n"
        "from pipeline.scheduling.run import *\n"
        "from stages.cli.signals import take_signals\n"  # which repeats an interruption that Python drops
        "from tests.pipeline.scheduling import tasks\n"
        "if __name__ == '__main__':\n"
        "    take_signals()\n"
        f"    run_job(Job(tasks.linger, {str(tmp_path)!r}, range(2), print), Backend('distributed', 2))"
    )
    script = tmp_path.parent / f"{tmp_path.name}.py"
    script.write_text(code)
    parent = subprocess.Popen([sys.executable, str(script)], env=environment(), start_new_session=True)
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    os.killpg(parent.pid, signal.SIGINT)  # as the terminal does
    parent.wait(30)
    wait_until(lambda: not any(psutil.pid_exists(int(path.name)) for path in tmp_path.iterdir()), 20)


def test_the_dashboard_is_told_and_can_be_looked_at() -> None:
    told: list[str] = []
    seen: list[int] = []

    def look(number: int, result: Any) -> None:
        (line,) = told
        link = line.removeprefix("the dashboard is at ").split()[0]
        with urllib.request.urlopen(link, timeout=10) as page:
            seen.append(page.status)

    run_job(Job(tasks.multiply, 1, range(1), look, report=told.append), Backend("distributed", 1))
    assert seen == [200]


@pytest.mark.parametrize("moment", [1.0, 2.0])
def test_an_interrupt_while_a_cluster_of_our_own_starts_shows_no_traceback(moment: float, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, time\n"
        "from stages.cli.console import run\n"
        "def status():\n"
        "    from pipeline.scheduling.jobs import Job\n"
        "    from pipeline.scheduling.run import run_job\n"
        "    from pipeline.scheduling.backends import Backend\n"
        "    from tests.pipeline.scheduling import tasks\n"
        "    print('begins', flush=True)\n"
        f"    run_job(Job(tasks.linger, {str(tmp_path)!r}, range(2), print), Backend('distributed', 2))\n"
        "if __name__ == '__main__':\n"
        "    sys.exit(run({'One': [status]}, ['status']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=take_signals,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line for line in told.splitlines() if "dashboard" not in line] == [
        "handwriting status: interrupted. What was there before is as it was"
    ]


def test_a_cluster_of_our_own_does_not_outlive_this_process(tmp_path: Path) -> None:
    code = (
        "from pipeline.scheduling.jobs import *; from pipeline.scheduling.backends import *\n"
        "from pipeline.scheduling.run import *\n"
        "from tests.pipeline.scheduling import tasks\n"
        "if __name__ == '__main__':\n"
        f"    run_job(Job(tasks.linger, {str(tmp_path)!r}, range(2), print), Backend('processes', 2))"
    )
    script = tmp_path.parent / f"{tmp_path.name}.py"
    script.write_text(code)
    parent = subprocess.Popen([sys.executable, str(script)], env=environment())
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(psutil.pid_exists(int(path.name)) for path in tmp_path.iterdir()), 20)
