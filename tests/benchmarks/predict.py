"""What `predict` costs: images a second by one worker and by two, beside plain NumPy; memory by the number of images.

    python -m tests.benchmarks.predict [COUNT ...]

For each count, images are made (`large` says of what), and then, ROUNDS times in turn, plain NumPy and the program read
them: in threads, and on a Dask cluster. Seconds are those of the work, from after the imports on; on a cluster they
hold what it takes to connect. Memory is the largest peak of a process. Needs `artifacts/` with the pipeline run on
MNIST by `standard`, and room for the images.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil

from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.run import run_job
from tests.benchmarks.large import make_images
from tests.cluster import started
from tests.pipeline.scheduling.tasks import nothing
from tests.processes import ROOT, environment

COUNTS = (200_000, 1_000_000, 2_000_000)
ROUNDS = 3
TASKS = 3000


def main(counts: tuple[int, ...]) -> None:
    """Print a table for each count."""
    for count in counts:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            make_images(folder / "images.idx", count)
            print(f"\n{count:,} images, {(folder / 'images.idx').stat().st_size / 1e6:,.0f} MB")
            measure(folder, count)
    measure_tasks()


def measure(folder: Path, count: int) -> None:
    """Print seconds, rate, ratio to plain NumPy with as many threads, memory of each way; they must agree."""
    images, output = str(folder / "images.idx"), str(folder / "said.npy")
    ours = ["stages.predict", images, "--output", output]
    with started(folder, workers=2) as pair:
        lonely = folder / "lonely"
        lonely.mkdir()
        with started(lonely, workers=1) as single:
            ways: dict[tuple[str, int], list[str]] = {
                ("plain NumPy", 1): ["tests.benchmarks.plain", images, output, "1"],
                ("plain NumPy", 2): ["tests.benchmarks.plain", images, output, "2"],
            }
            for workers, cluster in ((1, single), (2, pair)):
                many = ["--workers", str(workers)]
                ways["threads", workers] = [*ours, *many]
                ways["tcp://…", workers] = [*ours, "--scheduler", cluster.address]
            seconds: dict[tuple[str, int], list[float]] = {way: [] for way in ways}
            peaks: dict[tuple[str, int], float] = {}
            truth = None
            for _ in range(ROUNDS):
                for way, line in ways.items():
                    took, peak = _run(line, [process.pid for process in (*pair.workers, *single.workers)])
                    seconds[way].append(took)
                    peaks[way] = max(peaks.get(way, 0), peak)
                    said = np.load(output)
                    truth = said if truth is None else truth
                    apart = int((said != truth).sum())
                    assert apart <= count / 10_000, f"{way} differs from plain NumPy in {apart:,} images"
    print(f"{'':<14} workers  {'median':>8} {'min':>8} {'max':>8} {'images/s':>9} {'/ plain':>8} {'peak MB':>8}")
    for way, found in seconds.items():
        median = statistics.median(found)
        ratio = statistics.median(seconds["plain NumPy", way[1]]) / median
        print(
            f"{way[0]:<14} {way[1]:7} {median:8.2f}s {min(found):7.2f}s {max(found):7.2f}s {count / median:9,.0f} "
            f"{ratio:8.2f} {peaks[way] / 1e6:8,.0f}"
        )
    for name in ("plain NumPy", "threads", "tcp://…"):
        one, two = (statistics.median(seconds[name, workers]) for workers in (1, 2))
        print(f"{name}: two are {one / two:.2f} times as fast as one")


def measure_tasks() -> None:
    """Print how many tasks a second a scheduler and the program get done, if there is nothing to do."""
    times: list[float] = []

    def note(number: int, result: None) -> None:
        times.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as scratch, started(Path(scratch), workers=2) as cluster:
        for name, backend in (("threads", Backend("threads", 2)), ("tcp://…", Backend(cluster.address))):
            rates = []
            for _ in range(ROUNDS):
                times.clear()
                run_job(Job(nothing, None, range(TASKS), note), backend)
                rates.append((TASKS - 1) / (times[-1] - times[0]))
            least, most = min(rates), max(rates)
            print(f"{name}: {statistics.median(rates):,.0f} empty tasks a second ({least:,.0f} to {most:,.0f})")


def _run(line: list[str], others: list[int]) -> tuple[float, float]:
    """The seconds of work and the largest peak of memory, in bytes, of the process, its children and others."""
    peak = 0.0
    command = [sys.executable, "-m", *line]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            for pid in (process.pid, *others):
                peak = max([peak, *map(_peak, [pid, *_children(pid)])])
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    told, _ = process.communicate()
    watcher.join()
    assert process.returncode == 0
    match = re.search(r"in ([\d.]+) s|^([\d.]+)$", told, re.MULTILINE)
    assert match, told
    return float(match[1] or match[2]), peak


def _children(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def _peak(pid: int) -> float:
    """As Linux counts it; a process that is gone has none."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc", str(pid), "status").read_text())
    except OSError:
        return 0
    return 1024 * int(found[1]) if found else 0


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or COUNTS)
