import multiprocessing
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
from pipeline.scheduling.jobs import CutOffError, Job
from pipeline.scheduling.places import Place
from pipeline.scheduling.run import run_job
from tests.cluster import wait_until
from tests.pipeline.scheduling import tasks
from tests.pipeline.scheduling.common import collect
from tests.processes import environment, take_signals, wait_for

EACH = pytest.mark.parametrize("scheduler", ["sync", "threads", "processes"])


@EACH
@pytest.mark.parametrize("count", [0, 1, 150])
def test_every_task_is_done_once_and_known_by_its_number(scheduler: str, count: int) -> None:
    results = collect(tasks.multiply, 3, range(count), Place(scheduler, 2))
    assert results == {number: 3 * number for number in range(count)}


@EACH
def test_what_tasks_tell_arrives(scheduler: str) -> None:
    messages: list[Any] = []
    processes = collect(tasks.tell_process, None, range(9), Place(scheduler, 2), on_message=messages.append)
    assert sorted(message["task"] for message in messages) == list(range(9))
    assert {message["process"] for message in messages} == set(processes.values())
    assert (os.getpid() in processes.values()) == (scheduler != "processes")


@EACH
def test_what_a_task_raises_is_raised(scheduler: str) -> None:
    with pytest.raises(PipelineError, match="task 0 will not do"):
        collect(tasks.fail, None, range(1), Place(scheduler, 1))


@EACH
def test_what_is_done_with_a_result_may_fail(scheduler: str) -> None:
    def full(number: int, result: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run_job(Job(tasks.multiply, 3, range(5), full), Place(scheduler, 2))


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_nobody_works_on_when_a_task_has_failed(scheduler: str) -> None:
    messages: list[Any] = []
    threads = threading.active_count()
    with pytest.raises(PipelineError, match="task 0 will not do"):
        collect(tasks.chatter, None, range(4), Place(scheduler, 2), on_message=messages.append)
    told = len(messages)
    assert told or scheduler == "processes"  # which may take longer to begin
    time.sleep(0.2)
    assert len(messages) == told
    assert not multiprocessing.active_children()
    assert threading.active_count() == threads


@EACH
def test_what_is_told_before_the_end_arrives_before_it(scheduler: str) -> None:
    for _ in range(3):
        messages: list[Any] = []
        collect(tasks.tell_process, None, range(20), Place(scheduler, 2), on_message=messages.append)
        assert len(messages) == 20


def test_what_is_told_faster_than_it_is_heard_arrives_all_the_same() -> None:
    messages: list[Any] = []

    def hear(message: Any) -> None:
        time.sleep(0.02)
        messages.append(message)

    run_job(Job(tasks.tell_process, None, range(40), lambda number, result: None, hear), Place("processes", 2))
    assert len(messages) == 40


def script(body: str) -> list[str]:
    """A program of its own, whose alarm is no test's."""
    head = (
        "import os, signal, sys, threading, time\n"
        "from pipeline.scheduling.jobs import *; from pipeline.scheduling.places import *\n"
        "from pipeline.scheduling.run import *\n"
        "from stages.console import run\n"
        "from tests.pipeline.scheduling import tasks\n"
    )
    return [sys.executable, "-c", head + textwrap.dedent(body)]


def test_a_signal_that_wakes_nobody_is_heard() -> None:
    """As one that comes while the main thread falls asleep: here another thread takes it."""
    program = """
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        say = lambda message: print("works", flush=True)
        run_job(Job(tasks.chatter, None, range(1, 3), print, say), Place("threads", 2))
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


def test_an_interruption_that_python_drops_at_the_end_of_a_job_is_heard_all_the_same() -> None:
    """What sets an alarm to be interrupted by a moment later is not to lose it."""
    program = """
        class Cleared:
            def __del__(self):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.001)

        def status():
            run_job(Job(tasks.multiply, 3, range(4), lambda number, result: number == 3 and Cleared() and None), PLACE)
            time.sleep(60)

        sys.exit(run({"One": [status]}, ["status"]))
    """
    for scheduler in ("sync", "threads"):
        command = script(program.replace("PLACE", f"Place({scheduler!r}, 2)"))
        result = subprocess.run(command, env=environment(), preexec_fn=take_signals, timeout=30)
        assert result.returncode == 130


def test_an_alarm_is_that_of_who_has_set_it() -> None:
    program = """
        work = lambda seconds: run_job(Job(tasks.doze, seconds, range(1), print), Place("threads", 2))
        work(0)
        assert not any(signal.getitimer(signal.ITIMER_REAL))
        signal.signal(signal.SIGALRM, lambda *heard: print("rings", flush=True))
        signal.alarm(1)
        work(2)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # so it was set before this program began
        signal.alarm(1)
        work(60)
    """
    result = subprocess.run(script(program), env=environment(), timeout=30, capture_output=True, text=True)
    assert result.stdout.splitlines() == ["0 0", "rings", "0 0"]
    assert result.returncode == -signal.SIGALRM


def test_a_worker_that_is_killed_is_told() -> None:
    with pytest.raises(CutOffError, match="a worker process has died"):
        collect(tasks.die, None, range(1), Place("processes", 1))
    wait_until(lambda: not multiprocessing.active_children())


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
    run_job(job, Place("threads", 2))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(ahead) == 2000
    assert max(ahead) < 100
    assert peak < 20_000_000  # of 200,000,000


def _same(shared: Any, task: bytes, tell: Any) -> bytes:
    return bytes(len(task))


def test_worker_processes_do_not_outlive_theirs(tmp_path: Path) -> None:
    code = (
        "from pipeline.scheduling.jobs import *; from pipeline.scheduling.places import *\n"
        "from pipeline.scheduling.run import *\n"
        "from tests.pipeline.scheduling import tasks\n"
        "if __name__ == '__main__':\n"
        f"    run_job(Job(tasks.linger, {str(tmp_path)!r}, range(2), print), Place('processes', 2))"
    )
    script = tmp_path.parent / f"{tmp_path.name}.py"
    script.write_text(code)
    parent = subprocess.Popen([sys.executable, str(script)], env=environment())
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(_is_running(path.name) for path in tmp_path.iterdir()), 20)


def _is_running(process: str) -> bool:
    try:
        return "Z" not in Path("/proc", process, "stat").read_text().split(") ")[1]
    except OSError:
        return False
