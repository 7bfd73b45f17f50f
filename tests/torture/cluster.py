"""Kill Dask workers and schedulers during runs.

    python -m tests.torture.cluster [--seed N] [--rounds N]

After the loss of one worker, the command must finish with the results of a single process, bit for bit. After the loss
of all workers or of the scheduler, it must exit within a minute with status 1 and a one-line error, publish nothing,
and resume once they are back, to the same bits.
"""

import argparse
import hashlib
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.benchmarks.markdown import table
from tests.cluster import Cluster, run_cluster
from tests.processes import environment

IMAGES = 60_000
TIMEOUT = 60.0  # seconds from the kill to the error
COMMANDS = {
    "predict": "predict many.npy --block-size 256",
    "evaluate": "evaluate --force --block-size 2",
    "train": "train --recipe quick --ensemble-size 3 --epochs 25 --force --output artifacts/ensemble",
}
RESULTS = {
    "predict": ("predictions.npy",),
    "evaluate": ("artifacts/evaluate/predictions.npy", "artifacts/evaluate/probabilities.npy"),
    "train": tuple(f"artifacts/ensemble/network-{network}-layer-1-weights.npy" for network in (1, 2, 3)),
}
FIRST = {  # exists from the first partial result on
    "predict": ".predictions.npy.partial/journal",
    "evaluate": "artifacts/.store/evaluate-*.partial/checkpoint/journal",
    "train": "artifacts/.store/train-*.partial/checkpoint/network-*.npz",
}


@dataclass(frozen=True)
class Baseline:
    """A project, and for each command the sha256 of its results and its duration in seconds without a fault."""

    project: Path
    digests: dict[str, str]
    seconds: dict[str, float]


