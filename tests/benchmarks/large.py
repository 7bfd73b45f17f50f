"""Generate a large data set: MNIST's training images, augmented as in the recipe `standard`.

The output is deterministic; the images of a smaller count are the first ones of a larger count. Needs `artifacts/` with
parse run on MNIST.
"""

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from pipeline.data.deform import Augmenter
from pipeline.engine.cores import count_cores
from pipeline.training.recipes import RECIPES
from pipeline.training.team import Team

BLOCK = 2048  # images per thread and step
PARSED = Path("artifacts/parse")


def make_dataset(folder: Path, count: int, parsed: Path = PARSED) -> None:
    """Write `count` training images and MNIST's test images to the folder, as IDX files."""
    make_images(folder / TRAIN_IMAGES, count, parsed)
    labels = np.load(parsed / "train-labels.npy")
    idx.save(folder / TRAIN_LABELS, np.resize(labels, count))
    idx.save(folder / TEST_IMAGES, np.load(parsed / "test-images.npy"))
    idx.save(folder / TEST_LABELS, np.load(parsed / "test-labels.npy"))


def make_images(path: Path, count: int, parsed: Path = PARSED) -> None:
    """Write `count` augmented images, made from the training images in turn, to an IDX file in constant memory."""
    images = np.load(parsed / "train-images.npy")
    with open(path, "wb") as file:
        file.write(struct.pack(">HBB3I", 0, 0x08, 3, count, *images.shape[1:]))
        for block in _augment(images, count):
            file.write(np.ascontiguousarray(block).data)


def _augment(images: NDArray[np.uint8], count: int) -> Iterator[NDArray[np.uint8]]:
    height, width = images.shape[1:]
    pictures = images.reshape(len(images), -1).astype(np.float32)
    augmentation = replace(RECIPES["standard"].augmentation, augment_fraction=1.0)
    cores = count_cores()
    deformers = [Augmenter(augmentation, height, width, BLOCK) for _ in range(cores)]
    output = np.empty((cores, BLOCK, height * width), np.float32)
    starts = range(0)

    def work(thread: int) -> None:
        if thread < len(starts):
            block = starts[thread] // BLOCK
            indices = np.arange(starts[thread], starts[thread] + BLOCK) % len(images)
            deformers[thread](pictures, indices, np.random.default_rng((1, block)), output[thread])

    with Team(cores) as team:
        for first in range(0, count, cores * BLOCK):
            starts = range(first, min(first + cores * BLOCK, count), BLOCK)
            team.run(work)
            augmented = np.rint(output.reshape(-1, height, width)).astype(np.uint8)
            yield augmented[: count - first]
