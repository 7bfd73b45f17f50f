from dataclasses import astuple, replace

import numpy as np
import pytest

from pipeline.data.ink import (
    InkStatistics,
    count_holes_and_parts,
    is_in_distribution,
    measure_ink,
    measure_sides,
    measure_strokes,
)
from pipeline.data.scaling import Scaling, standardise
from tests.drawings import Grey, sample_digits


def bar(height: int, width: int, side: int = 40) -> Grey:
    image = np.zeros((side, side), np.float32)
    image[5 : 5 + height, 5 : 5 + width] = 1
    return image


def digits() -> Grey:
    return (sample_digits()[0] / 255).astype(np.float32)


@pytest.mark.parametrize(("height", "width"), [(30, 2), (3, 30), (1, 1), (40 - 5, 40 - 5)])
def test_sides_are_those_of_ink_of_at_least_half(height: int, width: int) -> None:
    image = bar(height, width)
    image[0, 0] = 0.49
    rows, columns = measure_sides(np.stack([image, np.zeros_like(image)]))
    assert rows.tolist() == [height, 0]
    assert columns.tolist() == [width, 0]


@pytest.mark.parametrize("stroke_width", [2, 4, 8])
def test_stroke_width_and_length_are_measured(stroke_width: int) -> None:
    image = np.zeros((200, 200), np.float32)
    image[20:180, 50 : 50 + stroke_width] = 1
    ((measured,), (length,)) = measure_strokes(image[np.newaxis])
    assert measured == pytest.approx(stroke_width, rel=0.06)  # the ends are edges, too
    assert length == pytest.approx(160, rel=0.06)


def test_soft_edges_do_not_change_stroke_measures() -> None:
    sharp, soft = np.zeros((2, 200, 200), np.float32)
    sharp[20:180, 50:56] = 1
    soft[20:180, 49:57] = [0.25, 0.75, 1, 1, 1, 1, 0.75, 0.25]
    stroke_width, length = measure_strokes(np.stack([sharp, soft]))
    assert stroke_width[0] == pytest.approx(stroke_width[1], rel=0.03)
    assert length[0] == pytest.approx(length[1], rel=0.03)


def test_holes_and_parts_are_counted() -> None:
    image = np.zeros((30, 30), np.float32)
    assert count_holes_and_parts(image) == (0, 0)
    image[2:12, 2:12] = 1
    assert count_holes_and_parts(image) == (0, 1)
    image[4:6, 4:6] = image[8:10, 8:10] = 0
    assert count_holes_and_parts(image) == (2, 1)
    image[20:25, 20:25] = 1
    assert count_holes_and_parts(image) == (2, 2)
    image[22, 22] = 0  # a gap in the stroke
    assert count_holes_and_parts(image) == (2, 2)
    image[0, 0] = image[1, 1] = 0.3  # faint ink, 8-connected
    assert count_holes_and_parts(image) == (2, 2)


def test_background_at_the_border_is_not_a_hole() -> None:
    image = np.zeros((9, 9), np.float32)
    image[:, 4] = 1
    assert count_holes_and_parts(image) == (0, 1)


def test_measured_images_are_in_distribution() -> None:
    images = digits()
    ink_statistics = measure_ink(images)
    assert all(is_in_distribution(image, ink_statistics) for image in images)
    assert ink_statistics.box == 20
    assert 1 < ink_statistics.thin < 2 < ink_statistics.thick < ink_statistics.thickest < 9
    assert ink_statistics.holes >= 2


def test_statistics_survive_standardisation() -> None:
    images, scaling = sample_digits()[0], Scaling(0.13, 0.31)
    restored = standardise(images, scaling) * scaling.std + scaling.mean
    assert astuple(measure_ink(restored)) == pytest.approx(astuple(measure_ink(digits())), rel=1e-4)


def test_blots_tangles_lines_and_blanks_are_out_of_distribution() -> None:
    ink_statistics = measure_ink(digits())
    blot, comb, line, faint = np.zeros((4, 28, 28), np.float32)
    blot[4:24, 4:24] = 1
    comb[4:24, 4:24:3] = comb[4:24:6, 4:24] = 1
    line[13:15, 4:24] = 1
    faint[4:24, 12:15] = 0.4
    for image in (blot, comb, line, faint, np.zeros_like(blot)):
        assert not is_in_distribution(image, ink_statistics)
    assert is_in_distribution(line.T, ink_statistics)


@pytest.mark.parametrize("name", ["thickest", "longest", "widest", "holes", "parts"])
def test_each_maximum_is_checked(name: str) -> None:
    image = digits()[0]
    image[0:4, 0:4] = 1  # second component
    image[1:3, 1:3] = 0  # with a hole
    statistics = measure_ink(image[np.newaxis])
    assert is_in_distribution(image, statistics)
    assert not is_in_distribution(
        image, replace(statistics, thin=0, **{name: getattr(statistics, name) * 0.9 if statistics.holes else 0})
    )


def test_statistics_without_ink_accept_every_image() -> None:
    for images in (np.zeros((0, 28, 28), np.float32), np.full((9, 28, 28), 0.4, np.float32)):
        assert measure_ink(images) == InkStatistics()
    assert is_in_distribution(np.ones((28, 28), np.float32), InkStatistics())
