"""Speed of training, compared with PyTorch and with the matrix products alone.

    python -m tests.benchmarks.training

The networks and batch sizes differ from those of the recipes, which `recipes` measures. Each implementation runs in a
separate process, in turn, ROUNDS times, so that changes of the machine's speed affect all. Needs `artifacts/` with
normalize run on MNIST, and PyTorch. See `contenders` for the implementations.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from tests.benchmarks.contenders import EPOCHS, TRAINERS
from tests.benchmarks.markdown import table

ROUNDS = 3
NETWORKS = (
    ("128", 128),
    ("128", 512),
    ("512,256", 128),
    ("512,256", 512),
    ("1024,1024", 256),
    ("conv16,conv64,128", 128),
    ("conv16,conv64,128", 512),
)


def measure(command: str, names: Iterable[str], *arguments: object) -> dict[str, list[float]]:
    """Return the images/s of each contender over all rounds."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name, rates in found.items():
            line = [sys.executable, "-m", "tests.benchmarks.contenders", command, name, *map(str, arguments)]
            result = subprocess.run(line, capture_output=True, text=True)
            assert result.returncode == 0, result.stderr
            measured: Any = json.loads(result.stdout)
            rates += measured
    return found


def fits(name: str, layers: str) -> bool:
    """Return whether a contender has a separate variant for these layers."""
    return "conv" in layers or name != "PyTorch, channels last"


def main() -> None:
    rows = []
    for layers, batch in NETWORKS:
        rates = measure("train", (name for name in TRAINERS if fits(name, layers)), layers, batch)
        medians = {name: statistics.median(values) for name, values in rates.items()}
        widest = max((max(values) - min(values)) / medians[name] for name, values in rates.items())
        cells = (f"{medians[name]:,.0f}" if name in medians else "" for name in TRAINERS)
        rows.append([f"`{layers}`, {batch}", *cells, f"{widest:.0%}"])
    print(table(["layers, batch size", *TRAINERS, "spread"], rows))
    print(f"\nTraining in images/s: float32, Adam, no augmentation, PyTorch {version('torch')}.")
    print(f"Medians of {(EPOCHS - 1) * ROUNDS} epochs in {ROUNDS} processes that take turns.")
    print("Spread: the largest difference between two epochs of one column, relative to its median.")


if __name__ == "__main__":
    main()
