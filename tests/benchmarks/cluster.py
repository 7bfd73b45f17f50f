"""Measure time and memory of `predict` with one and two workers, compared with plain NumPy.

    python -m tests.benchmarks.cluster [COUNT]

Plain NumPy and `predict`, in threads and on a Dask cluster, take turns for ROUNDS rounds on COUNT images, MNIST's test
images again and again. Memory is the largest peak of a process. Needs `artifacts/` with the pipeline run on MNIST by
`standard`, and disk space for the images.
"""

import re
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data import idx
from tests.benchmarks.markdown import table, take_turns
from tests.cluster import run_cluster
from tests.processes import watch_cost

COUNT = 500_000
PLAIN, OURS, CLUSTER = "plain NumPy", "`predict`", "`predict` on a cluster"
SHAPE = (28, 28)
ROUNDS = 3


def main(count: int = COUNT) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        costs = measure(Path(scratch), count)
    rows: list[list[str]] = []
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
    print(
        f"The {count:,} images take {count * np.prod(SHAPE) / 1e9:.2f} GB. The model is that of the recipe `standard`."
    )


def measure(folder: Path, count: int) -> dict[tuple[str, int], list[tuple[float, float]]]:
    """Return the seconds and the peak memory in bytes of each variant, by name and number of workers."""
    idx.save(folder / "images.idx", np.resize(np.load("artifacts/parse/test-images.npy"), (count, *SHAPE)))
    images, output = str(folder / "images.idx"), str(folder / "predictions.npy")
    ours = ["stages.predict", images, "--output", output]
    subfolder = folder / "single"
    subfolder.mkdir()
    with run_cluster(folder, workers=2) as pair, run_cluster(subfolder, workers=1) as single:
        variants = {}
        for workers, cluster in ((1, single), (2, pair)):
            variants[PLAIN, workers] = ["tests.benchmarks.plain", images, output, str(workers)]
            variants[OURS, workers] = [*ours, "--workers", str(workers)]
            variants[CLUSTER, workers] = [*ours, "--scheduler", cluster.address]
        others = [process.pid for process in (*pair.workers, *single.workers)]
        first: dict[str, NDArray[np.uint8]] = {}

        def run_checked(line: list[str]) -> tuple[float, float]:
            cost, predictions = run(line, others), np.load(output)
            differing = int((predictions != first.setdefault("predictions", predictions)).sum())
            assert differing <= count / 10_000, f"{line} differs from plain NumPy in {differing:,} images"
            return cost

        return take_turns({variant: partial(run_checked, line) for variant, line in variants.items()}, ROUNDS)


def run(line: list[str], others: list[int]) -> tuple[float, float]:
    """Return the seconds of work and the largest memory, in bytes, of the process, its children and `others`."""
    cost = watch_cost([sys.executable, "-m", *line], others)
    match = re.search(r"in ([\d.]+) s|^([\d.]+)$", cost.stdout, re.MULTILINE)
    assert match, cost.stdout
    return float(match[1] or match[2]), cost.memory


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
