"""Test accuracy, calibration error and training time of the recipes over several seeds.

    python -m tests.benchmarks.recipes [RECIPE...] [--seeds N] [--dataset NAME] [--epochs N]

Runs the stages in a temporary folder. Without arguments: quick, mlp and standard on MNIST, then standard on
Fashion-MNIST with and without augmentation. The recipe record takes an hour and must be named.
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
    """Print for each recipe the median, minimum and maximum over the seeds."""
    print(f"\n{dataset:<16} {'seeds':>5}  {'test accuracy':<26} {'calibration error':<22} {'training':<18}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        download(dataset=dataset, output=folder / "download")
        parse(download=folder / "download", output=folder / "parse")
        normalize(parse=folder / "parse", output=folder / "normalize")
        for recipe in recipes:
            accuracies, errors, seconds = [], [], []
            for seed in seeds:
                train(normalize=folder / "normalize", recipe=recipe, seed=seed, output=folder / "train", **changes)  # type: ignore[arg-type]
                evaluate(normalize=folder / "normalize", train=folder / "train", output=folder / "evaluate")
                metrics = json.loads((folder / "evaluate/metrics.json").read_text())
                accuracies.append(metrics["accuracy"])
                errors.append(metrics["expected_calibration_error"])
                with open(folder / "train/history.csv", newline="") as file:
                    seconds.append(sum(float(row["seconds"]) for row in csv.DictReader(file)))
            figures = (spread(accuracies, ".2%"), spread(errors, ".2%"), spread(seconds, ".1f"))
            print(f"{recipe:<16} {len(seeds):>5}  {figures[0]:<26} {figures[1]:<22} {figures[2]:<18}", flush=True)


def spread(values: Sequence[float], form: str) -> str:
    """Format the median, with the minimum and maximum in brackets."""
    return f"{statistics.median(values):{form}} ({min(values):{form}}..{max(values):{form}})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--epochs", type=int)
    arguments = parser.parse_args()
    logging.disable()
    seeds = range(1, arguments.seeds + 1)
    measure(arguments.dataset, arguments.recipes or ["quick", "mlp", "standard"], seeds, epochs=arguments.epochs)
    if not arguments.recipes:
        measure("fashion-mnist", ["standard"], seeds)
        print("\nwithout augmentation:")
        measure("fashion-mnist", ["standard"], seeds, augment_fraction=0.0)


if __name__ == "__main__":
    main()
