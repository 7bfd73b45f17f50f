"""Measure time and memory of download, parse and normalize by the number of images, compared with `cp`.

    python -m tests.benchmarks.scale [COUNT ...]

For each count, generate a data set by `large`. Then `cp` of the data set, the three stages, and `cp` of the output of
normalize take turns for ROUNDS rounds. The temporary folder needs eight times the space of the images: 6 GB for
1,000,000. Needs `artifacts/` with all stages run on MNIST.
"""

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from pipeline.data.dataset import FILES
from tests.benchmarks.large import make_dataset
from tests.benchmarks.markdown import spread, table
from tests.make.common import STAGES as ORDER
from tests.processes import Cost, measure_cost

ARTIFACTS = Path("artifacts").absolute()
COUNTS = (20_000, 1_000_000)
ROUNDS = 3
CUSTOM = ["--dataset", "custom", "--from", "mine"]
STAGES = {"download": CUSTOM, "parse": [], "normalize": []}
COPIES = {"download": "cp of the input", "normalize": "cp of the output"}


def main(counts: tuple[int, ...]) -> None:
    rows = []
    for count in counts:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "mine").mkdir()
            make_dataset(folder / "mine", count)
            size = sum((folder / "mine" / name).stat().st_size for name in FILES)
            costs = measure(folder)
        medians = {name: statistics.median(cost.seconds for cost in found) for name, found in costs.items()}
        for name, found in costs.items():
            copy = COPIES["normalize" if name == "normalize" else "download"]
            times = spread([cost.seconds for cost in found], ".2f", " s")
            relative = f"{medians[name] / medians[copy]:.1f}" if name in STAGES else ""
            memory = f"{max(cost.memory for cost in found) / 1e6:,.0f} MB"
            title = f"{count:,} images, {size / 1e6:,.0f} MB: `{name}`"
            rows.append([title, times, f"{size / 1e6 / medians[name]:,.0f} MB/s", relative, memory])
    print(table(["", "median (minimum to maximum)", "of the input", "relative to `cp`", "memory"], rows))
    print(f"\n{ROUNDS} rounds. `normalize` is compared with `cp` of its output, the others with `cp` of the input.")
    print("Memory is the peak of the resident memory.")
    print(f"`train` needs {measure_training() / 1e6:,.0f} MB with the recipe `standard` on MNIST.")
    files = (path for stage in ORDER for path in (ARTIFACTS / stage).iterdir())
    print(f"The results of all stages on MNIST take {sum(path.stat().st_size for path in files) / 1e6:,.0f} MB.")


def measure_training() -> int:
    """Return the peak memory of `train`, in bytes."""
    with tempfile.TemporaryDirectory() as scratch:
        inputs = [f"--{name}={ARTIFACTS / name}" for name in ("parse", "normalize")]
        options = [*inputs, "--epochs", "1"]
        return measure_cost([sys.executable, "-m", "stages.cli.main", "train", *options], Path(scratch)).memory


def measure(folder: Path) -> dict[str, list[Cost]]:
    """Return the costs of each command by round. Commands take turns: a slow phase of the disk affects all of them."""
    costs: dict[str, list[Cost]] = {}

    def run(name: str, command: list[str]) -> None:
        os.sync()  # so that a command does not wait for the writes of the previous one
        costs.setdefault(name, []).append(measure_cost(command, folder))

    for _ in range(ROUNDS):
        run(COPIES["download"], ["cp", "-r", "mine", "copy"])
        shutil.rmtree(folder / "copy")
        for stage, options in STAGES.items():
            run(stage, [sys.executable, "-m", "stages.cli.main", stage, *options])
        for stage in ("download", "parse"):  # to free space
            shutil.rmtree((folder / "artifacts" / stage).resolve())
        run(COPIES["normalize"], ["cp", "-rL", "artifacts/normalize", "copy"])
        for name in ("copy", "artifacts"):
            shutil.rmtree(folder / name)
    return costs


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or COUNTS)