def main() -> int:
    """Run the campaign and print a table; return 1 if anything failed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.cluster", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="seed of the times of the kills (default: 1)")
    parser.add_argument("--rounds", type=int, default=20, help="kills of one worker; a fifth of others (default: 20)")
    arguments = parser.parse_args()
    failed = 0
    rows = []
    with TemporaryDirectory(prefix="torture-") as folder, run_cluster(_folder(folder, "cluster"), workers=2) as cluster:
        baseline = prepare(_folder(folder, "project"), cluster)
        for target, attempt in (("a worker", kill_worker), ("all workers", kill_all), ("the scheduler", kill_all)):
            for command in COMMANDS:
                rounds = arguments.rounds if target == "a worker" else max(1, arguments.rounds // 5)
                generator = random.Random(f"{arguments.seed} {target} {command}")
                failures, longest = [], 0.0
                for _ in range(rounds):
                    delay = generator.uniform(0.1, 0.9) * baseline.seconds[command]
                    failure, seconds = attempt(baseline, cluster, command, target, delay)
                    longest = max(longest, seconds)
                    if failure:
                        failures.append(f"  after {delay:.2f} s: {failure}")
                error = f"{longest:.1f} s" if attempt == kill_all else ""
                rows.append([f"{target}, during `{command}`", rounds, rounds - len(failures), error])
                for failure in failures:
                    print(failure, flush=True)
                failed += len(failures)
    print(table(["killed", "times", "passed", "longest time until the error"], rows))
    return 1 if failed else 0


def prepare(project: Path, cluster: Cluster) -> Baseline:
    """Build the pipeline on the sample and run each command without a fault."""
    for stage in ("download --dataset sample", "parse", "normalize", "train --recipe quick", "evaluate"):
        _start(project, stage).communicate()
    images = np.load(project / "artifacts/parse/train-images.npy")
    np.save(project / "many.npy", np.resize(images, (IMAGES, *images.shape[1:])))
    digests, seconds = {}, {}
    for command, line in COMMANDS.items():
        assert _start(project, f"{line} --scheduler sync").wait() == 0
        digests[command] = _digest(project, command)
        process = _start(project, f"{line} --scheduler {cluster.address}")
        begun = _wait_for_first_result(project, command, process)
        assert process.wait() == 0
        seconds[command] = time.monotonic() - begun
        assert _digest(project, command) == digests[command]
        _delete_results(project, command)
    return Baseline(project, digests, seconds)


def kill_worker(baseline: Baseline, cluster: Cluster, command: str, target: str, delay: float) -> tuple[str, float]:
    """Kill one worker during the command; return the failure, empty if none, and 0."""
    process = _start(baseline.project, f"{COMMANDS[command]} --scheduler {cluster.address}")
    _kill_after(delay, baseline, command, process, lambda: _kill(cluster, [_alive(cluster)[0]]))
    _, stderr = process.communicate()
    cluster.start_worker()
    return _check(baseline, command, process.returncode, stderr), 0.0


def kill_all(baseline: Baseline, cluster: Cluster, command: str, target: str, delay: float) -> tuple[str, float]:
    """Kill all workers or the scheduler; return the failure, empty if none, and the seconds until the error."""
    process = _start(baseline.project, f"{COMMANDS[command]} --scheduler {cluster.address}")
    victims = _alive(cluster) if target == "all workers" else [cluster.scheduler] if cluster.scheduler else []
    killed = _kill_after(delay, baseline, command, process, lambda: _kill(cluster, victims))
    _, stderr = process.communicate()
    waited = time.monotonic() - killed
    if target == "the scheduler":
        _kill(cluster, _alive(cluster))
        cluster.start_scheduler()
    for _ in range(2):
        cluster.start_worker()
    if process.returncode == 0:  # it was done before the kill
        return _check(baseline, command, 0, stderr), 0.0
    *_, line = stderr.splitlines()
    published = any((baseline.project / name).exists() for name in RESULTS[command])
    failures = [
        *([f"exit status {process.returncode}"] if process.returncode != 1 else []),
        *([f"it took {waited:.0f} s"] if waited > TIMEOUT else []),
        *([f"unexpected error: {stderr!r}"] if "gone" not in line or "Traceback" in stderr else []),
        *(["a result was published"] if published else []),
    ]
    again = _start(baseline.project, f"{COMMANDS[command]} --scheduler {cluster.address}")
    _, stderr = again.communicate()
    if "resuming after" not in stderr and "is kept" in line:
        failures.append(f"it did not resume: {stderr!r}")
    failure = _check(baseline, command, again.returncode, stderr)
    return "; ".join([*failures, *([f"next run: {failure}"] if failure else [])]), waited


def _kill_after(
    delay: float, baseline: Baseline, command: str, process: subprocess.Popen[str], kill: Callable[[], object]
) -> float:
    """Kill `delay` seconds after the first partial result; return the time of the kill."""
    begun = _wait_for_first_result(baseline.project, command, process)
    time.sleep(max(0.0, begun + delay - time.monotonic()))
    kill()
    return time.monotonic()


def _wait_for_first_result(project: Path, command: str, process: subprocess.Popen[str]) -> float:
    while process.poll() is None and not any(project.glob(FIRST[command])):
        time.sleep(0.01)
    return time.monotonic()


def _check(baseline: Baseline, command: str, status: int, stderr: str) -> str:
    try:
        if status != 0:
            return f"exit status {status}: {stderr!r}"
        return "" if _digest(baseline.project, command) == baseline.digests[command] else "other bits"
    finally:
        _delete_results(baseline.project, command)


def _digest(project: Path, command: str) -> str:
    return hashlib.sha256(b"".join((project / name).read_bytes() for name in RESULTS[command])).hexdigest()


def _delete_results(project: Path, command: str) -> None:
    for name in RESULTS[command]:
        (project / name).unlink(missing_ok=True)


def _start(project: Path, line: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stages.cli.main", *line.split()],
        cwd=project,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _alive(cluster: Cluster) -> list[subprocess.Popen[bytes]]:
    return [worker for worker in cluster.workers if worker.poll() is None]


def _kill(cluster: Cluster, processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
        process.wait()


def _folder(parent: str, name: str) -> Path:
    folder = Path(parent) / name
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main())
