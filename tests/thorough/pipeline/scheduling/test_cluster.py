"""Jobs on a real Dask scheduler with real workers, of which some are killed."""

import platform
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.errors import PipelineError
from pipeline.scheduling import connection
from pipeline.scheduling.backends import Backend, find_backend
from pipeline.scheduling.jobs import CutOffError, Job
from pipeline.scheduling.run import run_job
from tests.cluster import Cluster, started
from tests.pipeline.scheduling import tasks
from tests.pipeline.scheduling.common import collect
from tests.processes import ROOT


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with started(tmp_path, workers=2) as cluster:
        yield cluster


def test_every_task_is_done_once_and_known_by_its_number(cluster: Cluster) -> None:
    assert collect(tasks.multiply, 3, range(150), Backend(cluster.address)) == {n: 3 * n for n in range(150)}
    backend = find_backend("threads", scheduler_file=cluster.file)
    assert collect(tasks.multiply, 3, [], backend) == {}


def test_what_tasks_tell_arrives_and_both_workers_work(cluster: Cluster) -> None:
    messages: list[Any] = []
    processes = collect(tasks.tell_process, None, range(50), Backend(cluster.address), on_message=messages.append)
    assert sorted(message["task"] for message in messages) == list(range(50))
    assert {(message["task"], message["process"]) for message in messages} == set(processes.items())
    assert all(len(message) == 2 for message in messages)
    assert set(processes.values()) == {worker.pid for worker in cluster.workers}


def test_what_all_share_travels_once_to_each_worker(cluster: Cluster) -> None:
    assert set(collect(tasks.count_arrivals, tasks.Luggage(), range(100), Backend(cluster.address)).values()) == {1}


def test_what_a_task_raises_is_raised(cluster: Cluster) -> None:
    with pytest.raises(PipelineError, match="task 0 will not do"):
        collect(tasks.fail, None, range(1), Backend(cluster.address))
    with pytest.raises(PipelineError, match=r"a worker could not do its task: ZeroDivisionError: .*division"):
        collect(tasks.divide, 0, range(1), Backend(cluster.address))


def test_a_file_that_the_workers_do_not_see_is_told(cluster: Cluster) -> None:
    with pytest.raises(PipelineError, match=r"worker tcp://127.* does not see /nowhere/images.npy: let all workers"):
        collect(tasks.read, "/nowhere/images.npy", range(1), Backend(cluster.address))


def test_tasks_are_taken_as_they_are_needed(cluster: Cluster) -> None:
    taken = 0

    def work() -> Iterator[int]:
        nonlocal taken
        for number in range(200):
            taken = number
            yield number

    ahead: list[int] = []
    job = Job(tasks.multiply, 3, work(), lambda number, result: ahead.append(taken - len(ahead)))
    run_job(job, Backend(cluster.address))
    assert len(ahead) == 200
    assert max(ahead) < 30


def test_matrix_products_have_one_thread_however_a_worker_was_started(tmp_path: Path) -> None:
    variables = {f"{name}_NUM_THREADS": "2" for name in ("OMP", "OPENBLAS", "MKL")}
    with started(tmp_path, 1, **variables) as cluster:
        (counts,) = collect(tasks.count_threads, None, range(1), Backend(cluster.address)).values()
    assert counts
    assert set(counts) == {1}


def test_a_task_over_which_workers_die_is_given_up(tmp_path: Path) -> None:
    with started(tmp_path, workers=5) as cluster, pytest.raises(CutOffError, match="4 workers have died over the same"):
        collect(tasks.die, None, range(1), Backend(cluster.address))


@pytest.mark.parametrize("what", ["a worker", "all workers", "the scheduler"])
def test_who_is_killed_is_missed_and_who_comes_back_goes_on(
    what: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "WAITING", 10.0)
    generator = random.Random(what)
    for _ in range(2 if what == "a worker" else 1):
        began, last = time.monotonic(), generator.randrange(1, 50)
        results: dict[int, int] = {}

        def note(number: int, result: int, results: dict[int, int] = results, last: int = last) -> None:
            results[number] = result
            if len(results) == last:
                _kill(what, cluster)

        if what == "a worker":
            run_job(Job(tasks.doze, 0.02, range(200), note), Backend(cluster.address))
            assert results == {number: number for number in range(200)}
        else:
            with pytest.raises(CutOffError, match=f"{what} ha(s|ve) gone.*: start .* and run the same command again"):
                run_job(Job(tasks.doze, 0.02, range(2000), note), Backend(cluster.address))
            assert last <= len(results) < 2000
            assert all(number == result for number, result in results.items())
        assert time.monotonic() < began + 60
        if what == "the scheduler":
            cluster.start_scheduler()
        for _ in range({"a worker": 1, "all workers": 2, "the scheduler": 2}[what]):
            cluster.start_worker()
    assert collect(tasks.multiply, 2, range(5), Backend(cluster.address)) == {n: 2 * n for n in range(5)}


