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
from pipeline.scheduling.execution import iterate_job
from pipeline.scheduling.jobs import Job
from tests.pipeline.scheduling import tasks
from tests.pipeline.scheduling.common import collect, run_job
from tests.processes import environment, reset_signals, wait_for

EACH = pytest.mark.parametrize("scheduler", ["sync", "threads"])


@EACH
@pytest.mark.parametrize("count", [0, 1, 150])
def test_results_have_the_index_of_their_task(scheduler: str, count: int) -> None:
    results = collect(tasks.multiply, 3, range(count), Backend(scheduler, 2))
    assert results == {index: 3 * index for index in range(count)}


@EACH
def test_error_of_task_is_raised(scheduler: str) -> None:
    with pytest.raises(PipelineError, match="task 0 failed"):
        collect(tasks.fail, None, range(1), Backend(scheduler, 1))


@EACH
def test_error_of_on_result_is_raised(scheduler: str) -> None:
    def full(index: int, result: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run_job(Job(tasks.multiply, 3, range(5)), Backend(scheduler, 2), full)


@EACH
def test_results_of_ordered_job_are_in_order(scheduler: str) -> None:
    delays = {0: 0.3, 5: 0.2}
    job = Job(tasks.sleep_each, delays, range(20), ordered=True)
    assert list(iterate_job(job, Backend(scheduler, 2))) == [(index, index) for index in range(20)]


@EACH
def test_closed_job_does_not_begin_the_other_tasks(scheduler: str) -> None:
    begun: list[int] = []
    threads = threading.active_count()
    results = iterate_job(Job(lambda shared, task: begun.append(task), None, range(1000)), Backend(scheduler, 2))
    next(results)
    results.close()
    assert 1 <= len(begun) < 1000
    assert threading.active_count() <= threads


def script(body: str) -> list[str]:
    """Return the command of a separate process, so that signals do not reach the test."""
    head = (
        "import itertools, os, signal, sys, threading, time\n"
        "from pipeline.scheduling.jobs import *; from pipeline.scheduling.backends import *\n"
        "from pipeline.scheduling.execution import *\n"
        "from pipeline.engine.program import run_command\n"
        "from tests.pipeline.scheduling import tasks\n"
        "from tests.pipeline.scheduling.common import run_job\n"
    )
    return [sys.executable, "-c", head + textwrap.dedent(body)]


def test_signal_to_another_thread_interrupts_job() -> None:
    """The same happens if a signal arrives just before the main thread blocks."""
    program = """
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        report = lambda index, result: print("works", flush=True)
        run_job(Job(tasks.sleep, 0.1, itertools.count()), Backend("threads", 2), report)
    """
    process = subprocess.Popen(
        script(program),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=reset_signals,
    )
    try:
        wait_for("works", process.stdout)
        time.sleep(0.5)  # until all threads run or sleep
        process.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in process.communicate(timeout=30)[1]
    finally:
        process.kill()
        process.communicate()


def test_tasks_are_consumed_lazily_and_results_not_kept() -> None:
    consumed = 0

    def generate_tasks() -> Iterator[bytes]:
        nonlocal consumed
        for index in range(2000):
            consumed = index
            yield bytes(100_000)

    ahead = []
    tracemalloc.start()
    job = Job(_copy, None, generate_tasks())
    run_job(job, Backend("threads", 2), lambda index, result: ahead.append(consumed - index))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(ahead) == 2000
    assert max(ahead) < 100
    assert peak < 20_000_000  # of 200,000,000


def _copy(shared: Any, task: bytes) -> bytes:
    return bytes(len(task))


def test_invalid_dask_configuration_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "dask.yaml").write_text("distributed: {")
    program = """
        def status():
            run_job(Job(tasks.do_nothing, None, range(1)), Backend("processes", 1), print)

        if __name__ == "__main__":
            sys.exit(run_command("status", status))
    """
    variables = {**environment(), "DASK_CONFIG": str(tmp_path)}
    result = subprocess.run(script(program), env=variables, capture_output=True, text=True)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "configuration" in line
