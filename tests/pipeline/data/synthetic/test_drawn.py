from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data.dataset import are_ten_digits
from pipeline.data.ink import measure_sides, to_ink
from pipeline.data.synthetic.drawn import cut_piece, join_digits, make_doodle, make_negatives, make_styles
from pipeline.data.synthetic.shapes import Stroke, load_glyphs
from pipeline.data.synthetic.strokes import distort, draw_polylines

NAMES = tuple("9876543210")


def make_digits(
    count: int = 50, shape: tuple[int, int] = (28, 28), ink: tuple[int, int] = (20, 12)
) -> NDArray[np.uint8]:
    """Return images of rings of `ink` pixels, centred."""
    images = np.zeros((count, *shape), np.uint8)
    top, left = ((side - size) // 2 for side, size in zip(shape, ink, strict=True))
    images[:, top : top + ink[0], left : left + ink[1]] = 255
    images[:, top + 3 : top + ink[0] - 3, left + 3 : left + ink[1] - 3] = 0
    return images


def test_negatives_are_prepared_like_the_images() -> None:
    negatives = make_negatives(make_digits(), 300)
    ink = to_ink(negatives)
    assert (negatives.shape, negatives.dtype) == ((300, 28, 28), np.dtype(np.uint8))
    assert np.all(np.abs(np.maximum(*measure_sides(ink)) - 20) <= 2)
    rows = np.average(np.arange(28)[np.newaxis].repeat(300, 0), axis=1, weights=ink.sum(axis=2))
    assert np.all(np.abs(rows - 14) <= 0.51)


def test_negatives_are_always_the_same_and_differ_from_each_other_and_from_the_images() -> None:
    images = make_digits(1)
    first, second = (make_negatives(images, 300) for _ in range(2))
    assert np.array_equal(first, second)
    assert len({negative.tobytes() for negative in first}) > 200
    assert np.abs(to_ink(first) - to_ink(images)).max(axis=(1, 2)).min() > 0.2


@pytest.mark.parametrize(("shape", "ink"), [((3, 4), (2, 2)), ((40, 20), (30, 10)), ((64, 64), (50, 50))])
def test_images_of_any_size_have_negatives(shape: tuple[int, int], ink: tuple[int, int]) -> None:
    negatives = make_negatives(make_digits(shape=shape, ink=ink), 60)
    assert negatives.shape == (60, *shape)
    assert to_ink(negatives).max(axis=(1, 2)).min() > 0.1


def test_images_without_ink_are_not_used_and_those_of_low_contrast_are() -> None:
    images = make_digits(10) // 10
    images[::2] = 0
    assert make_negatives(images, 100).any(axis=(1, 2)).all()


def test_glyphs_are_polylines_of_different_characters() -> None:
    glyphs = load_glyphs()
    assert len({tuple(stroke.tobytes() for stroke in strokes) for strokes in glyphs}) > 200  # fonts share their signs
    assert all(stroke.shape[1] == 2 and len(stroke) >= 2 for strokes in glyphs for stroke in strokes)


@pytest.mark.parametrize("make", [make_doodle, lambda generator: distort(load_glyphs()[0], generator)])
def test_drawn_strokes_fill_the_box(make: Callable[[np.random.Generator], list[Stroke]]) -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        page = draw_polylines(make(generator), 20, generator)
        height, width = (np.ptp(np.flatnonzero(page.max(axis=axis) > 0)) + 1 for axis in (1, 0))
        assert max(height, width) >= 0.9 * len(page)


def test_a_piece_shows_a_part_or_more_than_one_digit() -> None:
    generator = np.random.default_rng(2)
    digit = np.ones((28, 14), np.float32)
    widths = {cut_piece(digit, digit, generator).shape[1] for _ in range(300)}
    assert min(widths) < 12
    assert max(widths) > 24


def test_joined_digits_keep_all_their_ink() -> None:
    generator = np.random.default_rng(3)
    first, second = np.ones((28, 5), np.float32), np.ones((28, 8), np.float32)
    for _ in range(30):
        row = join_digits(first, second, generator)
        assert row.min() == 0 or row.shape[1] <= 13
        assert 10 <= row.shape[1] <= 14


def test_styles_are_as_large_as_the_images_and_of_all_classes() -> None:
    digits, labels = make_styles(make_digits(), NAMES, 300)
    assert (digits.shape, digits.dtype) == ((300, 28, 28), np.dtype(np.uint8))
    assert np.all(np.abs(np.maximum(*measure_sides(to_ink(digits))) - 20) <= 2)
    assert set(labels.tolist()) == set(range(10))


def test_labels_follow_the_class_names() -> None:
    digits, labels = make_styles(make_digits(), NAMES, 200)
    others, reverse = make_styles(make_digits(), NAMES[::-1], 200)
    assert np.array_equal(digits, others) and np.array_equal(labels, 9 - reverse)
    ones = to_ink(digits[labels == NAMES.index("1")]).mean(axis=(1, 2)).mean()
    assert ones < to_ink(digits[labels == NAMES.index("8")]).mean(axis=(1, 2)).mean()


@pytest.mark.parametrize(("names", "expected"), [(NAMES, True), (NAMES[1:], False), (("ten", *NAMES[1:]), False)])
def test_digits_are_told_from_other_classes(names: tuple[str, ...], expected: bool) -> None:
    assert are_ten_digits(names) == expected
