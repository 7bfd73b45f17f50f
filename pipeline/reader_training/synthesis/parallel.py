"""Synthesise the line images of a training run, in parallel, into .npy files."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import load_description
from pipeline.data.split import load_part
from pipeline.engine.arrays import create_array_file, write_entries
from pipeline.engine.progress import progress
from pipeline.reader.rows.labels import ARRAYS
from pipeline.reader_training.synthesis.lettering import list_fonts, split_fonts
from pipeline.reader_training.synthesis.line_images import synthesise_line
from pipeline.reader_training.synthesis.signs import SourceImages
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import iterate_job
from pipeline.scheduling.jobs import Job

BLOCK = 250  # line images of a task
FEWEST_LINES = 2_000  # validation line images, if there are at least as many for training


def count_lines(training: int) -> dict[str, int]:
    """Return the number of line images of each part."""
    return {"train": training, "validation": max(min(FEWEST_LINES, training), training // 30)}


def synthesise_lines(
    normalize: Path, fonts: Path, output: Path, counts: Mapping[str, int], seed: int, backend: Backend
) -> None:
    """Write the line images of each part, their labels and their digits to `output`, in blocks.

    normalize: its training images are in training lines, its validation images in validation lines. fonts: folder of
    fonts, in addition to those of the program, of which a few are in validation line images alone. counts: from
    `count_lines`. Each line image has its own generator, seeded by the seed of the run, its part and its number.
    """
    files = {
        (part, name): create_array_file(output / f"{part}-{name}.npy", dtype, (count, *shape))
        for part, count in counts.items()
        for name, (dtype, shape) in ARRAYS.items()
    }
    tasks = [
        (part, start, min(start + BLOCK, count)) for part, count in counts.items() for start in range(0, count, BLOCK)
    ]
    job = Job(_synthesise_block, (normalize.absolute(), fonts.absolute(), seed, tuple(counts)), tasks)
    with (
        progress("lines", sum(counts.values()), unit="lines") as shown,
        contextlib.closing(iterate_job(job, backend)) as results,
    ):
        for index, blocks in results:
            part, start, stop = tasks[index]
            for name, block in zip(ARRAYS, blocks, strict=True):
                write_entries(files[part, name], start, block)
            shown.advance(stop - start)


def _synthesise_block(
    shared: tuple[Path, Path, int, Sequence[str]], task: tuple[str, int, int]
) -> tuple[NDArray[Any], ...]:
    (normalize, fonts, seed, parts), (part, start, stop) = shared, task
    held_out = part != "train"
    source, script = load_source_images(normalize, part), split_fonts(list_fonts("script", fonts), held_out)
    generators = (np.random.default_rng((seed, parts.index(part), i)) for i in range(start, stop))
    made = [synthesise_line(source, script, generator) for generator in generators]
    return tuple(map(np.array, zip(*made, strict=True)))


def load_source_images(normalize: Path, part: str) -> SourceImages:
    """Return the images of a part, train or validation, of an artifact of `normalize`."""
    found = load_part(normalize, part)
    return SourceImages(found.pixels, found.labels, load_description(normalize).class_names)
