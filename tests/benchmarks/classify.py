"""Measure speed and memory of `classify` on a folder of photographs, on one core and on two.

    python -m tests.benchmarks.classify [--count 1000] [--megapixels 1 4 12] [--cores 1 2]

A folder holds links to a few distinct photographs of a digit or a row on paper. Pictures a second are of the whole
command, whose start is shown too: the seconds for one picture. CPU is of all processes. Memory is the largest sum over
the processes of what only they use and their share of the rest (PSS), and the largest resident memory of a process.
Needs artifacts/ in the current folder, and Linux.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from tests.benchmarks.picture_kinds import Digits, Generator, Levels, load_digits, write_row
from tests.processes import environment, process_tree

DISTINCT = 8  # photographs of each size
SAMPLING = 0.02  # seconds between two measurements of memory
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


def fill(folder: Path, count: int, megapixels: float, digits: Digits) -> int:
    """Write the photographs and link to them: `count` files in all. Return the bytes of a photograph."""
    generator = np.random.default_rng(1)
    folder.mkdir()
    for index in range(count):
        path = folder / f"{index:05}.jpg"
        if index < DISTINCT:
            Image.fromarray(photograph(generator, digits, megapixels)).save(path, quality=90)
        else:
            os.link(folder / f"{index % DISTINCT:05}.jpg", path)
    return (folder / "00000.jpg").stat().st_size


def measure(folder: Path, cores: int) -> tuple[float, float, float, float]:
    """Run `classify` on some cores; return seconds, CPU seconds, and peaks of memory in bytes: of all, of a process."""
    allowed = ",".join(map(str, sorted(os.sched_getaffinity(0))[:cores]))
    command = ["taskset", "--cpu-list", allowed, sys.executable, "-m", "stages.classify", str(folder)]
    started, before, together, largest = time.perf_counter(), _count_cpu_seconds(), 0, 0
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None:
            memory = []
            for each in process_tree(process.pid):
                with suppress(psutil.Error):
                    memory.append(each.memory_full_info())
            together = max(together, sum(one.pss for one in memory))
            largest = max([largest, *(one.rss for one in memory)])
            time.sleep(SAMPLING)
        seconds = time.perf_counter() - started
        errors.seek(0)
        assert process.returncode == 0, errors.read().decode()
    return seconds, _count_cpu_seconds() - before, together, largest


def _count_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="files of each size")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 4, 12])
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    digits = load_digits("test")
    print("megapixels  MB each  files  cores  start     seconds    CPU  pictures/s  peak MB, all  of a process")
    with tempfile.TemporaryDirectory() as scratch:
        for megapixels in given.megapixels:
            folder, single = (Path(scratch, f"{name}-{megapixels:g}") for name in ("all", "single"))
            size = fill(folder, given.count, megapixels, digits)
            fill(single, 1, megapixels, digits)
            for cores in given.cores:
                start, *_ = measure(single, cores)
                seconds, cpu, together, largest = measure(folder, cores)
                print(
                    f"{megapixels:10g} {size / 1e6:8.2f} {given.count:6,} {cores:6} {start:6.2f} s {seconds:8.2f} s"
                    f" {cpu:6.1f} s {given.count / seconds:11.1f} {together / 1e6:13,.0f} {largest / 1e6:13,.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
