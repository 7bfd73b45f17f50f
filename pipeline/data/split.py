"""How a data set is divided into training, validation and test images. `normalize` divides one.

The stages that need images read the artifact of `normalize`: for each of SPLIT_PARTS, the raw pixels and the labels;
for training and validation also the standardised images, because a network reads them again in every epoch, and to
gather float32 costs a fifth of gathering pixels and standardising them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.data.dataset import DEFAULT_VALIDATION, DatasetError, Description, load_description, save_description
from pipeline.data.order import divide
from pipeline.data.scaling import Scaling, compute_scaling, load_scaling, save_scaling, standardise
from pipeline.engine.arrays import (
    ArrayFile,
    load_array,
    open_array_file,
    read_array,
    read_blocks,
    read_entries,
    save_array,
    save_blocks,
)

SPLIT_PARTS = {"train": "training", "validation": "validation", "test": "test"}  # in names of files, and in text
SAMPLED = "a stratified sample is held out for validation"


@dataclass(frozen=True, eq=False)
class Part:
    """Images with their labels, in memory or as memory maps.

    pixels: raw, uint8 (n, height, width). labels: integers from 0, (n,). images: the pixels, standardised, float32 (n,
    height, width); (0, height, width) for test images, because `predict` takes raw ones.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.integer[Any]]
    images: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Split:
    """A data set, divided. test: empty for arrays in memory. scaling: mean and deviation of the training pixels."""

    training: Part
    validation: Part
    test: Part
    scaling: Scaling
    description: Description

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.description.class_names)

    @property
    def image_shape(self) -> tuple[int, int]:
        """The shape of an image, (height, width)."""
        _, height, width = self.training.pixels.shape
        return height, width


def write_split(parse: Path, folder: Path, validation: float) -> Split:
    """Divide and scale the data in an artifact of `parse`, and write them to `folder`, in blocks.

    validation: the number of training images to hold out, or a fraction below 1. Raises PipelineError if a file is
    missing or damaged, or if all training pixels are equal; UsageError if no training image is left.
    """
    description = load_description(parse)
    sources = {name: open_array_file(parse / f"{name}-images.npy", np.uint8, (None,) * 3) for name in ("train", "test")}
    labels = {
        name: read_array(parse / f"{name}-labels.npy", np.uint8, (len(source),)) for name, source in sources.items()
    }
    order, kept = divide(labels["train"], validation)
    if order is not None:
        labels["train"] = labels["train"][order]
        description = replace(description, preparation=(*description.preparation, SAMPLED))
    for name, whole, start, stop in (
        ("train", "train", 0, kept),
        ("validation", "train", kept, len(sources["train"])),
        ("test", "test", 0, len(sources["test"])),
    ):
        source, chosen = sources[whole], order if whole == "train" else None
        blocks = read_blocks(source, start=start, stop=stop) if chosen is None else _gather(source, chosen[start:stop])
        save_blocks(folder / f"{name}-pixels.npy", np.uint8, (stop - start, *source.shape[1:]), blocks)
        save_array(folder / f"{name}-labels.npy", labels[whole][start:stop])
    scaling = compute_scaling(read_blocks(locate_pixels(folder, "train")))
    save_scaling(folder, scaling)
    for name in ("train", "validation"):
        pixels = locate_pixels(folder, name)
        images = (standardise(block, scaling) for block in read_blocks(pixels))
        save_blocks(folder / f"{name}-images.npy", np.float32, pixels.shape, images)
    save_description(folder, description)
    return load_split(folder)


def _gather(array: ArrayFile, indices: NDArray[np.intp]) -> Iterable[NDArray[Any]]:
    return (read_entries(array, index, index + 1) for index in indices.tolist())


def load_split(folder: Path) -> Split:
    """Return the data in an artifact of `normalize`; their images are memory maps, so memory does not grow with them.

    Raises PipelineError if a file is missing or damaged.
    """
    training, validation, test = (load_part(folder, name) for name in SPLIT_PARTS)
    return Split(training, validation, test, load_scaling(folder), load_description(folder))


def load_part(folder: Path, name: str) -> Part:
    """Return a part of the data, one of SPLIT_PARTS. Raises as `load_split` does."""
    classes = len(load_description(folder).class_names)
    pixels = np.asarray(load_array(folder / f"{name}-pixels.npy", np.uint8, (None, None, None)))
    labels = read_array(folder / f"{name}-labels.npy", np.uint8, (len(pixels),), below=classes)
    if name == "test":
        return Part(pixels, labels, np.empty((0, *pixels.shape[1:]), np.float32))
    return Part(pixels, labels, np.asarray(load_array(folder / f"{name}-images.npy", np.float32, pixels.shape)))


def locate_pixels(folder: Path, name: str) -> ArrayFile:
    """Return where the pixels of a part are, uint8 (n, height, width), to read them in blocks. See `load_split`."""
    return open_array_file(folder / f"{name}-pixels.npy", np.uint8, (None, None, None))


def read_pixels(folder: Path, name: str, indices: NDArray[np.intp] | None = None) -> NDArray[np.uint8]:
    """Return a copy in memory of the pixels of a part, or of its images with these indices. See `load_split`.

    A file that another program cuts short raises an exception, where a memory map would end the process.
    """
    array = locate_pixels(folder, name)
    return read_entries(array, 0, len(array)) if indices is None else np.concatenate([*_gather(array, indices)])


def hold_out(
    images: ArrayLike,
    labels: ArrayLike,
    validation: float = DEFAULT_VALIDATION,
    class_names: Sequence[str] = (),
    name: str = "custom",
) -> Split:
    """Return a data set in memory, of which the last images are held out for validation, as in the pipeline.

    If the last images lack classes, a stratified sample is held out instead.

    images: uint8 (n, height, width), light on dark. labels: integers from 0, (n,). validation: the number of images to
    hold out, or a fraction below 1. class_names: the names of the classes, by default "0", "1" and so on. Raises
    DatasetError if images and labels do not fit together, UsageError if no training image is left.
    """
    pixels, classes = np.asarray(images), np.asarray(labels)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or not pixels[0:1].size:
        raise DatasetError(f"images must be uint8 (n, height, width), not {pixels.dtype} {pixels.shape}")
    if classes.shape != pixels.shape[:1] or classes.dtype.kind not in "iu" or not len(classes):
        raise DatasetError(
            f"labels must be an integer for each of the {len(pixels):,} images, not {classes.dtype} {classes.shape}"
        )
    names = tuple(map(str, class_names)) or tuple(map(str, range(int(classes.max()) + 1)))
    if classes.min() < 0 or classes.max() >= len(names):
        raise DatasetError(f"labels must be from 0 to {len(names) - 1}, not {classes.min()} to {classes.max()}")
    classes = classes.astype(np.intp)  # the label of negative examples is one more
    order, kept = divide(classes, validation)
    if order is not None:
        pixels, classes = pixels[order], classes[order]
    scaling = compute_scaling([pixels[:kept]])
    images = standardise(pixels, scaling)
    training, held_out, none = (
        Part(pixels[within], classes[within], images[within]) for within in (slice(kept), slice(kept, None), slice(0))
    )
    return Split(training, held_out, none, scaling, Description(name, names))
