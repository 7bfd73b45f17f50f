"""Convert pictures of any size to images like MNIST's, and write them as the four files of a data set."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, DatasetError, Description
from pipeline.data.ink import InkStatistics
from pipeline.data.order import stratify
from pipeline.data.parts import MAX_CLASSES
from pipeline.data.sources.catalogue import CUSTOM
from pipeline.engine.progress import progress
from pipeline.engine.terminal import name_some
from pipeline.engine.threads import single_threaded_blas
from pipeline.own_data.listing import FOLDER_PARTS, SHOWN_PROBLEMS, Item
from pipeline.pictures.decoding import PictureError, load_page
from pipeline.pictures.levels import Grey
from pipeline.pictures.preparation import MIN_CONTRAST, fit_into_image, measure_background

log = logging.getLogger(__name__)

TEST_SHARE = 1 / 7  # held out if the data have no test images, as in MNIST
BOX_SHARE = 20 / 28  # of the image's shorter side, as in MNIST


def convert_items(items: Sequence[Item], output: Path, shape: tuple[int, int]) -> Description:
    """Write the pictures as the four IDX files; return the description, with what was done.

    The majority of the pictures decides whether the ink is darker than the paper. Without a test part, a stratified
    sample is held out as the test images. Raises DatasetError, which names the first pictures that cannot be used,
    before anything is written.
    """
    names = sort_naturally({item.label for item in items})
    if not 2 <= len(names) <= MAX_CLASSES:
        found = f"{len(names):,} classes" if len(names) != 1 else f"one class, {names[0]}"
        raise DatasetError(f"the pictures belong to {found}: give 2 to {MAX_CLASSES} classes")
    description = Description(CUSTOM, tuple(names))  # raises DatasetError for names that cannot be printed
    label_of = {name: label for label, name in enumerate(names)}
    labels = np.array([label_of[item.label] for item in items], np.uint8)

    log.info("download: reading %s pictures of %s classes", f"{len(items):,}", len(names))
    shapes, (background, lowest, highest, mean) = _survey(items)
    dark_share = np.mean(mean < background)
    dark = bool(dark_share > 0.5)
    unchanged = not dark and np.median(background) == 0 and shapes == {shape}
    size = f"{shape[0]} x {shape[1]} pixels"
    if unchanged:
        done = f"light on black and of {size}, so left unchanged"
    else:
        contrast = background - lowest if dark else highest - background
        blank = [item.name for item, each in zip(items, contrast, strict=True) if each < MIN_CONTRAST]
        _require_usable({f"shows no {'dark' if dark else 'light'} ink": blank} if blank else {}, items)
        share = dark_share if dark else 1 - dark_share
        ink = f"dark on light ({share:.0%} of them), inverted" if dark else f"light on dark ({share:.0%} of them)"
        done = f"{ink}, fitted to {size}"

    training, test = (np.flatnonzero([item.part == part for item in items]) for part in FOLDER_PARTS)
    given = len(test) > 0
    if not given:
        training, test = _hold_out_test(labels)
    files = ((training, TRAIN_IMAGES, TRAIN_LABELS), (test, TEST_IMAGES, TEST_LABELS))
    with progress("download", len(items), unit="pictures fitted") as shown, single_threaded_blas():  # small matrices
        for part, images_file, labels_file in files:
            images = np.empty((len(part), *shape), np.uint8)
            for image, index in zip(images, part.tolist(), strict=True):
                grey = _read(items[index])
                image[:] = np.rint(grey) if unchanged else _fit(grey, shape, dark)
                shown.advance()
            idx.save(output / images_file, images)
            idx.save(output / labels_file, labels[part])
    held_out = f"{len(test):,} test images, {'as given' if given else 'a stratified sample'}"
    return replace(description, preparation=(f"{len(items):,} pictures", done, held_out))


def sort_naturally(names: Iterable[str]) -> list[str]:
    """Return the names in an order in which 2 comes before 10."""

    def split(name: str) -> tuple[list[str | int], str]:
        return [int(part) if index % 2 else part for index, part in enumerate(re.split(r"(\d+)", name))], name

    return sorted(names, key=split)


def _survey(items: Sequence[Item]) -> tuple[set[tuple[int, ...]], NDArray[np.float64]]:
    """Return the shapes of all pictures, and the level of each one's background, its lowest, highest and mean level."""
    shapes, levels, problems = set(), [], dict[str, list[str]]()
    with progress("download", len(items), unit="pictures read") as shown:
        for item in items:
            try:
                grey = _read(item)
                shapes.add(grey.shape)
                levels.append((measure_background(grey), grey.min(), grey.max(), grey.mean()))
            except PictureError as error:
                reason = str(error).removeprefix(f"{item.name} ").removeprefix("is ")
                problems.setdefault(reason, []).append(item.name)
            shown.advance()
    _require_usable(problems, items)
    return shapes, np.array(levels, float).T


def _require_usable(problems: Mapping[str, Sequence[str]], items: Sequence[Item]) -> None:
    """Raise DatasetError if there are problems: the names of pictures, by what is wrong with them."""
    if problems:
        count = sum(map(len, problems.values()))
        reasons = [f"{name_some(names, SHOWN_PROBLEMS)}: {reason}" for reason, names in problems.items()]
        named = name_some(reasons, SHOWN_PROBLEMS, "; ")
        raise DatasetError(f"{count:,} of {len(items):,} pictures cannot be used ({named}). Repair or remove them")


def _hold_out_test(labels: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices of training and test images; each class of at least two images has at least one test image."""
    total, classes = len(labels), len(np.unique(labels))
    count = min(max(round(TEST_SHARE * total), classes), total - classes)
    if count == 0:
        raise DatasetError("every class has only one picture, so none can be held out for the test: add more pictures")
    order = stratify(labels)
    return np.sort(order[:-count]), np.sort(order[-count:])


def _read(item: Item) -> Grey:
    if isinstance(item.source, np.ndarray):
        return item.source.astype(np.float32)
    return load_page(item.source, item.name).grey


def _fit(grey: Grey, shape: tuple[int, int], dark: bool) -> NDArray[np.uint8]:
    """Fit the ink into a box in the middle of an image of `shape`, as in MNIST."""
    background = measure_background(grey)
    ink = np.maximum(background - grey if dark else grey - background, 0)
    return fit_into_image(ink / ink.max(), shape, InkStatistics(box=BOX_SHARE * min(shape)))
