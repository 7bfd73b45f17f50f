"""Jobs on a real Dask scheduler whose workers are killed."""

import os
import random
import signal
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import PIL
import pytest

from pipeline.engine.errors import PipelineError
from pipeline.scheduling import cluster as module
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.dispatch import MAX_AHEAD
from pipeline.scheduling.execution import iterate_job
from pipeline.scheduling.jobs import Job, JobInterruptedError
from tests.cluster import START_TIMEOUT, Cluster, run_cluster
from tests.pipeline.scheduling import tasks
from tests.pipeline.scheduling.common import collect, run_job
from tests.processes import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with run_cluster(tmp_path, workers=2) as cluster:
        yield cluster


def test_both_workers_run_tasks(cluster: Cluster) -> None:
    processes = collect(tasks.find_process, None, range(50), Backend(cluster.address))
    assert set(processes.values()) == {worker.pid for worker in cluster.workers}


def test_shared_data_is_sent_once_to_each_worker(cluster: Cluster) -> None:
    """On a busy machine, a worker may wait for its next task and meanwhile drop the data."""
    counts = collect(tasks.count_unpicklings, tasks.CountedUnpickling(), range(100), Backend(cluster.address))
    assert all(1 <= count <= 1 + pauses for count, pauses in counts.values())


def test_ordered_job_is_not_far_ahead_of_its_first_unfinished_task(cluster: Cluster) -> None:
    started = 0

    def generate_tasks() -> Iterator[int]:
        nonlocal started
        for task in range(1000):
            started += 1
            yield task

    job = Job(tasks.sleep_each, {3: 2.0}, generate_tasks(), ordered=True)
    for index, result in iterate_job(job, Backend(cluster.address)):
        assert index == result
        assert started <= index + 1 + 2 * MAX_AHEAD  # two threads
    assert started == 1000


def test_error_of_task_is_raised(cluster: Cluster) -> None:
    with pytest.raises(PipelineError, match="task 0 failed"):
        collect(tasks.fail, None, range(1), Backend(cluster.address))
    with pytest.raises(PipelineError, match=r"a task failed on a worker: ZeroDivisionError: .*division"):
        collect(tasks.divide, 0, range(1), Backend(cluster.address))


def test_file_that_workers_cannot_find_is_reported(cluster: Cluster) -> None:
    with pytest.raises(PipelineError, match=r"worker tcp://127.* cannot find /nowhere/images.npy: share its folder"):
        collect(tasks.read, "/nowhere/images.npy", range(1), Backend(cluster.address))


def test_workers_limit_blas_to_one_thread(tmp_path: Path) -> None:
    variables = {f"{name}_NUM_THREADS": "2" for name in ("OMP", "OPENBLAS", "MKL")}
    with run_cluster(tmp_path, 1, **variables) as cluster:
        (counts,) = collect(tasks.count_blas_threads, None, range(1), Backend(cluster.address)).values()
    assert counts
    assert set(counts) == {1}


def test_task_that_kills_workers_is_abandoned(tmp_path: Path) -> None:
    with (
        run_cluster(tmp_path, workers=5) as cluster,
        pytest.raises(JobInterruptedError, match="4 workers died while they ran the same task"),
    ):
        collect(tasks.kill_itself, None, range(1), Backend(cluster.address))


