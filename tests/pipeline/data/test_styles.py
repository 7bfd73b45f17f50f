import numpy as np
import pytest

from pipeline.data.dataset import are_ten_digits
from pipeline.data.ink import measure_sides, to_ink
from pipeline.data.styles import make_styles
from tests.pipeline.data.test_negatives import make_digits

NAMES = tuple("9876543210")


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
