"""Makes as many pictures of digits as one likes: MNIST's training images, bent as the recipe `standard` bends them.

    python -m tests.benchmarks.large FOLDER COUNT

writes a data set with so many training images, and MNIST's test images, into FOLDER. Equal counts give equal files, and
a larger one begins with what a smaller one has. Needs `artifacts/` with the stage parse run on MNIST.
"""

import struct
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from pipeline.data.deform import Deformer
from pipeline.engine.cores import count_cores
from pipeline.training.recipes import RECIPES
from pipeline.training.team import Team

BLOCK = 2048  # images that a thread makes at a time
PARSED = Path("artifacts/parse")


def make_dataset(folder: Path, count: int, parsed: Path = PARSED) -> None:
    """Write the four IDX files of a data set with `count` training images into `folder`."""
    make_images(folder / TRAIN_IMAGES, count, parsed)
    truth = np.load(parsed / "train-labels.npy")
    idx.save(folder / TRAIN_LABELS, np.resize(truth, count))
    idx.save(folder / TEST_IMAGES, np.load(parsed / "test-images.npy"))
    idx.save(folder / TEST_LABELS, np.load(parsed / "test-labels.npy"))


def make_images(path: Path, count: int, parsed: Path = PARSED) -> None:
    """Write `count` bent pictures to `path` as a plain IDX file; each is of the training image of its number, in turn.

    Memory does not follow the count.
    """
    images = np.load(parsed / "train-images.npy")
    with open(path, "wb") as file:
        file.write(struct.pack(">HBB3I", 0, 0x08, 3, count, *images.shape[1:]))
        for block in _bend(images, count):
            file.write(np.ascontiguousarray(block).data)


def _bend(images: NDArray[np.uint8], count: int) -> Iterator[NDArray[np.uint8]]:
    height, width = images.shape[1:]
    pictures = images.reshape(len(images), -1).astype(np.float32)
    augmentation = replace(RECIPES["standard"].augmentation, augment_fraction=1.0)
    cores = count_cores()
    deformers = [Deformer(augmentation, height, width, BLOCK) for _ in range(cores)]
    made = np.empty((cores, BLOCK, height * width), np.float32)
    starts = range(0)

    def work(thread: int) -> None:
        if thread < len(starts):
            block = starts[thread] // BLOCK
            numbers = np.arange(starts[thread], starts[thread] + BLOCK) % len(images)
            deformers[thread](pictures, numbers, np.random.default_rng((1, block)), made[thread])

    with Team(cores) as team:
        for first in range(0, count, cores * BLOCK):
            starts = range(first, min(first + cores * BLOCK, count), BLOCK)
            team.run(work)
            bent = np.rint(made.reshape(-1, height, width)).astype(np.uint8)
            yield bent[: count - first]


if __name__ == "__main__":
    make_dataset(Path(sys.argv[1]), int(sys.argv[2]))
