from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, DatasetError
from pipeline.data.parts import load_parts, name_classes
from pipeline.engine.arrays import read_entries


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
