"""The images that the lesson trains with."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.html.lesson.lessons import (
    LEARNT,
    MAX_CHARACTERS,
    UNSEEN,
    choose_lessons,
    encode_images,
    make_image_header,
)
from pipeline.network.network import count_parameters
from tests.drawings import sample_digits
from tests.pipeline.models import make_model


def draw(count: int, noise: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    digits, classes = sample_digits()
    chosen = np.arange(count) % len(digits)
    images = np.random.default_rng(0).integers(0, 256, (count, 28, 28), np.uint8) if noise else digits[chosen]
    return images, classes[chosen]


@pytest.mark.parametrize(("count", "expected"), [(3000, LEARNT + UNSEEN), (1000, 1000), (99, 0)])
def test_as_many_images_are_chosen_as_there_are(count: int, expected: int) -> None:
    lessons = choose_lessons(*draw(count, noise=False))
    assert (len(lessons.images) if lessons else 0) == expected
    if lessons:
        assert lessons.learnt == expected * 4 // 5
        digits, classes = sample_digits()
        first = np.flatnonzero((digits == lessons.images[0]).all(axis=(1, 2)))
        assert lessons.labels[0] in classes[first]


def test_images_that_compress_badly_are_fewer() -> None:
    lessons = choose_lessons(*draw(3000, noise=True))
    assert lessons is not None
    assert len(lessons.images) < LEARNT
    assert MAX_CHARACTERS / 3 < len(encode_images(lessons.images)) <= MAX_CHARACTERS


def test_network_of_the_page_has_as_many_weights_as_it_says() -> None:
    model = make_model(shape=(28, 28), class_names=tuple("0123456789"))
    header = make_image_header(model)
    assert (header.class_names, header.image_shape) == (model.class_names, (28, 28))
    assert count_parameters(header.make_layers()) == 18_378
