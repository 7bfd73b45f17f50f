"""A campaign against a Dask cluster: workers and schedulers that are killed while the program works on them.

    python -m tests.torture.cluster [--seed N] [--rounds N]

A killed worker is survived if the answers have the bits of one process. All workers killed, or the scheduler, is
survived if the program ends within a minute with status 1 and one line, has published nothing, and the same command
goes on from there once they are back, to the same bits.
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

from tests.cluster import Cluster, started
from tests.processes import environment

IMAGES = 60_000
LONGEST = 60.0  # seconds from a kill to the line that tells of it
COMMANDS = {
    "predict": ("predict", "many.npy", "--block-size", "256"),
    "evaluate": ("evaluate", "--force", "--block-size", "2"),
    "train": (
        "train",
        "--recipe",
        "quick",
        "--ensemble-size",
        "3",
        "--epochs",
        "25",
        "--force",
        "--output",
        "artifacts/ensemble",
    ),
}
RESULTS = {
    "predict": ("predictions.npy",),
    "evaluate": ("artifacts/evaluate/predictions.npy", "artifacts/evaluate/probabilities.npy"),
    "train": tuple(f"artifacts/ensemble/network-{network}-layer-1-weights.npy" for network in (1, 2, 3)),
}
FIRST = {  # what there is when the first result has come
    "predict": ".predictions.npy.partial/journal",
    "evaluate": "artifacts/.store/evaluate-*.partial/checkpoint/journal",
    "train": "artifacts/.store/train-*.partial/checkpoint/network-*.npz",
}


@dataclass(frozen=True)
class Ground:
    """A project, and for each command what it makes when nothing happens, and how many seconds it then works."""

    project: Path
    truth: dict[str, str]
    seconds: dict[str, float]


def main() -> int:
    """Try it all, print a line for each kind, and give the exit status: 1 if something was not survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.cluster", description=__doc__.partition(":")[0])
    parser.add_argument("--seed", type=int, default=1, help="of the moments, by default 1")
    parser.add_argument("--rounds", type=int, default=20, help="by default 20 kills of a worker; of others a fifth")
    arguments = parser.parse_args()
    failed = 0
    print(f"{'killed':<14} {'command':<10} {'tried':>6} {'survived':>9} {'longest until told':>19}")
    with TemporaryDirectory(prefix="torture-") as folder, started(_folder(folder, "cluster"), workers=2) as cluster:
        ground = prepare(_folder(folder, "project"), cluster)
        for what, attempt in (("a worker", lose_worker), ("all workers", lose_all), ("the scheduler", lose_all)):
            for command in COMMANDS:
                rounds = arguments.rounds if what == "a worker" else max(1, arguments.rounds // 5)
                generator = random.Random(f"{arguments.seed} {what} {command}")
                flaws, waited = [], 0.0
                for _ in range(rounds):
                    moment = generator.uniform(0.1, 0.9) * ground.seconds[command]
                    flaw, seconds = attempt(ground, cluster, command, what, moment)
                    waited = max(waited, seconds)
                    if flaw:
                        flaws.append(f"  after {moment:.2f} s: {flaw}")
                print(f"{what:<14} {command:<10} {rounds:6} {rounds - len(flaws):9} {waited:17.1f} s", flush=True)
                for flaw in flaws:
                    print(flaw, flush=True)
                failed += len(flaws)
    return 1 if failed else 0


def prepare(project: Path, cluster: Cluster) -> Ground:
    """Build the pipeline on the sample, and run each command undisturbed."""
    for stage in ("download --dataset sample", "parse", "normalize", "train --recipe quick", "evaluate"):
        _start(project, stage.split()).communicate()
    images = np.load(project / "artifacts/parse/train-images.npy")
    np.save(project / "many.npy", np.resize(images, (IMAGES, *images.shape[1:])))
    truth, seconds = {}, {}
    for command, words in COMMANDS.items():
        line = list(words)
        assert _start(project, [*line, "--scheduler", "sync"]).wait() == 0
        truth[command] = _digest(project, command)
        process = _start(project, [*line, "--scheduler", cluster.address])
        begun = _wait_for_work(project, command, process)
        assert process.wait() == 0
        seconds[command] = time.monotonic() - begun
        assert _digest(project, command) == truth[command]
        _forget(project, command)
    return Ground(project, truth, seconds)


def lose_worker(ground: Ground, cluster: Cluster, command: str, what: str, moment: float) -> tuple[str, float]:
    """Kill one worker while the command works; what then was wrong, and how long it took until told: nothing is."""
    process = _start(ground.project, [*COMMANDS[command], "--scheduler", cluster.address])
    _kill_after(ground, cluster, command, process, moment, lambda: _kill(cluster, [_alive(cluster)[0]]))
    _, told = process.communicate()
    cluster.start_worker()
    return _judge(ground, command, process.returncode, told), 0.0


def lose_all(ground: Ground, cluster: Cluster, command: str, what: str, moment: float) -> tuple[str, float]:
    """Kill all workers or the scheduler; what then was wrong, and how long it took until the command said so."""
    process = _start(ground.project, [*COMMANDS[command], "--scheduler", cluster.address])
    victims = _alive(cluster) if what == "all workers" else [cluster.scheduler] if cluster.scheduler else []
    killed = _kill_after(ground, cluster, command, process, moment, lambda: _kill(cluster, victims))
    _, told = process.communicate()
    waited = time.monotonic() - killed
    if what == "the scheduler":
        _kill(cluster, _alive(cluster))
        cluster.start_scheduler()
    for _ in range(2):
        cluster.start_worker()
    if process.returncode == 0:  # it was done before
        return _judge(ground, command, 0, told), 0.0
    *_, line = told.splitlines()
    flaws = [
        *([f"status {process.returncode}"] if process.returncode != 1 else []),
        *([f"it took {waited:.0f} s"] if waited > LONGEST else []),
        *([f"it said {told!r}"] if "gone" not in line or "Traceback" in told else []),
        *(["something was published"] if any((ground.project / name).exists() for name in RESULTS[command]) else []),
    ]
    again = _start(ground.project, [*COMMANDS[command], "--scheduler", cluster.address])
    _, told = again.communicate()
    if "goes on after" not in told and "is kept" in line:
        flaws.append(f"it did not go on: {told!r}")
    flaw = _judge(ground, command, again.returncode, told)
    return "; ".join([*flaws, *([f"the next run: {flaw}"] if flaw else [])]), waited


def _kill_after(
    ground: Ground,
    cluster: Cluster,
    command: str,
    process: subprocess.Popen[str],
    moment: float,
    kill: Callable[[], object],
) -> float:
    begun = _wait_for_work(ground.project, command, process)
    time.sleep(max(0.0, begun + moment - time.monotonic()))
    kill()
    return time.monotonic()


def _wait_for_work(project: Path, command: str, process: subprocess.Popen[str]) -> float:
    """When the first result of a run was there."""
    while process.poll() is None and not any(project.glob(FIRST[command])):
        time.sleep(0.01)
    return time.monotonic()


def _judge(ground: Ground, command: str, status: int, told: str) -> str:
    try:
        if status != 0:
            return f"status {status}: {told!r}"
        return "" if _digest(ground.project, command) == ground.truth[command] else "other bits"
    finally:
        _forget(ground.project, command)


def _digest(project: Path, command: str) -> str:
    return hashlib.sha256(b"".join((project / name).read_bytes() for name in RESULTS[command])).hexdigest()


def _forget(project: Path, command: str) -> None:
    """Remove what the command has published, so that what is there later is new."""
    for name in RESULTS[command]:
        (project / name).unlink(missing_ok=True)


def _start(project: Path, line: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stages.cli.main", *line],
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
