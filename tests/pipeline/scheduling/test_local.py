import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.errors import PipelineError
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.run import run_job
from tests.pipeline.scheduling import tasks
from tests.pipeline.scheduling.common import collect
from tests.processes import environment, take_signals, wait_for

EACH = pytest.mark.parametrize("scheduler", ["sync", "threads"])


@EACH
@pytest.mark.parametrize("count", [0, 1, 150])
def test_every_task_is_done_once_and_known_by_its_number(scheduler: str, count: int) -> None:
    results = collect(tasks.multiply, 3, range(count), Backend(scheduler, 2))
    assert results == {number: 3 * number for number in range(count)}


@EACH
def test_what_tasks_tell_arrives(scheduler: str) -> None:
    messages: list[Any] = []
    processes = collect(tasks.tell_process, None, range(9), Backend(scheduler, 2), on_message=messages.append)
    assert sorted(message["task"] for message in messages) == list(range(9))
    assert set(processes.values()) == {os.getpid()}


@EACH
def test_what_a_task_raises_is_raised(scheduler: str) -> None:
    with pytest.raises(PipelineError, match="task 0 will not do"):
        collect(tasks.fail, None, range(1), Backend(scheduler, 1))


@EACH
def test_what_is_done_with_a_result_may_fail(scheduler: str) -> None:
    def full(number: int, result: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run_job(Job(tasks.multiply, 3, range(5), full), Backend(scheduler, 2))


def test_no_thread_works_on_when_a_task_has_failed() -> None:
    messages: list[Any] = []
    threads = threading.active_count()
    with pytest.raises(PipelineError, match="task 0 will not do"):
        collect(tasks.chatter, None, range(4), Backend("threads", 2), on_message=messages.append)
    told = len(messages)
    assert told
    time.sleep(0.2)
    assert len(messages) == told
    assert threading.active_count() == threads


def script(body: str) -> list[str]:
    """A program of its own, whose alarm is no test's."""
    head = (
        "import os, signal, sys, threading, time\n"
        "from pipeline.scheduling.jobs import *; from pipeline.scheduling.backends import *\n"
        "from pipeline.scheduling.run import *\n"
        "from stages.cli.console import run\n"
        "from tests.pipeline.scheduling import tasks\n"
    )
    return [sys.executable, "-c", head + textwrap.dedent(body)]


def test_a_signal_that_wakes_nobody_is_heard() -> None:
    """As one that comes while the main thread falls asleep: here another thread takes it."""
    program = """
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        say = lambda message: print("works", flush=True)
        run_job(Job(tasks.chatter, None, range(1, 3), print, say), Backend("threads", 2))
    """
    process = subprocess.Popen(
        script(program),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_signals,
    )
    try:
        wait_for("works", process.stdout)
        time.sleep(0.5)  # until all have gone to work or to sleep
        process.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in process.communicate(timeout=30)[1]
    finally:
        process.kill()
        process.communicate()


def test_tasks_are_taken_as_they_are_needed_and_results_are_not_held() -> None:
    taken = 0

    def work() -> Iterator[bytes]:
        nonlocal taken
        for number in range(2000):
            taken = number
            yield bytes(100_000)

    ahead = []
    tracemalloc.start()
    job = Job(_same, None, work(), lambda number, result: ahead.append(taken - number))
    run_job(job, Backend("threads", 2))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(ahead) == 2000
    assert max(ahead) < 100
    assert peak < 20_000_000  # of 200,000,000


def _same(shared: Any, task: bytes, tell: Any) -> bytes:
    return bytes(len(task))


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
@pytest.mark.parametrize("damage", ["file", "variable"])
def test_a_damaged_configuration_of_dask_is_one_line(damage: str, scheduler: str, tmp_path: Path) -> None:
    (tmp_path / "dask.yaml").write_text("distributed: {")
    variables = {"file": {"DASK_CONFIG": str(tmp_path)}, "variable": {"DASK_DATAFRAME": "7"}}[damage]
    program = f"""
        def status():
            run_job(Job(tasks.nothing, None, range(1), print), Backend({scheduler!r}, 1))

        if __name__ == "__main__":
            sys.exit(run({{"One": [status]}}, ["status"]))
    """
    result = subprocess.run(script(program), env={**environment(), **variables}, capture_output=True, text=True)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "configuration" in line
