"""Measure time and memory of `predict` with one and two workers, compared with plain NumPy.

    python -m tests.benchmarks.predict [COUNT ...]

For each count, generate images with `large`. Then plain NumPy and `predict`, in threads and on a Dask cluster, take
turns for ROUNDS rounds. Seconds exclude imports and include the connection to the cluster. Memory is the largest peak
of a process. Needs `artifacts/` with the pipeline run on MNIST by `standard`, and disk space for the images.
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
from tests.cluster import run_cluster
from tests.pipeline.scheduling.tasks import do_nothing
from tests.processes import ROOT, environment

COUNTS = (200_000, 1_000_000, 2_000_000)
ROUNDS = 3
TASKS = 3000


def main(counts: tuple[int, ...]) -> None:
    for count in counts:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            make_images(folder / "images.idx", count)
            print(f"\n{count:,} images, {(folder / 'images.idx').stat().st_size / 1e6:,.0f} MB")
            measure(folder, count)
    measure_tasks()


def measure(folder: Path, count: int) -> None:
    """Print time, rate, ratio to plain NumPy with as many threads, and memory of each variant."""
    images, output = str(folder / "images.idx"), str(folder / "predictions.npy")
    ours = ["stages.predict", images, "--output", output]
    with run_cluster(folder, workers=2) as pair:
        subfolder = folder / "single"
        subfolder.mkdir()
        with run_cluster(subfolder, workers=1) as single:
            variants: dict[tuple[str, int], list[str]] = {
                ("plain NumPy", 1): ["tests.benchmarks.plain", images, output, "1"],
                ("plain NumPy", 2): ["tests.benchmarks.plain", images, output, "2"],
            }
            for workers, cluster in ((1, single), (2, pair)):
                options = ["--workers", str(workers)]
                variants["threads", workers] = [*ours, *options]
                variants["tcp://…", workers] = [*ours, "--scheduler", cluster.address]
            seconds: dict[tuple[str, int], list[float]] = {variant: [] for variant in variants}
            peaks: dict[tuple[str, int], float] = {}
            expected = None
            for _ in range(ROUNDS):
                for variant, line in variants.items():
                    took, peak = _run(line, [process.pid for process in (*pair.workers, *single.workers)])
                    seconds[variant].append(took)
                    peaks[variant] = max(peaks.get(variant, 0), peak)
                    predictions = np.load(output)
                    expected = predictions if expected is None else expected
                    differing = int((predictions != expected).sum())
                    assert differing <= count / 10_000, f"{variant} differs from plain NumPy in {differing:,} images"
    print(f"{'':<14} workers  {'median':>8} {'min':>8} {'max':>8} {'images/s':>9} {'/ plain':>8} {'peak MB':>8}")
    for variant, found in seconds.items():
        median = statistics.median(found)
        ratio = statistics.median(seconds["plain NumPy", variant[1]]) / median
        print(
            f"{variant[0]:<14} {variant[1]:7} {median:8.2f}s {min(found):7.2f}s {max(found):7.2f}s "
            f"{count / median:9,.0f} {ratio:8.2f} {peaks[variant] / 1e6:8,.0f}"
        )
    for name in ("plain NumPy", "threads", "tcp://…"):
        one, two = (statistics.median(seconds[name, workers]) for workers in (1, 2))
        print(f"{name}: two workers are {one / two:.2f} times as fast as one")


def measure_tasks() -> None:
    times: list[float] = []

    def on_result(index: int, result: None) -> None:
        times.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as scratch, run_cluster(Path(scratch), workers=2) as cluster:
        for name, backend in (("threads", Backend("threads", 2)), ("tcp://…", Backend(cluster.address))):
            rates = []
            for _ in range(ROUNDS):
                times.clear()
                run_job(Job(do_nothing, None, range(TASKS), on_result), backend)
                rates.append((TASKS - 1) / (times[-1] - times[0]))
            median = statistics.median(rates)
            print(f"{name}: {median:,.0f} empty tasks per second ({min(rates):,.0f} to {max(rates):,.0f})")


def _run(line: list[str], others: list[int]) -> tuple[float, float]:
    """Return the seconds of work and the largest peak memory, in bytes, of the process, its children and `others`."""
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
    stdout, _ = process.communicate()
    watcher.join()
    assert process.returncode == 0
    match = re.search(r"in ([\d.]+) s|^([\d.]+)$", stdout, re.MULTILINE)
    assert match, stdout
    return float(match[1] or match[2]), peak


def _children(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def _peak(pid: int) -> float:
    """Return the peak memory on Linux; 0 if the process has ended."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc", str(pid), "status").read_text())
    except OSError:
        return 0
    return 1024 * int(found[1]) if found else 0


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or COUNTS)
