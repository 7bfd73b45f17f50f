"""Speed of training and prediction, compared with PyTorch, scikit-learn, ONNX Runtime and bare matrix products.

Every implementation runs in a separate process, in turn, ROUNDS times, so that changes of the machine's speed affect
all. Needs `artifacts/` with all stages run on MNIST. See `contenders` for the implementations.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.data.augmentation import Augmentation
from pipeline.data.deform import Deformer
from pipeline.engine.cores import count_cores
from pipeline.training.recipes import RECIPES
from pipeline.training.team import Team
from tests.benchmarks.contenders import CONVOLUTIONAL, DENSE, PREDICTORS, load

ROUNDS = 3
LAYERS = ("128", "512,256", "1024,1024")
BATCHES = (128, 256, 512)


def run(*arguments: object) -> dict[str, Any] | None:
    """Return the measurements of a contender, or None if its library is not installed."""
    command = [sys.executable, "-m", "tests.benchmarks.contenders", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True)
    if "ModuleNotFoundError" in result.stderr:
        return None
    assert result.returncode == 0, result.stderr
    measured: dict[str, Any] = json.loads(result.stdout)
    return measured


def rates(names: Iterable[str], command: str, *arguments: object) -> dict[str, list[float]]:
    """Return the images/s of each contender over all rounds."""
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name in names:
            measured = run(command, name, *arguments)
            if measured:
                found.setdefault(name, []).extend(measured["rates"])
    return found


def table(title: str, found: dict[str, list[float]]) -> None:
    """Print the median, minimum and maximum of each, and the ratio of ours to it."""
    print(f"\n{title:<28} {'median':>10} {'min':>10} {'max':>10}   ours/it", flush=True)
    ours = statistics.median(found["ours"])
    for name, values in found.items():
        median = statistics.median(values)
        print(
            f"{name:<28} {median:>10,.0f} {min(values):>10,.0f} {max(values):>10,.0f} {ours / median:>9.2f}", flush=True
        )


def scaling() -> None:
    """Print images/s and memory by batch size, width and number of cores."""
    print(f"\n{'batch, 784-512-256-10':<28} {'1 core':>10} {'2 cores':>10} {'peak memory':>14}")
    for batch in (32, 64, 128, 256, 512, 1024, 2048, 4096):
        _print_scaling(f"{batch}", "512,256", batch)
    print(f"\n{'width, 784-w-10, batch 256':<28} {'1 core':>10} {'2 cores':>10} {'peak memory':>14}")
    for width in (64, 128, 256, 512, 1024, 2048, 4096):
        _print_scaling(f"{width}", str(width), 256)


def _print_scaling(label: str, layers: str, batch: int) -> None:
    one, two = run("train", "ours", layers, batch, 1), run("train", "ours", layers, batch, 2)
    assert one
    assert two
    medians = [statistics.median(measured["rates"]) for measured in (one, two)]
    print(f"{label:<28} {medians[0]:>10,.0f} {medians[1]:>10,.0f} {two['memory'] / 1e6:>11,.0f} MB", flush=True)


def augmentation() -> None:
    """Print the images/s of the augmentation on all cores, and its share of the training time."""
    recipe = RECIPES["standard"]
    fraction = recipe.augmentation.augment_fraction
    everyone = augmentation_rates(replace(recipe.augmentation, augment_fraction=1.0))
    print(f"\naugmentation of every image: {statistics.median(everyone):,.0f} images/s ", end="")
    print(f"({min(everyone):,.0f} to {max(everyone):,.0f}); ", end="")
    plain = run("train", "ours", recipe.layers, recipe.batch_size)
    assert plain
    share = 1 / (1 + statistics.median(augmentation_rates(recipe.augmentation)) / statistics.median(plain["rates"]))
    print(f"of {fraction:.0%}, as in standard: {share:.0%} of the training time", flush=True)


def augmentation_rates(augmentation: Augmentation) -> list[float]:
    """Return the images/s that all cores copy into batches of the size of standard, augmented or not."""
    images, _ = load("train", 16_384)
    rows = images.reshape(len(images), -1)
    cores = count_cores()
    batch = RECIPES["standard"].batch_size // cores
    deformers = [Deformer(augmentation, 28, 28, batch) for _ in range(cores)]
    generators = [np.random.default_rng(i) for i in range(cores)]
    out = [np.empty((batch, 784), np.float32) for _ in range(cores)]

    def work(thread: int) -> None:
        for start in range(thread * batch, len(rows), cores * batch):
            indices = np.arange(start, min(start + batch, len(rows)))
            deformers[thread](rows, indices, generators[thread], out[thread][: len(indices)])

    found = []
    with Team(cores) as team:
        for _ in range(5 * ROUNDS):
            started = time.perf_counter()
            team.run(work)
            found.append(len(rows) / (time.perf_counter() - started))
    return found


def main() -> None:
    table("train conv16,conv64,128, 256", rates(CONVOLUTIONAL, "train", "conv16,conv64,128", 256))
    for layers in LAYERS:
        for batch in BATCHES:
            table(f"train {layers}, batch {batch}", rates(DENSE, "train", layers, batch))
    table("predict, 10,000 test images", rates(PREDICTORS, "predict"))
    augmentation()
    scaling()


if __name__ == "__main__":
    main()
