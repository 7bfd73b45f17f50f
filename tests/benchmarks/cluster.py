"""Measure time and memory of `predict` with one and two workers, compared with plain NumPy.

    python -m tests.benchmarks.cluster [COUNT ...]

For each count, generate images with `large`. Then plain NumPy and `predict`, in threads and on a Dask cluster, take
turns for ROUNDS rounds. Memory is the largest peak of a process. Needs `artifacts/` with the pipeline run on MNIST by
`standard`, and disk space for the images.
"""

import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.run import run_job
from tests.benchmarks.large import make_images
from tests.benchmarks.markdown import table
from tests.cluster import run_cluster
from tests.pipeline.scheduling.tasks import do_nothing
from tests.processes import watch_cost

COUNTS = (50_000, 500_000)
PLAIN, OURS, CLUSTER = "plain NumPy", "`predict`", "`predict` on a cluster"
BLOCK_SIZE = 8192  # the default of predict
PIXELS = 784
ROUNDS = 3
TASKS = 1000


def main(counts: tuple[int, ...]) -> None:
    rows: list[list[str]] = []
    for count in counts:
        with tempfile.TemporaryDirectory() as scratch:
            costs = measure(Path(scratch), count)
        seconds = {variant: statistics.median(cost[0] for cost in found) for variant, found in costs.items()}
        for (name, workers), found in costs.items():
            own = seconds[name, workers]
            ratios = [f"{seconds[other] / own:.2f}" for other in ((PLAIN, workers), (name, 1))]
            memory = f"{max(cost[1] for cost in found) / 1e6:,.0f} MB"
            rows.append([f"{count:,}: {name}, {workers}", f"{own:.1f} s", f"{count / own:,.0f}", *ratios, memory])
    header = ["images, threads or workers", "time", "images/s", "/ plain NumPy", "/ one", "largest process"]
    print(table(header, rows))
    print(
        f"\nThe times are medians of {ROUNDS} rounds; they include the connection to the cluster but not the imports."
    )
    print(f"The {count:,} images take {count * PIXELS / 1e9:.2f} GB. The model is that of the recipe `standard`.\n")
    tasks = measure_tasks()
    print(f"A cluster of two workers takes {tasks[CLUSTER]:,.0f} blocks per second if it does nothing with them,")
    print(f"`predict` in two threads {tasks[OURS]:,.0f}.\n")
    print(table(["estimate for a billion images", ""], estimate(count / seconds[OURS, 1], tasks[CLUSTER])))


def measure(folder: Path, count: int) -> dict[tuple[str, int], list[tuple[float, float]]]:
    """Return the seconds and the peak memory in bytes of each variant, by name and number of workers."""
    make_images(folder / "images.idx", count)
    images, output = str(folder / "images.idx"), str(folder / "predictions.npy")
    ours = ["stages.predict", images, "--output", output]
    with run_cluster(folder, workers=2) as pair:
        subfolder = folder / "single"
        subfolder.mkdir()
        with run_cluster(subfolder, workers=1) as single:
            variants = {}
            for workers, cluster in ((1, single), (2, pair)):
                variants[PLAIN, workers] = ["tests.benchmarks.plain", images, output, str(workers)]
                variants[OURS, workers] = [*ours, "--workers", str(workers)]
                variants[CLUSTER, workers] = [*ours, "--scheduler", cluster.address]
            costs: dict[tuple[str, int], list[tuple[float, float]]] = {variant: [] for variant in variants}
            expected = None
            for _ in range(ROUNDS):
                for variant, line in variants.items():
                    costs[variant].append(run(line, [process.pid for process in (*pair.workers, *single.workers)]))
                    predictions = np.load(output)
                    expected = predictions if expected is None else expected
                    differing = int((predictions != expected).sum())
                    assert differing <= count / 10_000, f"{variant} differs from plain NumPy in {differing:,} images"
    return costs


def measure_tasks() -> dict[str, float]:
    """Return the tasks per second, each with a block but no work, of two threads and of a cluster of two workers."""
    times: list[float] = []

    def on_result(index: int, result: None) -> None:
        times.append(time.perf_counter())

    found = {}
    with tempfile.TemporaryDirectory() as scratch, run_cluster(Path(scratch), workers=2) as cluster:
        for name, backend in ((OURS, Backend("threads", 2)), (CLUSTER, Backend(cluster.address))):
            rates = []
            for _ in range(ROUNDS):
                times.clear()
                run_job(Job(do_nothing, None, make_blocks(), on_result), backend)
                rates.append((TASKS - 1) / (times[-1] - times[0]))
            found[name] = statistics.median(rates)
    return found


def make_blocks() -> Iterator[np.ndarray]:
    for _ in range(TASKS):
        yield np.zeros((BLOCK_SIZE, PIXELS), np.uint8)


def estimate(rate: float, tasks: float) -> list[list[str]]:
    """Extrapolate to a billion images from the images/s of one core and the blocks that are sent per second."""
    images = 1_000_000_000
    blocks = -(-images // BLOCK_SIZE)
    return [
        ["images to read", f"{images * PIXELS / 1e9:,.0f} GB"],
        ["predictions to write", f"{images / 1e9:,.0f} GB"],
        ["probabilities to write, if requested", f"{images * 40 / 1e9:,.0f} GB"],
        ["work of one core", f"{images / rate / 3600:.1f} hours"],
        ["each core reads", f"{rate * PIXELS / 1e6:,.0f} MB/s"],
        [f"blocks of {BLOCK_SIZE:,} images", f"{blocks:,}, each {BLOCK_SIZE / rate:.2f} s of work"],
        ["time to send them", f"{blocks / tasks:,.0f} s"],
        ["cores that it keeps busy", f"{BLOCK_SIZE / rate * tasks:,.0f}"],
    ]


def run(line: list[str], others: list[int]) -> tuple[float, float]:
    """Return the seconds of work and the largest memory, in bytes, of the process, its children and `others`."""
    cost = watch_cost([sys.executable, "-m", *line], others)
    match = re.search(r"in ([\d.]+) s|^([\d.]+)$", cost.stdout, re.MULTILINE)
    assert match, cost.stdout
    return float(match[1] or match[2]), cost.memory


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or COUNTS)