def _kill(what: str, cluster: Cluster) -> None:
    alive = [worker for worker in cluster.workers if worker.poll() is None]
    assert cluster.scheduler is not None
    for process in {"a worker": alive[:1], "all workers": alive, "the scheduler": [cluster.scheduler]}[what]:
        process.kill()
        process.wait()


def test_workers_that_all_go_are_waited_for_a_while(cluster: Cluster) -> None:
    results: dict[int, int] = {}

    def note(number: int, result: int) -> None:
        results[number] = result
        if len(results) == 20:
            _kill("all workers", cluster)
            cluster.start_worker()

    run_job(Job(tasks.doze, 0.02, range(100), note), Backend(cluster.address))
    assert results == {number: number for number in range(100)}


def test_a_worker_that_does_not_answer_is_told_and_waited_for_no_longer_than_the_scheduler_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CONNECTING", 3.0)
    told: list[str] = []
    with started(tmp_path, 2, DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL="5s") as cluster:
        assert collect(tasks.multiply, 2, range(9), Backend(cluster.address)) == {n: 2 * n for n in range(9)}
        cluster.workers[0].send_signal(signal.SIGSTOP)
        backend = Backend(cluster.address)
        assert collect(tasks.multiply, 2, range(9), backend, report=told.append) == {n: 2 * n for n in range(9)}
    assert any(line.startswith("not all workers answer within 3 seconds") for line in told)


def test_workers_with_another_code_are_not_taken(tmp_path: Path) -> None:
    other = tmp_path / "other"
    source = Path(tasks.__file__)
    backend = other.joinpath(*tasks.__name__.split(".")).with_suffix(".py")
    backend.parent.mkdir(parents=True)
    backend.write_text(source.read_text().replace("shared * task", "shared * task + 1"))
    for name in ("pipeline", "stages", "tests/processes.py", "tests/cluster.py"):
        (other / name).symlink_to(ROOT / name)
    with started(tmp_path, workers=0) as cluster:
        cluster.start_worker(PYTHONPATH=str(other))
        with pytest.raises(PipelineError, match=r"has other versions \(the code of this program\): install the same"):
            collect(tasks.multiply, 3, range(2), Backend(cluster.address))
        backend.write_text(source.read_text())  # of which the worker, as long as it runs, does not know
        with pytest.raises(PipelineError, match=r"has other versions \(the code of this program\): install the same"):
            collect(tasks.multiply, 3, range(2), Backend(cluster.address))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="OpenBLAS has no older processor to play here")
def test_workers_whose_last_bits_may_differ_are_told_of(tmp_path: Path) -> None:
    told: list[str] = []
    with started(tmp_path, workers=0) as cluster:
        cluster.start_worker(OPENBLAS_CORETYPE="Nehalem")
        collect(tasks.multiply, 3, range(2), Backend(cluster.address), report=told.append)
    (line,) = [line for line in told if "matrix products" in line]
    assert "for Nehalem, not" in line
    assert line.endswith("the last bits may differ")


def test_workers_without_this_program_are_told(tmp_path: Path) -> None:
    with started(tmp_path, workers=0) as cluster:
        (tmp_path / "sitecustomize.py").write_text(
            "import sys\n"
            "class Without:\n"
            "    def find_spec(name, *others):\n"
            "        if name.split('.')[0] == 'pipeline':\n"
            "            raise ModuleNotFoundError('No module named pipeline')\n"
            "sys.meta_path.insert(0, Without)\n"
        )
        cluster.start_worker(PYTHONPATH=str(tmp_path))
        with pytest.raises(PipelineError, match=r"worker tcp://.* lacks this program"):
            collect(tasks.multiply, 3, range(2), Backend(cluster.address))
