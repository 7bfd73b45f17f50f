"""How fast we train and predict: ours beside PyTorch, scikit-learn, ONNX Runtime, and the limit of the machine.

Every contender has a process of its own, and they take turns, ROUNDS times, so that a machine which slows down slows
all of them down. Needs `artifacts/` with all stages run on MNIST; `contenders` says what is compared.
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


def ask(*arguments: object) -> dict[str, Any] | None:
    """What a contender says, or None if its library is not installed."""
    command = [sys.executable, "-m", "tests.benchmarks.contenders", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True)
    if "ModuleNotFoundError" in result.stderr:
        return None
    assert result.returncode == 0, result.stderr
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def rates(names: Iterable[str], what: str, *arguments: object) -> dict[str, list[float]]:
    """The images a second of each contender, over all rounds."""
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name in names:
            answer = ask(what, name, *arguments)
            if answer:
                found.setdefault(name, []).extend(answer["rates"])
    return found


def table(title: str, found: dict[str, list[float]]) -> None:
    """Print the median, least and most of each, and ours as a multiple of it."""
    print(f"\n{title:<28} {'median':>10} {'min':>10} {'max':>10}   ours/it", flush=True)
    ours = statistics.median(found["ours"])
    for name, values in found.items():
        median = statistics.median(values)
        print(
            f"{name:<28} {median:>10,.0f} {min(values):>10,.0f} {max(values):>10,.0f} {ours / median:>9.2f}", flush=True
        )


def growth() -> None:
    """Print how images/s and memory change with the batch, the width, and the cores."""
    print(f"\n{'batch, 784-512-256-10':<28} {'1 core':>10} {'2 cores':>10} {'peak memory':>14}")
    for batch in (32, 64, 128, 256, 512, 1024, 2048, 4096):
        _grow(f"{batch}", "512,256", batch)
    print(f"\n{'width, 784-w-10, batch 256':<28} {'1 core':>10} {'2 cores':>10} {'peak memory':>14}")
    for width in (64, 128, 256, 512, 1024, 2048, 4096):
        _grow(f"{width}", str(width), 256)


def _grow(label: str, layers: str, batch: int) -> None:
    one, two = ask("train", "ours", layers, batch, 1), ask("train", "ours", layers, batch, 2)
    assert one
    assert two
    medians = [statistics.median(answer["rates"]) for answer in (one, two)]
    print(f"{label:<28} {medians[0]:>10,.0f} {medians[1]:>10,.0f} {two['memory'] / 1e6:>11,.0f} MB", flush=True)


def deformation() -> None:
    """Print how many images a second are deformed, on all cores, and what share that has in training."""
    recipe = RECIPES["standard"]
    everyone = deformed(replace(recipe.augmentation, augment_fraction=1.0))
    print(f"\ndeformation of every image: {statistics.median(everyone):,.0f} images/s ", end="")
    print(f"({min(everyone):,.0f} to {max(everyone):,.0f}); ", end="")
    plain = ask("train", "ours", recipe.layers, recipe.batch_size)
    assert plain
    share = 1 / (1 + statistics.median(deformed(recipe.augmentation)) / statistics.median(plain["rates"]))
    print(
        f"of {recipe.augmentation.augment_fraction:.0%}, as in standard: {share:.0%} of the time that it trains",
        flush=True,
    )


def deformed(augmentation: Augmentation) -> list[float]:
    """Images a second that all cores bring into batches like those of standard, deformed or not."""
    images, _ = load("train", 16_384)
    rows = images.reshape(len(images), -1)
    cores = count_cores()
    batch = RECIPES["standard"].batch_size // cores
    deformers = [Deformer(augmentation, 28, 28, batch) for _ in range(cores)]
    generators = [np.random.default_rng(i) for i in range(cores)]
    out = [np.empty((batch, 784), np.float32) for _ in range(cores)]

    def work(thread: int) -> None:
        for start in range(thread * batch, len(rows), cores * batch):
            numbers = np.arange(start, min(start + batch, len(rows)))
            deformers[thread](rows, numbers, generators[thread], out[thread][: len(numbers)])

    found = []
    with Team(cores) as team:
        for _ in range(5 * ROUNDS):
            started = time.perf_counter()
            team.run(work)
            found.append(len(rows) / (time.perf_counter() - started))
    return found


def main() -> None:
    """Print all tables."""
    table("train conv16,conv64,128, 256", rates(CONVOLUTIONAL, "train", "conv16,conv64,128", 256))
    for layers in LAYERS:
        for batch in BATCHES:
            table(f"train {layers}, batch {batch}", rates(DENSE, "train", layers, batch))
    table("predict, 10,000 test images", rates(PREDICTORS, "predict"))
    deformation()
    growth()


if __name__ == "__main__":
    main()
