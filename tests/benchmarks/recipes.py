"""The accuracy of the recipes over several seeds, and their training time.

    python -m tests.benchmarks.recipes [RECIPE...] [--seeds N] [--dataset NAME] [--epochs N]

Each network is trained and evaluated by the stages themselves, in a temporary folder. Without arguments: quick, mlp and
standard on MNIST, then standard on Fashion-MNIST with and without augmentation. The recipe record takes an hour: ask
for it by name. `standard --epochs 3` shows the accuracy that a shorter training reaches.
"""

import argparse
import csv
import json
import logging
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stages.download import download
from stages.evaluate import evaluate
from stages.normalize import normalize
from stages.parse import parse
from stages.train import train


def measure(dataset: str, recipes: Sequence[str], seeds: Sequence[int], **changes: Any) -> None:
    """Print a line for each recipe: the median, least and most of its seeds."""
    print(f"\n{dataset:<16} {'seeds':>5}  {'test accuracy':<26} {'calibration error':<22} {'training':<18}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        at = Path(scratch)
        download(dataset=dataset, output=at / "download")
        parse(download=at / "download", output=at / "parse")
        normalize(parse=at / "parse", output=at / "normalize")
        for recipe in recipes:
            accuracies, errors, seconds = [], [], []
            for seed in seeds:
                train(normalize=at / "normalize", recipe=recipe, seed=seed, output=at / "train", **changes)  # type: ignore[arg-type]
                evaluate(normalize=at / "normalize", train=at / "train", output=at / "evaluate")
                metrics = json.loads((at / "evaluate/metrics.json").read_text())
                accuracies.append(metrics["accuracy"])
                errors.append(metrics["expected_calibration_error"])
                with open(at / "train/history.csv", newline="") as file:
                    seconds.append(sum(float(row["seconds"]) for row in csv.DictReader(file)))
            figures = (spread(accuracies, ".2%"), spread(errors, ".2%"), spread(seconds, ".1f"))
            print(f"{recipe:<16} {len(seeds):>5}  {figures[0]:<26} {figures[1]:<22} {figures[2]:<18}", flush=True)


def spread(values: Sequence[float], form: str) -> str:
    """The median, and the least and the most in brackets."""
    return f"{statistics.median(values):{form}} ({min(values):{form}}..{max(values):{form}})"


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--epochs", type=int)
    asked = parser.parse_args()
    logging.disable()
    seeds = range(1, asked.seeds + 1)
    measure(asked.dataset, asked.recipes or ["quick", "mlp", "standard"], seeds, epochs=asked.epochs)
    if not asked.recipes:
        measure("fashion-mnist", ["standard"], seeds)
        print("\nwithout augmentation:")
        measure("fashion-mnist", ["standard"], seeds, augment_fraction=0.0)


if __name__ == "__main__":
    main()
