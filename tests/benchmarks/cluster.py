"""Measure time and memory of `predict` with two workers, compared with plain NumPy.

    python -m tests.benchmarks.cluster

Plain NumPy and `predict`, in threads and on a Dask cluster, take turns for ROUNDS rounds on COUNTS images, MNIST's
test images again and again. Memory is the largest peak of a process. Needs `artifacts/` with the pipeline run on MNIST
by `standard`, and disk space for the images.
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

COUNTS = 50_000, 500_000
WORKERS = 2
SHAPE = (28, 28)
ROUNDS = 3


def main() -> None:
    rows: list[list[str]] = []
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as scratch:
            costs = measure(Path(scratch), count)
        for name, found in costs.items():
            seconds = statistics.median(cost[0] for cost in found)
            memory = f"{max(cost[1] for cost in found) / 1e6:,.0f} MB"
            rows.append([f"{count:,}: {name}", f"{seconds:.1f} s", f"{count / seconds:,.0f}", memory])
    print(table(["images", "time", "images/s", "largest process"], rows))
    print(f"\n{WORKERS} threads or workers; `standard`. Medians of {ROUNDS} rounds, with the connection to the cluster")
    print(f"but without the imports. {COUNTS[-1]:,} images take {COUNTS[-1] * np.prod(SHAPE) / 1e9:.2f} GB.")


def measure(folder: Path, count: int) -> dict[str, list[tuple[float, float]]]:
    """Return the seconds and the peak memory in bytes of each variant, by name."""
    idx.save(folder / "images.idx", np.resize(np.load("artifacts/parse/test-images.npy"), (count, *SHAPE)))
    images, output = str(folder / "images.idx"), str(folder / "predictions.npy")
    ours = ["stages.commands.predict", images, "--output", output]
    with run_cluster(folder, workers=WORKERS) as cluster:
        variants = {
            "plain NumPy": ["tests.benchmarks.plain", images, output, str(WORKERS)],
            "`predict`": [*ours, "--workers", str(WORKERS)],
            "`predict` on a cluster": [*ours, "--scheduler", cluster.address],
        }
        others = [process.pid for process in cluster.workers]
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
    main()