@pytest.mark.parametrize("what", ["a worker", "all workers", "the scheduler"])
def test_kills_are_survived_or_reported_and_restarted_cluster_works(
    what: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WORKER_TIMEOUT", 10.0)
    generator = random.Random(what)
    for _ in range(2 if what == "a worker" else 1):
        last = generator.randrange(1, 50)
        results: dict[int, int] = {}

        def on_result(index: int, result: int, results: dict[int, int] = results, last: int = last) -> None:
            results[index] = result
            if len(results) == last:
                _kill(what, cluster)

        if what == "a worker":
            run_job(Job(tasks.sleep, 0.02, range(200)), Backend(cluster.address), on_result)
            assert results == {index: index for index in range(200)}
        else:
            with pytest.raises(
                JobInterruptedError, match=f"{what} (is|are) gone.*: start .* and run the same command again"
            ):
                run_job(Job(tasks.sleep, 0.02, range(2000)), Backend(cluster.address), on_result)
            assert last <= len(results) < 2000
            assert all(index == result for index, result in results.items())
        if what == "the scheduler":
            cluster.start_scheduler()
        for _ in range({"a worker": 1, "all workers": 2, "the scheduler": 2}[what]):
            cluster.start_worker()
        cluster.wait_for_workers()
    assert collect(tasks.multiply, 2, range(5), Backend(cluster.address)) == {i: 2 * i for i in range(5)}


def _kill(what: str, cluster: Cluster) -> None:
    alive = [worker for worker in cluster.workers if worker.poll() is None]
    assert cluster.scheduler is not None
    for process in {"a worker": alive[:1], "all workers": alive, "the scheduler": [cluster.scheduler]}[what]:
        process.kill()
        process.wait()


def test_job_waits_for_new_workers(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORKER_TIMEOUT", START_TIMEOUT)
    results: dict[int, int] = {}

    def on_result(index: int, result: int) -> None:
        results[index] = result
        if len(results) == 20:
            _kill("all workers", cluster)
            cluster.start_worker()

    run_job(Job(tasks.sleep, 0.02, range(100)), Backend(cluster.address), on_result)
    assert results == {index: index for index in range(100)}


def test_tasks_of_a_suspended_worker_are_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The scheduler must not miss the stopped worker before the check of the workers times out.
    with run_cluster(tmp_path, 2, DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL="10s") as cluster:
        monkeypatch.setattr(module, "CONNECT_TIMEOUT", 3.0)
        cluster.workers[0].send_signal(signal.SIGSTOP)
        assert collect(tasks.multiply, 2, range(9), Backend(cluster.address)) == {i: 2 * i for i in range(9)}


def test_workers_with_other_code_are_rejected(tmp_path: Path) -> None:
    other = tmp_path / "other"
    source = Path(tasks.__file__)
    module = other.joinpath(*tasks.__name__.split(".")).with_suffix(".py")
    module.parent.mkdir(parents=True)
    module.write_text(source.read_text().replace("shared * task", "shared * task + 1"))
    for name in ("pipeline", "stages", "tests/processes.py", "tests/cluster.py"):
        (other / name).symlink_to(ROOT / name)
    with run_cluster(tmp_path, workers=0) as cluster:
        cluster.start_worker(PYTHONPATH=str(other))
        for _ in ("other code", "the same code, after the worker has imported the other"):
            with pytest.raises(
                PipelineError, match=r"different versions \(the code of this program\): install the same"
            ):
                collect(tasks.multiply, 3, range(2), Backend(cluster.address))
            module.write_text(source.read_text())


@pytest.mark.parametrize("there", ["0.9", ""])
def test_worker_with_another_version_of_a_package_that_the_task_imports_is_rejected(there: str, tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    about = site / "pillow-0.9.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: Pillow\nVersion: 0.9\n")
    (about / "RECORD").write_text("PIL/__init__.py,,\n")
    (site / "PIL").symlink_to(Path(PIL.__file__).parent)
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['PIL'] = None\n" if not there else "")
    found = f"pillow {there or 'not installed'}, not {version('pillow')}"
    with run_cluster(tmp_path, workers=0) as cluster:
        cluster.start_worker(PYTHONPATH=f"{site if there else tmp_path}{os.pathsep}{ROOT}")
        with pytest.raises(PipelineError, match=f"has different versions .*{found}"):
            collect(tasks.count_modes, None, range(1), Backend(cluster.address))


def test_worker_without_this_program_is_reported(tmp_path: Path) -> None:
    with run_cluster(tmp_path, workers=0) as cluster:
        (tmp_path / "sitecustomize.py").write_text(
            "import sys\n"
            "class Blocker:\n"
            "    def find_spec(name, *others):\n"
            "        if name.split('.')[0] == 'pipeline':\n"
            "            raise ModuleNotFoundError('No module named pipeline')\n"
            "sys.meta_path.insert(0, Blocker)\n"
        )
        cluster.start_worker(PYTHONPATH=str(tmp_path))
        with pytest.raises(PipelineError, match=r"worker tcp://.* does not have this program"):
            collect(tasks.multiply, 3, range(2), Backend(cluster.address))
