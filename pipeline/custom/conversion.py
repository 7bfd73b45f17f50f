"""Convert pictures of any size to images like MNIST's, and write them as the four files of a data set."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.custom.listing import TEST, TRAIN, Item, Listing, sort_naturally
from pipeline.data import idx
from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, DatasetError, Description
from pipeline.data.ink import InkStatistics
from pipeline.data.parts import MAX_CLASSES
from pipeline.data.split import stratify
from pipeline.pictures.files import Grey, PictureError, load_picture
from pipeline.pictures.preparation import MIN_CONTRAST, measure_background, prepare

TEST_SHARE = 1 / 7  # held out if the data have no test images, as in MNIST
BOX_SHARE = 20 / 28  # of the image's shorter side, as in MNIST
SHOWN = 3  # unusable pictures that an error names


@dataclass(frozen=True)
class Levels:
    """Grey levels of a picture: of its background, and the largest difference from it to either side."""

    shape: tuple[int, int]
    background: float
    darker: float
    lighter: float
    balance: float  # mean level minus the background's: negative for dark ink


def convert(
    name: str, listing: Listing, output: Path, shape: tuple[int, int], report: Callable[[str], None]
) -> Description:
    """Write the pictures as the four IDX files; return the description, with what was done.

    Without a test part, a stratified sample is held out as the test images. Raises DatasetError, which names the first
    pictures that cannot be used and the folders of classes that are empty, before anything is written.
    """
    items = listing.items
    names = sort_naturally({item.label for item in items})
    if not 2 <= len(names) <= MAX_CLASSES:
        found = f"{len(names):,} classes" if len(names) != 1 else f"one class, {names[0]}"
        raise DatasetError(f"the pictures belong to {found}: 2 to {MAX_CLASSES} classes are required")
    Description(name, tuple(names))  # raises DatasetError before the pictures are read
    report(f"reading {len(items):,} pictures of {len(names)} classes")
    levels, problems = _survey(items)
    dark_share = float(np.mean([each.balance < 0 for each in levels])) if levels else 0.0
    dark = dark_share > 0.5
    unchanged = (
        not dark and {each.shape for each in levels} == {shape} and np.median([each.background for each in levels]) == 0
    )
    if not unchanged and not problems:
        contrasts = (each.darker if dark else each.lighter for each in levels)
        problems = [
            f"{item.name} shows no {'dark' if dark else 'light'} ink"
            for item, contrast in zip(items, contrasts, strict=True)
            if contrast < MIN_CONTRAST
        ]
    if problems or listing.empty:
        raise DatasetError(_format_problems(problems, len(items), listing.empty))

    labels = np.array([names.index(item.label) for item in items], np.uint8)
    training, test = (np.flatnonzero([item.part == part for item in items]) for part in (TRAIN, TEST))
    given = len(test) > 0
    if not given:
        order = stratify(labels)
        kept = len(order) - max(round(TEST_SHARE * len(order)), len(names))
        training, test = np.sort(order[:kept]), np.sort(order[kept:])
    for part, images_file, labels_file in ((training, TRAIN_IMAGES, TRAIN_LABELS), (test, TEST_IMAGES, TEST_LABELS)):
        images = np.empty((len(part), *shape), np.uint8)
        for image, index in zip(images, part, strict=True):
            grey = _read(items[index])
            image[:] = np.rint(grey) if unchanged else _fit(grey, dark, shape)
        idx.save(output / images_file, images)
        idx.save(output / labels_file, labels[part])

    share = max(dark_share, 1 - dark_share)
    size = f"{shape[0]} x {shape[1]} pixels"
    steps = (
        f"{len(items):,} pictures",
        f"light on black and {size} already, unchanged"
        if unchanged
        else f"{'dark on light, inverted' if dark else 'light on dark'} ({share:.0%} of them), fitted to {size}",
        f"{len(test):,} test images, {'given' if given else 'a stratified sample'}",
    )
    return Description(name, tuple(names), steps)


def _survey(items: tuple[Item, ...]) -> tuple[list[Levels], list[str]]:
    """Return the levels of all pictures that can be read, and the reasons of the others."""
    levels, problems = [], []
    for item in items:
        try:
            levels.append(_measure(_read(item)))
        except PictureError as error:
            problems.append(str(error))
    return levels, problems


def _read(item: Item) -> Grey:
    if isinstance(item.source, np.ndarray):
        return item.source.astype(np.float32)
    if item.source.exists() and not item.source.is_file():
        raise PictureError(f"{item.name} is not a regular file")  # opening a pipe may block forever
    return load_picture(item.source, item.name)[0]


def _measure(grey: Grey) -> Levels:
    background = float(measure_background(grey))
    height, width = grey.shape
    return Levels(
        (height, width),
        background,
        darker=background - float(grey.min()),
        lighter=float(grey.max()) - background,
        balance=float(grey.mean()) - background,
    )


def _fit(grey: Grey, dark: bool, shape: tuple[int, int]) -> NDArray[np.uint8]:
    background = measure_background(grey)
    ink = np.maximum(background - grey if dark else grey - background, 0)
    return prepare(ink / ink.max(), shape, InkStatistics(box=BOX_SHARE * min(shape)))


def _format_problems(problems: list[str], total: int, empty: tuple[str, ...]) -> str:
    """Return one line that names the first pictures that cannot be used, and the empty folders."""
    more = [f"and {len(problems) - SHOWN:,} more"] if len(problems) > SHOWN else []
    unusable = f"{len(problems):,} of {total:,} pictures cannot be used ({'; '.join([*problems[:SHOWN], *more])})"
    lacking = f"{len(empty):,} class folders are empty ({', '.join(empty[:SHOWN])}{', ...' if empty[SHOWN:] else ''})"
    parts = [*([unusable] if problems else []), *([lacking] if empty else [])]
    return f"{'; '.join(parts)}: repair or remove them"
