"""Measure time and memory of download, parse and normalize by the number of images, compared with `cp`.

    python -m tests.benchmarks.scale [COUNT ...]

For each count, generate a data set with `large`. Then `cp` of the data set, the three stages, and `cp` of the output of
normalize take turns for ROUNDS rounds. Memory is the peak resident memory, which should not depend on the count. The
temporary folder needs eight times the space of the images: 13 GB for 2,000,000. Needs `artifacts/` with parse run on
MNIST.
"""

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from pipeline.data.dataset import FILES, TRAIN_IMAGES
from tests.processes import ROOT, Cost, measure_cost

COUNTS = (200_000, 1_000_000, 2_000_000)
ROUNDS = 3
CUSTOM = ["--dataset", "custom", "--from", "mine"]
STAGES = {"download": CUSTOM, "parse": [], "normalize": []}


def main(counts: tuple[int, ...]) -> None:
    for count in counts:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "mine").mkdir()
            generation = measure_cost(
                [sys.executable, "-m", "tests.benchmarks.large", str(folder / "mine"), str(count)], ROOT
            )
            size = (folder / "mine" / TRAIN_IMAGES).stat().st_size
            print(f"\n{count:,} images, {size / 1e6:,.0f} MB, generated in {generation.seconds:.1f} s")
            print_table(measure(folder), sum((folder / "mine" / name).stat().st_size for name in FILES))


def measure(folder: Path) -> dict[str, list[Cost]]:
    """Return the costs of each command by round. Commands take turns: a slow phase of the disk affects all of them."""
    costs: dict[str, list[Cost]] = {}

    def run(name: str, command: list[str]) -> None:
        os.sync()  # so that a command does not wait for the writes of the previous one
        costs.setdefault(name, []).append(measure_cost(command, folder))

    for _ in range(ROUNDS):
        run("cp of the input", ["cp", "-r", "mine", "copy"])
        shutil.rmtree(folder / "copy")
        for stage, options in STAGES.items():
            run(stage, [sys.executable, "-m", "stages.cli.main", stage, *options])
        for stage in ("download", "parse"):  # to free space
            shutil.rmtree((folder / "artifacts" / stage).resolve())
        run("cp of the output", ["cp", "-rL", "artifacts/normalize", "copy"])
        for name in ("copy", "artifacts"):
            shutil.rmtree(folder / name)
    return costs


def print_table(costs: dict[str, list[Cost]], size: int) -> None:
    print(f"{'':<26} {'median':>8} {'min':>8} {'max':>8} {'MB/s':>8} {'peak MB':>8} {'/ cp in':>10} {'/ cp out':>10}")
    medians = {name: statistics.median(cost.seconds for cost in found) for name, found in costs.items()}
    for name, found in costs.items():
        seconds = [cost.seconds for cost in found]
        line = f"{name:<26} {medians[name]:7.2f}s {min(seconds):7.2f}s {max(seconds):7.2f}s "
        line += f"{size / 1e6 / medians[name]:8,.0f} {max(cost.memory for cost in found) / 1e6:8,.0f}"
        if name in STAGES:
            copy = "cp of the output" if name == "normalize" else "cp of the input"
            line += f" {medians[name] / medians['cp of the input']:10.1f} {medians[name] / medians[copy]:10.1f}"
        print(line, flush=True)


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or COUNTS)
