"""Compose the pictures and strips of a training run, in parallel, into .npy files."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipeline.composition.composing import COLUMNS, HEIGHT, MAX_DIGITS, WIDTH, compose
from pipeline.composition.lettering import list_faces, split_faces
from pipeline.composition.signs import Generator, Glyphs
from pipeline.composition.strips import SHEET, compose_strip
from pipeline.data.dataset import DEFAULT_VALIDATION, count_held_out, load_description
from pipeline.data.marks import DIGIT_COLUMNS, MAX_MARKS
from pipeline.engine.arrays import create_rows, load_array, read_array, write_rows
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import run_job
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.progress import progress

log = logging.getLogger(__name__)

Record = tuple[NDArray[Any], ...]  # one row of each array
Make = Callable[[Generator], Record]
Arrays = Sequence[tuple[str, DTypeLike, tuple[int, ...]]]  # name, dtype and shape of a row

BLOCK = 250  # records of a task
FEWEST = 50  # validation pictures
FEWEST_STRIPS = 2_000  # of validation, if there are at least as many for training
PICTURES: Arrays = (("pictures", np.uint8, (HEIGHT, WIDTH)), ("digits", np.float32, (MAX_DIGITS, len(COLUMNS))))
STRIPS: Arrays = (
    ("strips", np.uint8, SHEET),
    ("marks", np.float32, (MAX_MARKS, 3)),
    ("digits", np.float32, (MAX_DIGITS, len(DIGIT_COLUMNS))),
)


def count_pictures(training: int) -> dict[str, int]:
    """Return the number of pictures of each part."""
    return {"train": training, "validation": max(FEWEST, training // 20)}


def count_strips(training: int) -> dict[str, int]:
    """Return the number of strips of each part."""
    return {"train": training, "validation": max(min(FEWEST_STRIPS, training), training // 30)}


def compose_pictures(parse: Path, output: Path, counts: Mapping[str, int], seed: int, backend: Backend) -> None:
    """Write the pictures and the digits of each part to `output`.

    Training pictures show the first images of the data set, validation pictures the last ones. counts: from
    `count_pictures`.
    """
    _compose("compose", PICTURES, output, counts, seed, partial(_prepare_pictures, parse.absolute()), backend)


def compose_strips(
    parse: Path, faces: Path, output: Path, counts: Mapping[str, int], seed: int, backend: Backend
) -> None:
    """Write the strips and the marks of each part to `output`.

    faces: folder of faces, in addition to those of the program. Training strips show the first images of the data set
    and most faces, validation strips the last images and the other faces. counts: from `count_strips`.
    """
    _compose(
        "strips", STRIPS, output, counts, seed, partial(_prepare_strips, parse.absolute(), faces.absolute()), backend
    )


def _prepare_pictures(parse: Path, part: str) -> Make:
    return partial(compose, load_parsed(parse, held_out=part != "train"))


def _prepare_strips(parse: Path, faces: Path, part: str) -> Make:
    held_out = part != "train"
    return partial(compose_strip, load_parsed(parse, held_out), split_faces(list_faces("script", faces), held_out))


def _compose(
    stage: str,
    arrays: Arrays,
    output: Path,
    counts: Mapping[str, int],
    seed: int,
    prepare: Callable[[str], Make],
    backend: Backend,
) -> None:
    """Write the arrays of each part to `output`, in blocks.

    prepare: returns the function that composes a record of a part, with a generator whose seed is that of the record.
    """
    files = {
        (part, name): create_rows(output / f"{part}-{name}.npy", dtype, (count, *shape))
        for part, count in counts.items()
        for name, dtype, shape in arrays
    }
    tasks = [
        (part, start, min(start + BLOCK, count)) for part, count in counts.items() for start in range(0, count, BLOCK)
    ]
    parts = tuple(counts)

    def save(index: int, blocks: Record) -> None:
        part, start, stop = tasks[index]
        for (name, *_), block in zip(arrays, blocks, strict=True):
            write_rows(files[part, name], start, block)
        shown.advance(stop - start)

    report = partial(log.info, f"{stage}: %s")
    with progress(stage, sum(counts.values()), unit=arrays[0][0]) as shown:
        run_job(Job(_compose_block, (prepare, seed, parts), tasks, save, report=report), backend)


def _compose_block(shared: tuple[Callable[[str], Make], int, tuple[str, ...]], task: tuple[str, int, int]) -> Record:
    (prepare, seed, parts), (part, start, stop) = shared, task
    make = prepare(part)
    made = [make(np.random.default_rng((seed, parts.index(part), i))) for i in range(start, stop)]
    return tuple(map(np.array, zip(*made, strict=True)))


def load_parsed(parse: Path, held_out: bool) -> Glyphs:
    """Return the training images of an artifact of `parse` that are held out, or the others."""
    images = np.asarray(load_array(parse / "train-images.npy", np.uint8, (None, None, None)))
    labels = read_array(parse / "train-labels.npy", np.uint8, (len(images),))
    kept = len(images) - count_held_out(DEFAULT_VALIDATION, len(images))
    chosen = slice(kept, None) if held_out else slice(kept)
    return Glyphs(images[chosen], labels[chosen], load_description(parse).class_names)
