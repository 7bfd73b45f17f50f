"""Convert pictures of any size to images like MNIST's, and write them as the four files of a data set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.custom.listing import TEST, TRAIN, Item, Listing, sort_naturally
from pipeline.data import idx
from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, DatasetError, Description
from pipeline.data.ink import InkStatistics
from pipeline.data.order import stratify
from pipeline.data.parts import MAX_CLASSES
from pipeline.engine.terminal import is_printable
from pipeline.engine.threads import single_threaded_blas
from pipeline.pictures.decoding import Grey, PictureError, load_picture
from pipeline.pictures.preparation import MIN_CONTRAST, measure_background, prepare
from pipeline.scheduling.progress import Progress, progress

TEST_SHARE = 1 / 7  # held out if the data have no test images, as in MNIST
BOX_SHARE = 20 / 28  # of the image's shorter side, as in MNIST
SHOWN = 3  # unusable pictures that an error names


@dataclass(frozen=True)
class Levels:
    """The grey level of a picture's background, and the largest difference from it to either side."""

    shape: tuple[int, int]
    background: float
    darker: float
    lighter: float
    balance: float  # mean level minus the background's: negative for dark ink


@dataclass(frozen=True)
class Fitting:
    """Parameters by which all pictures are fitted to images of `shape`.

    dark: whether the ink is darker than the paper. unchanged: whether the pictures are such images already.
    """

    shape: tuple[int, int]
    dark: bool
    unchanged: bool


def convert(
    name: str, listing: Listing, output: Path, shape: tuple[int, int], report: Callable[[str], None]
) -> Description:
    """Write the pictures as the four IDX files; return the description, with what was done.

    Without a test part, a stratified sample is held out as the test images. Raises DatasetError, which names the first
    pictures that cannot be used and the folders of classes that are empty, before anything is written.
    """
    items = listing.items
    names = sort_naturally({item.label for item in items})
    if len(names) < 2:
        _require_usable((), len(items), listing.empty)
    if not 2 <= len(names) <= MAX_CLASSES:
        found = f"{len(names):,} classes" if len(names) != 1 else f"one class, {names[0]}"
        raise DatasetError(f"the pictures belong to {found}: 2 to {MAX_CLASSES} classes are required")
    if unprintable := [name for name in names if not all(map(is_printable, name))]:
        raise DatasetError(f"the class name {unprintable[0]} contains characters that cannot be printed: rename it")
    label_of = {name: label for label, name in enumerate(names)}
    labels = np.array([label_of[item.label] for item in items], np.uint8)

    report(f"reading {len(items):,} pictures of {len(names)} classes")
    with progress("download", len(items), unit="pictures read") as shown:
        levels, problems = _survey(items, shown)
    _require_usable(problems, len(items), listing.empty)
    fitting, done = _choose_fitting(levels, shape)
    blank = [
        f"{item.name} shows no {'dark' if fitting.dark else 'light'} ink"
        for item, each in zip(items, levels, strict=True)
        if not fitting.unchanged and (each.darker if fitting.dark else each.lighter) < MIN_CONTRAST
    ]
    _require_usable(blank, len(items))

    training, test = (np.flatnonzero([item.part == part for item in items]) for part in (TRAIN, TEST))
    given = len(test) > 0
    if not given:
        training, test = _hold_out_test(labels)
    files = ((training, TRAIN_IMAGES, TRAIN_LABELS), (test, TEST_IMAGES, TEST_LABELS))
    with progress("download", len(items), unit="pictures fitted") as shown:
        for part, images_file, labels_file in files:
            idx.save(output / images_file, _fit_all([items[index] for index in part], fitting, shown))
            idx.save(output / labels_file, labels[part])
    held_out = f"{len(test):,} test images, {'as given' if given else 'a stratified sample'}"
    return Description(name, tuple(names), (f"{len(items):,} pictures", done, held_out))


def _hold_out_test(labels: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices of training and test images; each class of two images has at least one in the test."""
    total, classes = len(labels), len(np.unique(labels))
    count = min(max(round(TEST_SHARE * total), classes), total - classes)
    if count == 0:
        raise DatasetError("every class has only one picture, so none can be held out for the test: add more pictures")
    order = stratify(labels)
    return np.sort(order[:-count]), np.sort(order[-count:])


def _survey(items: Sequence[Item], shown: Progress) -> tuple[list[Levels], list[str]]:
    """Return the levels of all pictures that can be read, and the reasons of the others."""
    levels, problems = [], []
    for item in items:
        try:
            levels.append(_measure(_read(item)))
        except PictureError as error:
            problems.append(str(error))
        shown.advance()
    return levels, problems


def _choose_fitting(levels: Sequence[Levels], shape: tuple[int, int]) -> tuple[Fitting, str]:
    """Return how the pictures are fitted, and a text that says so. The majority decides about the ink."""
    dark_share = np.mean([each.balance < 0 for each in levels])
    dark = bool(dark_share > 0.5)
    black = not dark and np.median([each.background for each in levels]) == 0
    size = f"{shape[0]} x {shape[1]} pixels"
    if black and all(each.shape == shape for each in levels):
        return Fitting(shape, dark, unchanged=True), f"light on black and of {size}, so left unchanged"
    ink = (
        f"dark on light ({dark_share:.0%} of them), inverted"
        if dark
        else f"light on dark ({1 - dark_share:.0%} of them)"
    )
    return Fitting(shape, dark, unchanged=False), f"{ink}, fitted to {size}"


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


def _fit_all(items: Sequence[Item], fitting: Fitting, shown: Progress) -> NDArray[np.uint8]:
    """Return the images of pictures, (n, h, w)."""
    images = np.empty((len(items), *fitting.shape), np.uint8)
    with single_threaded_blas():  # the matrices are small
        for image, item in zip(images, items, strict=True):
            grey = _read(item)
            image[:] = np.rint(grey) if fitting.unchanged else _fit(grey, fitting)
            shown.advance()
    return images


def _fit(grey: Grey, fitting: Fitting) -> NDArray[np.uint8]:
    """Fit the ink into a box in the middle of an image, as MNIST's digits were."""
    background = measure_background(grey)
    ink = np.maximum(background - grey if fitting.dark else grey - background, 0)
    return prepare(ink / ink.max(), fitting.shape, InkStatistics(box=BOX_SHARE * min(fitting.shape)))


def _require_usable(problems: Sequence[str], total: int, empty: Sequence[str] = ()) -> None:
    """Raise DatasetError, in one line, if pictures cannot be used or class folders are empty; the first are named."""
    parts = []
    if problems:
        more = [f"and {len(problems) - SHOWN:,} more"] if len(problems) > SHOWN else []
        parts.append(
            f"{len(problems):,} of {total:,} pictures cannot be used ({'; '.join([*problems[:SHOWN], *more])})"
        )
    if empty:
        more = [f"and {len(empty) - SHOWN:,} more"] if len(empty) > SHOWN else []
        parts.append(f"folders of classes without pictures: {', '.join([*empty[:SHOWN], *more])}")
    if parts:
        raise DatasetError(f"{'; '.join(parts)}. Repair or remove them")
