"""What many images cost: the stages that bring them into form, beside `cp` of what they read and of what they write.

    python -m tests.benchmarks.scale [COUNT ...]

For each count a data set is made (`large` says of what), and then, ROUNDS times in turn, `cp` copies it, the stages
download, parse and normalize run as processes of their own, and `cp` copies what normalize has made. Memory is what was
resident at the peak; that the columns of all counts are alike is the point. What is made lies in a temporary folder,
which needs room for eight times the images: 13 GB for 2,000,000. Needs `artifacts/` with parse run on MNIST.
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
    """Print a table for each count."""
    for count in counts:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "mine").mkdir()
            made = measure_cost(
                [sys.executable, "-m", "tests.benchmarks.large", str(folder / "mine"), str(count)], ROOT
            )
            size = (folder / "mine" / TRAIN_IMAGES).stat().st_size
            print(f"\n{count:,} images, {size / 1e6:,.0f} MB, made in {made.seconds:.1f} s")
            table(measure(folder), sum((folder / "mine" / name).stat().st_size for name in FILES))


def measure(folder: Path) -> dict[str, list[Cost]]:
    """What each has cost in each round; they take turns, so that a disk which slows down slows all of them down."""
    costs: dict[str, list[Cost]] = {}

    def run(name: str, command: list[str]) -> None:
        os.sync()  # so that nobody waits until the disk has what another has written
        costs.setdefault(name, []).append(measure_cost(command, folder))

    for _ in range(ROUNDS):
        run("cp, what is read", ["cp", "-r", "mine", "copy"])
        shutil.rmtree(folder / "copy")
        for stage, options in STAGES.items():
            run(stage, [sys.executable, "-m", "stages.cli.main", stage, *options])
        for stage in ("download", "parse"):  # to have room
            shutil.rmtree((folder / "artifacts" / stage).resolve())
        run("cp, what normalize writes", ["cp", "-rL", "artifacts/normalize", "copy"])
        for name in ("copy", "artifacts"):
            shutil.rmtree(folder / name)
    return costs


def table(costs: dict[str, list[Cost]], size: int) -> None:
    """Print the median, least and most seconds of each, its rate by what is read, its memory, and how it is to cp."""
    print(
        f"{'':<26} {'median':>8} {'min':>8} {'max':>8} {'MB/s':>8} {'peak MB':>8} {'/ cp read':>10} {'/ written':>10}"
    )
    medians = {name: statistics.median(cost.seconds for cost in found) for name, found in costs.items()}
    for name, found in costs.items():
        seconds = [cost.seconds for cost in found]
        line = f"{name:<26} {medians[name]:7.2f}s {min(seconds):7.2f}s {max(seconds):7.2f}s "
        line += f"{size / 1e6 / medians[name]:8,.0f} {max(cost.memory for cost in found) / 1e6:8,.0f}"
        if name in STAGES:
            written = "cp, what normalize writes" if name == "normalize" else "cp, what is read"
            line += f" {medians[name] / medians['cp, what is read']:10.1f} {medians[name] / medians[written]:10.1f}"
        print(line, flush=True)


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or COUNTS)
