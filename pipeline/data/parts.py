"""The parts of a data set in IDX files: training and test images with their labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, DatasetError
from pipeline.engine.arrays import ArrayFile, read_entries

MAX_CLASSES = 256


@dataclass(frozen=True)
class IdxPart:
    """A part of a data set in IDX files. images: uint8 (n, h, w), in a file. labels: uint8 (n,)."""

    images: ArrayFile
    labels: NDArray[np.uint8]


def load_parts(folder: Path) -> tuple[IdxPart, IdxPart]:
    """Load the training and the test part from uncompressed files in `folder`, without reading the images.

    Raises IdxError if a file is damaged; DatasetError if rank, counts or image sizes do not fit.
    """
    training = _load_part(folder / TRAIN_IMAGES, folder / TRAIN_LABELS)
    test = _load_part(folder / TEST_IMAGES, folder / TEST_LABELS)
    if training.images.shape[1:] != test.images.shape[1:]:
        sizes = [" x ".join(map(str, part.images.shape[1:])) for part in (training, test)]
        raise DatasetError(f"the training images are {sizes[0]} pixels, the test images {sizes[1]}: give both one size")
    return training, test


def name_classes(training: IdxPart, test: IdxPart, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `names`, by default 0 to the largest training label. Raises DatasetError if a label has no name."""
    names = names or tuple(map(str, range(int(training.labels.max()) + 1)))
    if len(names) > MAX_CLASSES:
        raise DatasetError(f"there are {len(names):,} class names, but labels are uint8: at most {MAX_CLASSES}")
    for which, part in (("training", training), ("test", test)):
        beyond = part.labels >= len(names)
        if beyond.any():
            index = int(beyond.argmax())
            label = part.labels[index]
            raise DatasetError(
                f"{which} image {index} has label {label}, beyond the last class, {len(names) - 1} ({names[-1]}): "
                "correct it, or name its class"
            )
    return names


def _load_part(images_path: Path, labels_path: Path) -> IdxPart:
    images, labels = _locate(images_path, 3, "images"), _locate(labels_path, 1, "labels")
    if len(images) != len(labels):
        raise DatasetError(
            f"{images_path.name} has {len(images):,} images, but {labels_path.name} has {len(labels):,} labels: "
            "correct one of the files"
        )
    return IdxPart(images, read_entries(labels, 0, len(labels)))


def _locate(path: Path, rank: int, what: str) -> ArrayFile:
    array = idx.locate(path)
    if len(array.shape) != rank:
        raise DatasetError(f"{path.name} contains uint8 {array.shape}, not {what}: expected {rank} dimension(s)")
    if 0 in array.shape:
        raise DatasetError(f"{path.name} contains no {what}")
    return array
