"""Jobs in threads of this process; what the backends do differently is tested by the slow tests."""

import itertools
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from socket import create_server
from typing import Any
from urllib.request import urlopen

import pytest
from threadpoolctl import threadpool_info

from pipeline.engine.errors import PipelineError
from pipeline.scheduling import cluster as module
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import iterate_job
from pipeline.scheduling.jobs import Job
from tests.pipeline.scheduling import tasks
from tests.pipeline.scheduling.common import collect, run_job
from tests.processes import capture, environment, reset_signals, wait_for

THREADS = Backend("threads", 2)


@pytest.mark.parametrize("count", [0, 1, 150])
def test_results_have_the_index_of_their_task(count: int) -> None:
    assert collect(tasks.multiply, 3, range(count), THREADS) == {index: 3 * index for index in range(count)}


def test_errors_of_tasks_are_raised() -> None:
    with pytest.raises(PipelineError, match="task 0 failed"):
        collect(tasks.fail, None, range(1), THREADS)
    with pytest.raises(PipelineError, match="ZeroDivisionError"):
        collect(tasks.divide, 0, range(1), THREADS)
    with pytest.raises(FileNotFoundError):  # no advice to share its folder with workers
        collect(tasks.read, "/nowhere/images.npy", range(1), THREADS)


def test_error_of_on_result_is_raised() -> None:
    def full(index: int, result: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run_job(Job(tasks.multiply, 3, range(5)), THREADS, full)


def test_results_of_ordered_job_are_in_order() -> None:
    job = Job(tasks.sleep_each, {0: 0.3, 5: 0.2}, range(20), ordered=True)
    assert list(iterate_job(job, THREADS)) == [(index, index) for index in range(20)]


def test_processes_that_cannot_connect_to_each_other_are_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCALHOST", "192.0.2.1")  # kept for documentation (RFC 5737): no interface has it
    started = time.monotonic()
    with pytest.raises(PipelineError, match="--scheduler threads"):
        collect(tasks.multiply, 3, range(1), Backend("processes", 1))
    assert time.monotonic() - started < module.CONNECT_TIMEOUT


@pytest.mark.slow
def test_script_without_guard_fails_once_and_says_what_is_missing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    code = """
        from pipeline.scheduling.backends import Backend
        from pipeline.scheduling.execution import iterate_job
        from pipeline.scheduling.jobs import Job
        from tests.pipeline.scheduling import tasks

        list(iterate_job(Job(tasks.multiply, 3, range(1)), Backend("processes", 2)))
    """
    script.write_text(textwrap.dedent(code))
    result = capture([sys.executable, script], timeout=60)
    assert result.returncode == 1
    assert result.stderr.count("Traceback") == 1  # that of the script, not of its workers
    assert "__main__" in result.stderr.splitlines()[-1]


def test_closed_job_ends_the_tasks_that_have_begun_and_begins_no_others() -> None:
    tasks.begun.clear()
    results = iterate_job(Job(tasks.record, None, itertools.count()), THREADS)
    next(results)
    results.close()
    begun = len(tasks.begun)
    assert begun >= 1
    time.sleep(0.2)
    assert len(tasks.begun) == begun


def test_blas_has_one_thread_during_a_job_and_as_many_as_before_afterwards() -> None:
    before = [library["num_threads"] for library in threadpool_info()]
    for _ in range(2):  # a worker prepares only once for a function
        assert set(collect(tasks.count_blas_threads, None, range(1), THREADS)[0]) == {1}
        assert [library["num_threads"] for library in threadpool_info()] == before


def test_dashboard_is_at_another_port_if_its_own_is_in_use(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without bokeh, Dask answers with a page that says how to install it."""
    monkeypatch.setattr(module, "find_spec", lambda name: find_spec("dask" if name == "bokeh" else name))
    caplog.set_level("INFO")
    with create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(module, "DASHBOARD_PORT", port)
        for _ in iterate_job(Job(tasks.multiply, 1, range(1)), THREADS):
            (message,) = caplog.messages
            url = message.split()[-1]
            assert f":{port}/" not in url
            assert b"bokeh" in urlopen(url, timeout=10).read().lower()


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


def test_tasks_are_consumed_lazily_and_neither_they_nor_results_are_kept() -> None:
    consumed = 0

    def generate_tasks() -> Iterator[bytes]:
        nonlocal consumed
        for index in range(120):
            consumed = index
            yield bytes(400_000)

    ahead = []
    collect(tasks.copy, None, [b""], THREADS)  # imports Dask
    tracemalloc.start()
    job = Job(tasks.copy, None, generate_tasks())
    run_job(job, THREADS, lambda index, result: ahead.append(consumed - index))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(ahead) == 120
    assert max(ahead) < 20
    assert peak < 20_000_000  # of 48,000,000


def test_invalid_dask_configuration_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "dask.yaml").write_text("distributed: {")
    program = """
        def status():
            run_job(Job(tasks.do_nothing, None, range(1)), Backend("threads", 1), print)

        if __name__ == "__main__":
            sys.exit(run_command("status", status))
    """
    variables = {**environment(), "DASK_CONFIG": str(tmp_path)}
    result = capture(script(program), env=variables)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "configuration" in line
