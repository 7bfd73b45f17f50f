"""Compose the pictures of a training run, in parallel, into .npy files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.composition.compose import COLUMNS, HEIGHT, MAX_DIGITS, WIDTH, compose, compose_page
from pipeline.composition.glyphs import Glyphs
from pipeline.data.dataset import load_description
from pipeline.data.split import DEFAULT_VALIDATION, count_held_out
from pipeline.engine.arrays import create_rows, load_array, read_array, write_rows
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job, Send
from pipeline.scheduling.run import run_job

BLOCK = 250  # pictures of a task
FEWEST = 50  # validation pictures and pages
PARTS = ("train", "validation", "pages")
ARRAYS = (("pictures", np.uint8, (HEIGHT, WIDTH)), ("digits", np.float32, (MAX_DIGITS, len(COLUMNS))))


def count_pictures(training: int) -> dict[str, int]:
    """Return the number of pictures of each part. pages: whole pictures, to calibrate the confidence of a reading."""
    return {"train": training, "validation": max(FEWEST, training // 20), "pages": max(FEWEST, training // 40)}


@dataclass(frozen=True)
class Settings:
    """Arguments that all tasks share. parse: the artifact of this stage."""

    parse: Path
    seed: int


def compose_parts(
    parse: Path,
    output: Path,
    counts: Mapping[str, int],
    seed: int,
    backend: Backend,
    advance: Callable[[int], object],
    report: Callable[[str], object],
) -> None:
    """Write the pictures and the digits of each part to `output`.

    Training pictures show the first images of the data set, validation pictures and pages the last ones. counts: from
    `count_pictures`. advance: called with the number of new pictures.
    """
    files = {
        (part, name): create_rows(output / f"{part}-{name}.npy", dtype, (counts[part], *shape))
        for part in PARTS
        for name, dtype, shape in ARRAYS
    }
    tasks = [
        (part, start, min(start + BLOCK, counts[part])) for part in PARTS for start in range(0, counts[part], BLOCK)
    ]

    def save(index: int, arrays: tuple[NDArray[Any], NDArray[Any]]) -> None:
        part, start, stop = tasks[index]
        for (name, *_), array in zip(ARRAYS, arrays, strict=True):
            write_rows(files[part, name], start, array)
        advance(stop - start)

    run_job(Job(_compose_block, Settings(parse.absolute(), seed), tasks, save, report=report), backend)


def _compose_block(
    settings: Settings, task: tuple[str, int, int], send: Send
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    part, start, stop = task
    glyphs = load_parsed(settings.parse, held_out=part != "train")
    generators = [np.random.default_rng((settings.seed, PARTS.index(part), i)) for i in range(start, stop)]
    function = compose_page if part == "pages" else compose
    pictures, digits = zip(*(function(glyphs, generator) for generator in generators), strict=True)
    return np.array(pictures), np.array(digits)


def load_parsed(parse: Path, held_out: bool) -> Glyphs:
    """Return the training images of an artifact of `parse` that are held out, or the others."""
    images = np.asarray(load_array(parse / "train-images.npy", np.uint8, (None, None, None)))
    labels = read_array(parse / "train-labels.npy", np.uint8, (len(images),))
    kept = len(images) - count_held_out(DEFAULT_VALIDATION, len(images))
    chosen = slice(kept, None) if held_out else slice(kept)
    return Glyphs(images[chosen], labels[chosen], load_description(parse).class_names)
