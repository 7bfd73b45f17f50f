import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.pictures.contrast import add_margin, local_contrast
from pipeline.reader.pages.cutting import CUT_BEYOND, ROUND, cut_line
from pipeline.reader.pages.lines import CentreLine
from pipeline.reader.pages.search import Level, build_pyramid
from pipeline.reader.rows.labels import LINE_IMAGE_HEIGHT, LINE_MARGIN, OUTER, SHEET
from pipeline.reader.rows.spans import SIZE


def line(y: list[float], x: list[float], size: float, slope: float = 0.0) -> CentreLine:
    return CentreLine(np.array(y), np.array(x), np.ones(len(y)), size, slope)


def draw_squares(shape: tuple[int, int], places: list[tuple[float, float]], side: int) -> NDArray[np.float32]:
    """Dark squares around places (y, x) on light paper."""
    grey = np.full(shape, 230, np.float32)
    for y, x in places:
        top, left = round(y - side / 2), round(x - side / 2)
        grey[top : top + side, left : left + side] = 20
    return grey


@pytest.mark.parametrize("size", [14, 19, 30, 76])
@pytest.mark.parametrize("slope", [-0.2, 0, 0.2])
def test_line_shows_the_row_level_in_the_middle_at_the_size_of_training(size: int, slope: float) -> None:
    x = [200 + 1.5 * size * i for i in range(6)]
    y = [300 + slope * each for each in x]
    grey = draw_squares((700, 1000), list(zip(y, x, strict=True)), size)
    line_image = cut_line(line(y, x, size, slope), list(build_pyramid(grey)))
    dark = line_image.contrast < -0.6
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert np.mean(rows) == pytest.approx((LINE_IMAGE_HEIGHT + 2 * LINE_MARGIN - 1) / 2, abs=1)
    assert np.ptp(rows) + 1 == pytest.approx(SIZE * (1 + abs(slope)), abs=3)
    assert np.ptp(columns) + 1 == pytest.approx(SIZE * (1 + 7.5 * np.hypot(1, slope)), abs=5)
    middle = round(np.mean(columns))
    assert line_image.x[middle] == pytest.approx(np.mean(x), abs=0.1 * size)
    assert line_image.y[middle] == pytest.approx(np.mean(y), abs=0.1 * size)


def test_line_is_longer_than_its_row_and_ends_beyond_the_edges_of_the_picture() -> None:
    wide = draw_squares((100, 1000), [(50, 500)], 19)
    line_image = cut_line(line([50], [500], 19), list(build_pyramid(wide)))
    assert (len(line_image.x) % ROUND, line_image.contrast.shape) == (
        0,
        (LINE_IMAGE_HEIGHT + 2 * LINE_MARGIN, len(line_image.x)),
    )
    assert line_image.x[0] <= 500 - CUT_BEYOND * 19
    assert line_image.x[-1] >= 500 + CUT_BEYOND * 19
    narrow = draw_squares((40, 30), [(20, 15)], 19)
    assert len(cut_line(line([20], [15], 19), list(build_pyramid(narrow))).x) == 2 * ROUND


def test_paper_continues_beyond_the_edges_as_in_training() -> None:
    grey = np.random.default_rng(1).uniform(0, 255, (30, 60)).astype(np.float32)
    line_image = cut_line(line([15], [30], SIZE), [Level(grey, 1.0)])
    top, left = (SHEET[0] - 30) // 2, (len(line_image.x) - 60) // 2
    expected = add_margin(grey, top, top, left, left)
    np.testing.assert_allclose(line_image.contrast, local_contrast(expected)[OUTER:-OUTER], atol=1e-3)
