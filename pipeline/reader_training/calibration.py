"""Calibrate the probability of digits, so that nine in ten readings with a probability of 90% are correct."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.threads import count_cores
from pipeline.model.metrics import measure_reliability
from pipeline.model.model import Recogniser
from pipeline.network.thread_pool import ThreadPool
from pipeline.reader.rows.grouping import group
from pipeline.reader.rows.labels import LINE_IMAGE_WIDTH, NO_LABEL, OTHER_WRITING, SIDE, SPACE, decode_contrast
from pipeline.reader.rows.spans import SIZE, is_reported, measure, read_spans
from pipeline.reader_training.columns import LineImages, move_labels

TEMPERATURES = np.geomspace(0.2, 5, 80)

Written = tuple[tuple[int, ...], float, float]  # labels; centres of the first and of the last digit, in pixels


@dataclass(frozen=True)
class Quality:
    """How well numbers are read.

    recall: the fraction of the numbers that are read without an error and reported. precision: the fraction of the
    reported numbers that are correct. expected_calibration_error: that of the probabilities of the reported numbers.
    digits_calibration_error: that of the probabilities of their digits, whatever stands between these.
    """

    numbers: int
    recall: float
    precision: float
    expected_calibration_error: float
    digits_calibration_error: float


def calibrate(model: Recogniser, line_images: LineImages) -> tuple[Recogniser, Quality]:
    """Return a recogniser with the temperature that fits line images best, and how well it reads them.

    It minimises the cross-entropy between the probability of the digits of a span and whether they are correct.
    (Guo et al. 2017, for whole spans)
    """
    contrast = [decode_contrast(image[:, SIDE : SIDE + LINE_IMAGE_WIDTH]) for image in line_images.images]
    with ThreadPool(count_cores()) as pool:
        found = read_spans(model, contrast, pool.run)
    width, classes = line_images.images.shape[2], len(model.class_names)
    written = [list_numbers(move_labels(labels, width, 1.0), classes) for labels in line_images.labels]
    count = sum(map(len, written))
    spans = [span for each in found for span in each]
    nothing = Quality(count, 0.0, 0.0, 0.0, 0.0)
    if not spans:  # after very little training
        return model, nothing
    where = [numbers for each, numbers in zip(found, written, strict=True) for _ in each]
    digits = [[label for label in span.labels if label < classes] for span in spans]
    correct = np.array(
        [
            is_correct(labels, span.places, join_read_digits(numbers, classes))
            for labels, span, numbers in zip(digits, spans, where, strict=True)
        ]
    )
    chances = np.array([[span.probability for span in measure(spans, t)] for t in TEMPERATURES])
    likelihoods = np.where(correct, chances, 1 - chances)
    best = int(np.log(np.clip(likelihoods, 1e-6, 1)).mean(axis=1).argmax())
    shown = np.array([is_reported(len(span.places), p) for span, p in zip(spans, chances[best], strict=True)])
    if not shown.any():
        return model, nothing
    temperature = float(TEMPERATURES[best])
    numbers = np.array(
        [
            (chance, is_correct(labels, spans[i].places[own], where[i]))
            for i in np.flatnonzero(shown).tolist()
            for labels, chance, own in group(spans[i], temperature, 0).numbers
        ]
    )
    quality = Quality(
        count,
        float(numbers[:, 1].sum() / max(count, 1)),
        float(numbers[:, 1].mean()),
        measure_error(numbers[:, 0], numbers[:, 1]),
        measure_error(chances[best, shown], correct[shown]),
    )
    return replace(model, temperature=temperature), quality


def measure_error(chances: NDArray[np.floating], correct: NDArray[np.generic]) -> float:
    """Return the expected calibration error of probabilities, (n,). correct: which readings are, (n,)."""
    return measure_reliability(chances[:, np.newaxis], (correct == 0).astype(np.uint8)).error


def list_numbers(labels: NDArray[np.integer], classes: int) -> list[Written]:
    """Return the numbers of a line image, by its labels, (MAX_LABELS, 3)."""
    used, parting = labels[labels[:, 0] != NO_LABEL].tolist(), (classes + SPACE, classes + OTHER_WRITING)
    parts = (list(part) for apart, part in groupby(used, lambda label: label[0] in parting) if not apart)
    return [(tuple(label[0] for label in part), sum(part[0][1:]) / 2, sum(part[-1][1:]) / 2) for part in parts]


def is_correct(labels: Sequence[int], places: NDArray[np.floating], numbers: Sequence[Written]) -> bool:
    """Return whether a number is one of those that are written there. places: of its digits, in pixels, (k,)."""
    return any(
        tuple(labels) == written and max(abs(places[0] - first), abs(places[-1] - last)) < SIZE
        for written, first, last in numbers
    )


def join_read_digits(numbers: Sequence[Written], classes: int) -> list[Written]:
    """Return all numbers that several ones in succession would be without the spaces and separators between digits."""
    digits = [tuple(label for label in labels if label < classes) for labels, *_ in numbers]
    return [
        (sum(digits[start:stop], ()), numbers[start][1], numbers[stop - 1][2])
        for start, stop in combinations(range(len(numbers) + 1), 2)
    ]
