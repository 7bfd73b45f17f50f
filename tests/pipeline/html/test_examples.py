"""Choice of the test images of the drawing demo."""

import numpy as np
import pytest

from pipeline.html.demo.examples import choose_examples


def choose(
    labels: list[int], predicted: list[int], classes: int, shape: tuple[int, int] = (2, 2)
) -> list[tuple[int, int]]:
    """Choose among images that contain their index, the most confident first. Return indices and predictions."""
    images = np.broadcast_to(np.arange(len(labels), dtype=np.uint8)[:, None, None], (len(labels), *shape))
    probabilities = np.eye(classes, dtype=np.float32)[predicted] * np.linspace(1, 0.9, len(labels))[:, None]
    chosen = choose_examples(np.ascontiguousarray(images), np.array(labels, np.uint8), probabilities)
    assert [label for _, label in chosen] == [labels[image[0, 0]] for image, _ in chosen]
    return [(index, predicted[index]) for index in (int(image[0, 0]) for image, _ in chosen)]


def test_most_confident_errors_and_one_image_of_each_other_class_are_chosen() -> None:
    labels = [*range(10), 7, 3, 3, 5, 9]
    predicted = [*range(10), 1, 2, 1, 6, 4]
    assert choose(labels, predicted, 10) == [
        (0, 0), (1, 1), (2, 2), (11, 2), (4, 4), (13, 6), (6, 6), (10, 1), (8, 8), (9, 9),
    ]  # fmt: skip


def test_without_errors_the_first_image_of_each_class_is_chosen() -> None:
    assert choose([2, 0, 2, 1], [2, 0, 2, 1], 3) == [(1, 0), (3, 1), (0, 2)]


def test_at_most_a_third_of_the_classes_is_misread() -> None:
    assert choose([0, 1, 2, 0, 1, 2], [1, 2, 0, 0, 1, 2], 3) == [(0, 1), (4, 1), (5, 2)]
    assert choose([0, 1], [1, 0], 2) == []


@pytest.mark.parametrize(("classes", "shape", "count"), [(26, (2, 2), 10), (10, (100, 100), 6), (10, (300, 300), 0)])
def test_number_of_images_is_limited(classes: int, shape: tuple[int, int], count: int) -> None:
    assert len(choose(list(range(classes)), list(range(classes)), classes, shape)) == count
