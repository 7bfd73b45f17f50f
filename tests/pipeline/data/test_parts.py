from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, DatasetError, count_held_out
from pipeline.data.order import find_order, stratify
from pipeline.data.parts import load_parts, name_classes
from pipeline.engine.arrays import read_entries
from pipeline.engine.errors import UsageError
from tests.drawings import SAMPLE

SORTED = np.repeat(np.arange(12, dtype=np.uint8), 50)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A valid data set of six training and three test images of 4 x 5 pixels in three classes."""
    idx.save(tmp_path / TRAIN_IMAGES, np.arange(120, dtype="u1").reshape(6, 4, 5))
    idx.save(tmp_path / TRAIN_LABELS, np.array([0, 1, 2, 0, 1, 2], "u1"))
    idx.save(tmp_path / TEST_IMAGES, np.zeros((3, 4, 5), "u1"))
    idx.save(tmp_path / TEST_LABELS, np.array([2, 1, 0], "u1"))
    return tmp_path


def test_valid_data_set_is_loaded(folder: Path) -> None:
    training, test = load_parts(folder)
    assert training.images.shape == (6, 4, 5)
    assert np.array_equal(read_entries(training.images, 0, 6), np.arange(120).reshape(6, 4, 5))
    assert training.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert test.labels.tolist() == [2, 1, 0]
    assert name_classes(training, test, ()) == ("0", "1", "2")
    assert name_classes(training, test, ("a", "b", "c", "d")) == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (TRAIN_IMAGES, np.zeros(6, "u1"), "contains uint8 .*, not images"),
        (TRAIN_LABELS, np.zeros((6, 4, 5), "u1"), "contains uint8 .*, not labels"),
        (TRAIN_LABELS, np.zeros(5, "u1"), "6 images, but .* has 5 labels"),
        (TEST_IMAGES, np.zeros((3, 5, 4), "u1"), "training images are 4 x 5 pixels, the test images 5 x 4"),
        (TRAIN_IMAGES, np.zeros((0, 4, 5), "u1"), "contains no images"),
        (TEST_IMAGES, np.zeros((3, 0, 5), "u1"), "contains no images"),
        (TEST_LABELS, np.zeros(0, "u1"), "contains no labels"),
    ],
)
def test_mismatch_is_named(name: str, array: NDArray[np.uint8], message: str, folder: Path) -> None:
    idx.save(folder / name, array)
    with pytest.raises(DatasetError, match=message):
        load_parts(folder)


@pytest.mark.parametrize(
    ("name", "labels", "names", "which"),
    [
        (TRAIN_LABELS, [0, 7, 0, 0, 0, 0], ("0", "1", "2"), "training"),
        (TEST_LABELS, [0, 7, 0], ("0", "1", "2"), "test"),
        (TEST_LABELS, [2, 7, 0], (), "test"),  # the training labels determine the default classes
    ],
)
def test_label_beyond_the_classes_is_named(
    name: str, labels: list[int], names: tuple[str, ...], which: str, folder: Path
) -> None:
    idx.save(folder / name, np.array(labels, np.uint8))
    with pytest.raises(DatasetError, match=f"{which} image 1 has label 7"):
        name_classes(*load_parts(folder), names)


def test_more_than_256_class_names_are_refused(folder: Path) -> None:
    with pytest.raises(DatasetError, match="257"):
        name_classes(*load_parts(folder), tuple(map(str, range(257))))


@pytest.mark.parametrize(
    ("validation", "total", "count"),
    [(1 / 12, 60_000, 5000), (5000, 60_000, 5000), (0.5, 3, 2), (0.001, 10, 1), (1, 10, 1), (9, 10, 9)],
)
def test_validation_is_a_count_or_a_fraction(validation: float, total: int, count: int) -> None:
    assert count_held_out(validation, total) == count


@pytest.mark.parametrize("validation", [0, -1, -0.5, 1.5, float("nan"), float("inf"), 10, 11, 0.99])
def test_invalid_validation_is_refused(validation: float) -> None:
    with pytest.raises(UsageError, match="validation"):
        count_held_out(validation, 10)


def test_images_whose_last_ones_hold_all_classes_stay_as_they_are() -> None:
    assert find_order(idx.load(SAMPLE / f"{TRAIN_LABELS}.gz")) is None
    assert find_order(np.tile(np.arange(10), 100)) is None


@pytest.mark.parametrize("labels", [SORTED, SORTED[::-1], np.append(np.tile(np.arange(11), 50), [11] * 50)])
def test_any_last_images_of_the_order_hold_all_classes_in_proportion(labels: np.ndarray) -> None:
    order = find_order(labels)
    assert order is not None
    assert sorted(order) == list(range(600))
    for count in (12, count_held_out(1 / 12, 600), 120, 300):
        held_out, kept = np.bincount(labels[order[-count:]]), np.bincount(labels[order[:-count]])
        assert np.ptp(held_out) <= 1 and held_out.min() >= count // 12
        assert np.ptp(kept) <= 1
    assert np.array_equal(stratify(labels), order)
    assert find_order(labels[order]) is None


def test_unequal_classes_keep_their_shares() -> None:
    labels = np.repeat([0, 1, 2], [1000, 100, 10])
    last = labels[stratify(labels)[-111:]]
    assert np.abs(np.bincount(last) - [100, 10, 1]).max() <= 1


def test_order_is_random_within_a_class() -> None:
    order = stratify(SORTED)
    assert abs(np.corrcoef(order[SORTED[order] == 0], np.arange(50))[0, 1]) < 0.5


def test_one_image_of_each_class_stays_in_training() -> None:
    labels = np.array([0] * 20 + [1] * 2 + [2])
    order = find_order(labels)
    assert order is not None
    kept = len(labels) - count_held_out(1 / 12, len(labels))
    assert set(labels[order[:kept]]) == {0, 1, 2}
    assert set(labels[order[kept:]]) == {0, 1}


@pytest.mark.parametrize("labels", [[*([0, 1] * 50), *([2] * 4), 0, 1], [*([0] * 23), 1], [2, 2, *([0, 1] * 50)]])
def test_class_that_a_part_lacks_is_noticed(labels: list[int]) -> None:
    order = find_order(np.array(labels))
    assert order is not None
    kept = len(labels) - count_held_out(1 / 12, len(labels))
    assert set(np.array(labels)[order[:kept]]) == set(labels)
