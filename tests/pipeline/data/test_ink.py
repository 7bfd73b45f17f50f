import numpy as np
import pytest

from pipeline.data.ink import InkStatistics, centre_by_mass, measure_ink, measure_sides, measure_stroke_widths
from tests.drawings import Grey, sample_digits


def bar(height: int, width: int, side: int = 40) -> Grey:
    image = np.zeros((side, side), np.float32)
    image[5 : 5 + height, 5 : 5 + width] = 1
    return image


@pytest.mark.parametrize(("height", "width"), [(30, 2), (3, 30), (1, 1), (40 - 5, 40 - 5)])
def test_sides_are_those_of_ink_of_at_least_half(height: int, width: int) -> None:
    image = bar(height, width)
    image[0, 0] = 0.49
    rows, columns = measure_sides(np.stack([image, np.zeros_like(image)]))
    assert rows.tolist() == [height, 0]
    assert columns.tolist() == [width, 0]


@pytest.mark.parametrize("ink", [[1, 1], [1] * 8, [0.25, 0.75, 1, 1, 1, 1, 0.75, 0.25]])
def test_stroke_width_is_measured_at_sharp_and_soft_edges(ink: list[float]) -> None:
    image = np.zeros((200, 200), np.float32)
    image[20:180, 50 : 50 + len(ink)] = ink
    (measured,) = measure_stroke_widths(image[np.newaxis])
    assert measured == pytest.approx(sum(ink), rel=0.06)  # the ends are edges, too


def test_statistics_of_digits() -> None:
    ink_statistics = measure_ink(sample_digits()[0])
    assert ink_statistics.box == 20
    assert 1 < ink_statistics.thin < 2 < ink_statistics.thick < ink_statistics.thickest < 9


def test_images_without_ink_have_the_default_statistics() -> None:
    for images in (np.zeros((0, 28, 28), np.uint8), np.full((9, 28, 28), 102, np.uint8)):
        assert measure_ink(images) == InkStatistics()


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("flipped", [False, True])
def test_ink_is_centred_by_mass_and_cut_where_it_sticks_out(axis: int, flipped: bool) -> None:
    ink = np.full((12, 3), 0.2, np.float32)
    ink[9:] = np.arange(9).reshape(3, 3) / 8  # most of the mass is at one end
    ink = np.ascontiguousarray(np.flip(ink, 0) if flipped else ink)
    ink = np.ascontiguousarray(ink.T if axis else ink)
    image = centre_by_mass(ink, (7, 7))
    mass = [ink.sum(axis=1 - each) for each in (0, 1)]
    starts = [int(np.floor(3.5 - np.average(np.arange(len(each)), weights=each))) for each in mass]
    expected = np.zeros((7, 7), np.uint8)
    for i, j in np.ndindex(*ink.shape):
        row, column = starts[0] + i, starts[1] + j
        if 0 <= row < 7 and 0 <= column < 7:
            expected[row, column] = np.floor(255 * ink[i, j] + 0.5)
    assert np.array_equal(image, expected)
