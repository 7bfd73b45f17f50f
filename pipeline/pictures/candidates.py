"""Candidates in composed pictures, from which the second network learns what the first one takes for a digit."""

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import load_array
from pipeline.model.model import Model
from pipeline.network.activations import Array
from pipeline.network.losses import Labels
from pipeline.pictures.detections import Detections
from pipeline.pictures.search import cut_around, search
from pipeline.pictures.sliding import Slider
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import iterate_job
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.progress import progress
from pipeline.training.positions import IGNORED
from pipeline.training.training_data import Examples

log = logging.getLogger(__name__)

Found = tuple[NDArray[np.int8], NDArray[np.int16]]  # windows and labels

WINDOW = 40, 120  # pixels: height and width of what the second network sees
STEPS = 16  # integers per unit of local contrast
BLOCK = 20  # pictures of a task
MOST = 25  # candidates of a level, after very little training; usually there are fewer
# Distance from a digit, relative to its size, ratio of sizes, and visible part: within the first a candidate is this
# digit, beyond the second it is nothing.
SAME, OTHER = (0.25, 0.75, 1.35, 0.85), (0.4, 0.6, 1.7, 0.0)


@dataclass(frozen=True, eq=False)
class Windows(Examples):
    """Candidates as the second network sees them: local contrast, int8 (n, height, width), STEPS per unit."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the local contrast."""
        return np.dtype(np.float32)

    def take(self, indices: NDArray[np.intp], out: Array, generator: np.random.Generator) -> Labels:
        """Write the local contrast with these indices to `out`, each negated or not at random; return the labels."""
        out[:] = self.images[indices]
        out *= generator.choice([-1, 1], (len(indices), 1, 1)) / np.float32(STEPS)
        return self.labels[indices]

    def slice(self, start: int, stop: int) -> Array:
        """Return the local contrast of the windows from `start` to `stop`."""
        return self.images[start:stop] / np.float32(STEPS)


def collect(model: Model, compose: Path, counts: Mapping[str, int], backend: Backend) -> dict[str, Windows]:
    """Search composed pictures; return the candidates of each part, with their labels.

    model: slides over pictures. compose: the artifact of this stage. counts: how many pictures of each part are
    searched, the first ones. Candidates that are neither clearly a digit nor clearly nothing are left out.
    """
    tasks = [
        (part, start, min(start + BLOCK, count)) for part, count in counts.items() for start in range(0, count, BLOCK)
    ]
    found: dict[str, list[Found]] = {part: [] for part in counts}
    report = partial(log.info, "reader: %s")
    job = Job(_collect, (model, compose.absolute()), tasks, report=report, ordered=True)
    with (
        progress("reader", sum(counts.values()), unit="pictures") as shown,
        contextlib.closing(iterate_job(job, backend)) as results,
    ):
        for (part, start, stop), (_, result) in zip(tasks, results, strict=True):
            found[part].append(result)
            shown.advance(stop - start)
    parts = {}
    for part, each in found.items():
        windows, labels = zip(*each, strict=True)
        parts[part] = Windows(np.concatenate(windows), np.concatenate(labels))
    return parts


def _collect(shared: tuple[Model, Path], task: tuple[str, int, int]) -> Found:
    (model, compose), (part, start, stop) = shared, task
    pictures = load_array(compose / f"{part}-pictures.npy", np.uint8, (None, None, None))
    digits = load_array(compose / f"{part}-digits.npy", np.float32, (len(pictures), None, None))
    slider = Slider(model)
    windows, labels = [np.zeros((0, *WINDOW), np.int8)], [np.zeros(0, np.int16)]
    for i in range(start, stop):
        for level, all_found in search(slider, np.asarray(pictures[i], np.float32)):
            found = all_found.take(np.argsort(-all_found.scores, kind="stable")[:MOST])
            label = label_candidates(found, np.asarray(digits[i]), len(model.class_names))
            kept = found.take(np.flatnonzero(label != IGNORED))
            if len(kept):
                contrast = STEPS * np.array(cut_around(level, kept, WINDOW))
                windows.append(np.clip(np.rint(contrast), -127, 127).astype(np.int8))
                labels.append(label[label != IGNORED].astype(np.int16))
    return np.concatenate(windows), np.concatenate(labels)


def label_candidates(found: Detections, digits: NDArray[np.float32], classes: int) -> NDArray[np.int64]:
    """Return the class of each candidate, `classes` if it is nothing, or IGNORED if it is neither clearly.

    digits: (m, 5) as the stage `compose` writes them; rows with a negative label are unused.
    """
    labels = np.full(len(found), classes)
    real = digits[digits[:, 0] >= 0]
    if not len(real):
        return labels
    label, y, x, size, visible = real.T
    away = np.hypot(y - found.y[:, np.newaxis], x - found.x[:, np.newaxis]) / size
    ratio = found.size[:, np.newaxis] / size

    def agree(near: float, smallest: float, largest: float, part: float) -> NDArray[np.bool_]:
        return np.asarray((away < near) & (ratio > smallest) & (ratio < largest) & (visible >= part))

    same, similar = agree(*SAME), agree(*OTHER)
    labels[similar.any(axis=1)] = IGNORED
    is_digit = same.any(axis=1)
    labels[is_digit] = label[np.where(same, away, np.inf).argmin(axis=1)][is_digit]
    return labels
