"""The memory of stages that process blocks does not depend on the number of images."""

import gzip
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.data.dataset import FILES
from tests.processes import measure_cost

pytestmark = pytest.mark.slow

COUNTS = (6_000, 60_000)
SIDE = 28
LINES = {
    "download": ["--dataset", "custom", "--from", "mine"],
    "parse": [],
    "normalize": [],
    "train": ["--recipe", "quick", "--epochs", "1", "--layers", "8"],
    "evaluate": ["--scheduler", "threads"],
    "predict": ["artifacts/parse/train-images.npy", "--probabilities", "probabilities.npy", "--block-size", "1024"],
}
BOUNDED = [command for command in LINES if command != "train"]  # train keeps all images in memory
# Bytes. Each part of the larger set has 42 million more. The smaller one has too few blocks for all that Dask holds.
TOLERANCE = 30_000_000


def write_set(folder: Path, count: int) -> None:
    """Write a data set of `count` training images, gzipped, and as many test images, plain."""
    folder.mkdir()
    images = np.arange(count * SIDE**2, dtype=np.uint32).astype(np.uint8).reshape(count, SIDE, SIDE)
    labels = np.arange(count, dtype=np.uint32).astype(np.uint8) % 10
    for name, array in zip(FILES, (images, labels, images, labels), strict=True):
        idx.save(folder / name, array)
    (folder / f"{FILES[0]}.gz").write_bytes(gzip.compress((folder / FILES[0]).read_bytes()))
    (folder / FILES[0]).unlink()


@pytest.fixture(scope="module")
def peaks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """Return the peak memory of each command in bytes, for each size of the data set."""
    found: dict[str, list[int]] = {command: [] for command in LINES}
    for count in COUNTS:
        folder = tmp_path_factory.mktemp(f"images-{count}")
        write_set(folder / "mine", count)
        for command, line in LINES.items():
            found[command].append(measure_cost([sys.executable, "-m", "stages", command, *line], folder).memory)
        shutil.rmtree(folder)  # half a gigabyte
    return found


@pytest.mark.parametrize("command", BOUNDED)
def test_memory_does_not_grow_with_number_of_images(command: str, peaks: dict[str, list[int]]) -> None:
    small, large = peaks[command]
    assert large - small < TOLERANCE
