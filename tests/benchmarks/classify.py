"""Measure speed and memory of `classify` on folders of photographs, on one core and on two.

    python -m tests.benchmarks.classify [--count 200]

A folder holds links to a few distinct photographs of a digit or a row on paper. Memory is the largest resident memory
of a process. Needs artifacts/ in the current folder, and Linux.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.reader import PRETRAINED, Reader, load
from tests.benchmarks.markdown import table
from tests.benchmarks.paper import Levels
from tests.benchmarks.writing import Digits, Generator, load_digits, write_row
from tests.processes import Cost, watch_cost

MEGAPIXELS = (0.05, 1, 4, 12)
REPETITIONS = 7  # of reading a picture in a program that runs already
DISTINCT = 8  # photographs of each size
CONTRAST, NOISE = 0.75, 3  # of the ink; standard deviation in grey levels


def photograph(generator: Generator, digits: Digits, megapixels: float) -> Levels:
    """Return a photograph, RGB 3:4, of a row of one to six digits on paper in mild shading."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    shape = height, height * 4 // 3
    count = int(generator.integers(1, 7))
    ink, _ = write_row(generator, digits, count, scale=height / 28 * generator.uniform(0.12, 0.4) / max(1, count / 2))
    levels = np.full(shape, 245, np.float32)
    top, left = (int(generator.uniform(0.2, 0.8) * (side - of)) for side, of in zip(shape, ink.shape, strict=True))
    levels[top : top + ink.shape[0], left : left + ink.shape[1]] *= 1 - CONTRAST * ink
    for axis, side in enumerate(shape):
        shade = np.linspace(1, generator.uniform(0.75, 0.95), side, dtype=np.float32)
        levels *= shade[:, np.newaxis] if axis == 0 else shade
    levels += NOISE * generator.standard_normal(shape, np.float32)
    return np.repeat(np.clip(levels, 0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)


def fill(folder: Path, count: int, megapixels: float, digits: Digits) -> None:
    """Write the photographs and link to them: `count` files in all."""
    generator = np.random.default_rng(1)
    folder.mkdir()
    for index in range(count):
        path = folder / f"{index:05}.jpg"
        if index < DISTINCT:
            Image.fromarray(photograph(generator, digits, megapixels)).save(path, quality=90)
        else:
            os.link(folder / f"{index % DISTINCT:05}.jpg", path)


def measure(folder: Path, cores: int) -> Cost:
    """Run `classify` with the pretrained model on some cores."""
    allowed = ",".join(map(str, sorted(os.sched_getaffinity(0))[:cores]))
    command = [
        "taskset",
        "--cpu-list",
        allowed,
        sys.executable,
        "-m",
        "stages.commands.classify",
        "--model",
        str(PRETRAINED),
    ]
    return watch_cost([*command, str(folder)])


def measure_latency(reader: Reader, file: Path) -> str:
    """Return how long it takes to read a file in a program that runs already."""
    seconds = []
    for _ in range(REPETITIONS + 1):
        started = time.perf_counter()
        reader.read(file, threads=2)
        seconds.append(time.perf_counter() - started)
    return f"{1000 * np.median(seconds[1:]):.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="files of each size")
    given = parser.parse_args()
    digits, rows, reader = load_digits("test"), [], load(PRETRAINED)
    with tempfile.TemporaryDirectory() as scratch:
        for megapixels in MEGAPIXELS:
            folder = Path(scratch, str(megapixels))
            fill(folder, given.count, megapixels, digits)
            costs = [measure(folder, cores) for cores in (1, 2)]
            rates = (f"{given.count / cost.seconds:.1f}" for cost in costs)
            memory = f"{max(cost.memory for cost in costs) / 1e6:,.0f} MB"
            latency = measure_latency(reader, folder / "00000.jpg")
            rows.append([f"{megapixels} million pixels", *rates, latency, memory])
    header = ["photograph", "pictures/s, 1 core", "2 cores", "in a running program", "largest process"]
    print(table(header, rows))
    print(f"\n{given.count} files of each size; times include the start of the program.")
    print(f"In a running program: the median of {REPETITIONS}, with 2 threads.")


if __name__ == "__main__":
    main()
