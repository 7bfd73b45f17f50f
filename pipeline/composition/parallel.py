"""Compose the pictures of a training run, in parallel, into .npy files."""

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.composition.composing import COLUMNS, HEIGHT, MAX_DIGITS, WIDTH, compose, compose_sheet
from pipeline.composition.signs import Glyphs
from pipeline.data.dataset import DEFAULT_VALIDATION, count_held_out, load_description
from pipeline.engine.arrays import create_rows, load_array, read_array, write_rows
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import run_job
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.progress import progress

log = logging.getLogger(__name__)

Block = tuple[NDArray[Any], NDArray[Any]]  # pictures and digits

BLOCK = 250  # pictures of a task
FEWEST = 50  # validation pictures and sheets
PARTS = ("train", "validation", "sheets")
ARRAYS = (("pictures", np.uint8, (HEIGHT, WIDTH)), ("digits", np.float32, (MAX_DIGITS, len(COLUMNS))))


def count_pictures(training: int) -> dict[str, int]:
    """Return the number of pictures of each part. sheets: whole pictures, to calibrate the confidence of a reading."""
    return {"train": training, "validation": max(FEWEST, training // 20), "sheets": max(FEWEST, training // 40)}


def compose_parts(
    parse: Path,
    output: Path,
    counts: Mapping[str, int],
    seed: int,
    backend: Backend,
) -> None:
    """Write the pictures and the digits of each part to `output`.

    Training pictures show the first images of the data set, validation pictures and sheets the last ones. counts: from
    `count_pictures`.
    """
    files = {
        (part, name): create_rows(output / f"{part}-{name}.npy", dtype, (counts[part], *shape))
        for part in PARTS
        for name, dtype, shape in ARRAYS
    }
    tasks = [
        (part, start, min(start + BLOCK, counts[part])) for part in PARTS for start in range(0, counts[part], BLOCK)
    ]

    def save(index: int, arrays: Block) -> None:
        part, start, stop = tasks[index]
        for (name, *_), array in zip(ARRAYS, arrays, strict=True):
            write_rows(files[part, name], start, array)
        shown.advance(stop - start)

    report = partial(log.info, "compose: %s")
    with progress("compose", sum(counts.values()), unit="pictures") as shown:
        run_job(Job(_compose_block, (parse.absolute(), seed), tasks, save, report=report), backend)


def _compose_block(shared: tuple[Path, int], task: tuple[str, int, int]) -> Block:
    (parse, seed), (part, start, stop) = shared, task
    glyphs = load_parsed(parse, held_out=part != "train")
    make = compose_sheet if part == "sheets" else compose
    made = [make(glyphs, np.random.default_rng((seed, PARTS.index(part), i))) for i in range(start, stop)]
    pictures, digits = zip(*made, strict=True)
    return np.array(pictures), np.array(digits)


def load_parsed(parse: Path, held_out: bool) -> Glyphs:
    """Return the training images of an artifact of `parse` that are held out, or the others."""
    images = np.asarray(load_array(parse / "train-images.npy", np.uint8, (None, None, None)))
    labels = read_array(parse / "train-labels.npy", np.uint8, (len(images),))
    kept = len(images) - count_held_out(DEFAULT_VALIDATION, len(images))
    chosen = slice(kept, None) if held_out else slice(kept)
    return Glyphs(images[chosen], labels[chosen], load_description(parse).class_names)
