"""Paths traced from ink, and what a pen draws along them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipeline.data.ink import to_ink
from pipeline.data.synthetic.shapes import Stroke, parse_shape
from pipeline.data.synthetic.strokes import draw_polylines
from pipeline.reader_training.synthesis.paths import thin, trace
from pipeline.reader_training.synthesis.pen import Pen, darkness, draw_path, stretch_parts, write_path
from pipeline.reader_training.synthesis.signs import Hand, Ink
from tests.drawings import sample_digits

ROUND = Pen(width=0.05, flatness=1.0, angle=0.0, pressure=0.0, felt=0.0, dry=0.0)
PLAIN = Hand(angle=0.0, shear=0.0, stretch=1.0, stroke=0.0, outline=False)
DOWN, ACROSS = (np.array(ends, float) for ends in (((0, 0), (0, 100)), ((0, 0), (100, 0))))


def ring(width: int, filled: bool = False) -> Ink:
    image = Image.new("L", (28, 28))
    ImageDraw.Draw(image).ellipse((5, 4, 22, 23), 255 if filled else 0, 255, width)
    return to_ink(np.asarray(image))


def draw(strokes: list[Stroke], pen: Pen = ROUND) -> Ink:
    return draw_path(strokes, 100, pen, np.random.default_rng(1), 2)


def measure_width(ink: Ink) -> float:
    """Return the mean width of an upright or level stroke of 100 pixels."""
    return float(ink.sum() / 100)


def test_a_skeleton_is_thin_and_as_connected_as_its_strokes() -> None:
    skeleton = thin(ring(5) > 0.5)
    assert skeleton.sum() < 0.4 * (ring(5) > 0.5).sum()
    assert not thin(np.zeros((4, 6), bool)).any()
    square = np.lib.stride_tricks.sliding_window_view(skeleton, (2, 2))
    assert not square.all(axis=(2, 3)).any()


@pytest.mark.parametrize("width", [2, 4, 6])
def test_a_ring_is_one_closed_path_in_the_middle_of_its_stroke(width: int) -> None:
    strokes = trace(ring(width))
    assert strokes is not None
    (path,) = strokes
    np.testing.assert_allclose(path[0], path[-1], atol=0.7)
    away = np.hypot(*((path - (14, 14)) / (9 - width / 2, 10 - width / 2)).T)
    assert abs(away - 1).max() < 0.15


def test_strokes_that_cross_are_traced_one_after_the_other() -> None:
    ink = draw_polylines(parse_shape("0,0 100,100 | 100,0 0,100"), 20, np.random.default_rng(1), (0.1, 0.1))
    strokes = trace(np.asarray(ink, np.float32))
    assert strokes is not None
    assert [round(float(np.hypot(*np.ptp(path, axis=0))) / 20) for path in strokes] == [5, 5]


def test_ink_without_a_stroke_or_with_a_filled_loop_has_no_path() -> None:
    assert trace(np.zeros((28, 28), np.float32)) is None
    lollipop = np.zeros((56, 28), np.float32)
    lollipop[:40, 13:15] = 1
    lollipop[28:] = np.maximum(lollipop[28:], ring(3, filled=True))
    assert trace(lollipop) is None


def test_traced_digits_look_like_their_images() -> None:
    images, _ = sample_digits()
    seen = 0
    for image in images[:60]:
        ink = to_ink(image)
        strokes = trace(ink)
        if strokes is None:
            continue
        points = np.rint(np.concatenate(strokes) - 0.5).astype(int)
        on_ink = ink[tuple(np.clip(points, 0, 27).T[::-1])] > 0.2
        assert on_ink.mean() > 0.85
        seen += 1
    assert seen > 45


@pytest.mark.parametrize("width", [0.004, 0.02, 0.1])
def test_a_pen_has_its_width(width: float) -> None:
    assert measure_width(draw([DOWN], replace(ROUND, width=width))) == pytest.approx(100 * width, rel=0.25, abs=0.15)


def test_a_broad_nib_is_thin_along_its_broad_side() -> None:
    pen = replace(ROUND, width=0.1, flatness=0.2)
    assert measure_width(draw([ACROSS], pen)) < 0.5 * measure_width(draw([DOWN], pen))
    turned = replace(pen, angle=math.pi / 2)
    assert measure_width(draw([DOWN], turned)) < 0.5 * measure_width(draw([ACROSS], turned))


def test_pressure_dryness_and_felt_change_the_line() -> None:
    plain = draw([DOWN], replace(ROUND, width=0.08))
    widths = draw([DOWN], replace(ROUND, width=0.08, pressure=0.3)).sum(axis=1)[20:80]
    assert np.std(widths) > 2 * np.std(plain.sum(axis=1)[20:80]) + 0.1
    dry = draw([DOWN], replace(ROUND, width=0.08, dry=0.4)).max(axis=1)[10:90]
    assert 0.2 < np.mean(dry < 0.7) < 0.6
    soft = draw([DOWN], replace(ROUND, width=0.08, felt=0.5))
    assert np.mean((soft > 0.1) & (soft < 0.9)) > 1.5 * np.mean((plain > 0.1) & (plain < 0.9))


def test_parts_of_a_path_are_stretched_and_stay_connected() -> None:
    nine = [np.asarray(each) for each in parse_shape("~80,10 40,0 10,30 40,50 80,20 70,100")]
    shapes = [stretch_parts(nine, np.random.default_rng(seed))[0] for seed in range(40)]
    lengths = [np.ptp(shape[:, 1]) / np.ptp(nine[0][:, 1]) for shape in shapes]
    assert min(lengths) < 0.9 < 1.1 < max(lengths)
    longest = np.hypot(*np.diff(nine[0], axis=0).T).max()
    assert all(np.hypot(*np.diff(shape, axis=0).T).max() < 3 * longest for shape in shapes)


@pytest.mark.parametrize("size", [14.0, 20.0, 60.0])
def test_written_ink_has_its_length_and_is_never_thinner_than_a_pixel(size: float) -> None:
    pen = replace(ROUND, width=0.005)
    heights = [
        len(write_path([DOWN], size, size, pen, PLAIN, np.random.default_rng(seed))) / size for seed in range(10)
    ]
    assert np.mean(heights) == pytest.approx(1, abs=0.1)
    ink = write_path([DOWN], size, size, pen, PLAIN, np.random.default_rng(1))
    assert 0.6 < float(ink.sum()) / len(ink) < 1.4


def test_a_thin_pen_is_as_dark_as_the_part_of_a_pixel_that_it_covers() -> None:
    assert darkness(replace(ROUND, width=0.01), 20) == pytest.approx(0.2)
    assert darkness(replace(ROUND, width=0.2), 20) == 1
