"""Pictures from which nobody expects a number, and unusual rows: nothing is invented, and the work is bounded."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipeline.model.model import Detector
from pipeline.network.thread_pool import in_sequence
from pipeline.reader.pages.reading import read
from pipeline.reader.pages.result import Result
from tests.drawings import enlarge, on_paper, sample_digits, write_row

PAPER, PEN = 240, 40
MOST_LINE_IMAGES = 30  # that the recogniser reads of one picture; 11 is the most of these


def read_bounded(detector: Detector, grey: Any) -> Result:
    """Read a picture; the search takes as long for any picture of its size, but there may be many line images."""
    counts: list[int] = []

    def run(task: Callable[[int, int], Any], count: int) -> list[Any]:
        counts.append(count)
        return in_sequence(task, count)

    result = read(detector, grey, grey.shape, run)
    assert counts[-1] <= MOST_LINE_IMAGES
    return result


def draw_brackets(draw: ImageDraw.ImageDraw, generator: np.random.Generator) -> None:
    for y in range(60, 800, 70):
        for x in range(40, 760, 45):
            size, side = generator.uniform(18, 40), int(generator.choice([-1, 1]))
            inner, end = x + 0.3 * side * size, y + 1.3 * size
            if generator.random() < 0.5:
                corners = sorted((x, x + 0.6 * side * size))
                angles = (100, 260) if side > 0 else (280, 80)
                draw.arc((corners[0], y, corners[1], end), *angles, PEN, 3)
            else:
                draw.line([(inner, y), (x, y), (x, end), (inner, end)], PEN, 3)


def draw_hatching(draw: ImageDraw.ImageDraw, generator: np.random.Generator) -> None:
    for _ in range(8):
        x, y = generator.integers(0, 700, 2)
        angle, apart, length = generator.uniform(0, 3.14), generator.uniform(8, 25), generator.uniform(60, 250)
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        for start in np.array([x, y]) + np.outer(np.arange(generator.integers(8, 30)) * apart, along):
            draw.line((*start, *(start + length * across)), PEN, 3)


def draw_rules(draw: ImageDraw.ImageDraw, generator: np.random.Generator) -> None:
    apart = int(generator.integers(25, 60))
    for y in range(60, 1100, apart):
        draw.line((0, y, 800, y), 150, 2)
    draw.line((90, 0, 90, 1100), 170, 2)


@pytest.mark.parametrize("draw", [draw_brackets, draw_hatching, draw_rules])
@pytest.mark.parametrize("seed", range(2))
def test_no_number_is_invented(
    draw: Callable[[ImageDraw.ImageDraw, np.random.Generator], None], seed: int, detector: Detector
) -> None:
    generator = np.random.default_rng(seed)
    sheet = Image.new("L", (800, 1100), PAPER)
    draw(ImageDraw.Draw(sheet), generator)
    assert read_bounded(detector, np.asarray(sheet) + generator.normal(0, 3, (1100, 800))).text == ""


@pytest.mark.parametrize("paper", [0, 8])
def test_black_on_black_is_empty(paper: int, detector: Detector) -> None:
    grey = on_paper(enlarge(write_row([*sample_digits()[0][:5]]), 4), paper, max(0, paper - 5))
    assert read_bounded(detector, grey + np.random.default_rng(1).normal(0, 1, grey.shape)).text == ""


@pytest.mark.parametrize("gap", [8, 16])
def test_digits_of_a_row_of_forty_are_found_however_they_are_grouped(gap: int, detector: Detector) -> None:
    images, labels = (each[:40] for each in sample_digits())
    found = read_bounded(detector, on_paper(np.pad(enlarge(write_row([*images], gap), 2), 60)))
    alike = sum(a == b for a, b in zip(found.digits, map(str, labels), strict=False))
    assert (len(found.rows), len(found.digits)) == (1, 40)
    assert alike >= 38


def test_very_wide_picture_is_read(detector: Detector) -> None:
    row = enlarge(write_row([*sample_digits()[0][:6]]), 4)
    found = read_bounded(detector, on_paper(np.pad(row, ((28, 28), (4000, 12_000 - 4000 - row.shape[1])))))
    assert found.digits == "".join(map(str, sample_digits()[1][:6]))
