import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, DatasetError
from pipeline.data.parts import count_held_out, load_parts, name_classes
from pipeline.engine.arrays import read_rows
from pipeline.engine.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A valid data set of six training and three test images of 4 x 5 pixels in three classes."""
    write(tmp_path, TRAIN_IMAGES, np.arange(120, dtype="u1").reshape(6, 4, 5))
    write(tmp_path, TRAIN_LABELS, np.array([0, 1, 2, 0, 1, 2], "u1"))
    write(tmp_path, TEST_IMAGES, np.zeros((3, 4, 5), "u1"))
    write(tmp_path, TEST_LABELS, np.array([2, 1, 0], "u1"))
    return tmp_path


def write(folder: Path, name: str, array: NDArray[np.generic]) -> None:
    idx.save(folder / name, array)


def test_valid_data_set_is_loaded(folder: Path) -> None:
    training, test = load_parts(folder)
    assert training.images.shape == (6, 4, 5)
    assert np.array_equal(read_rows(training.images, 0, 6), np.arange(120).reshape(6, 4, 5))
    assert training.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert test.labels.tolist() == [2, 1, 0]
    assert name_classes(training, test, ()) == ("0", "1", "2")
    assert name_classes(training, test, ("a", "b", "c", "d")) == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (TRAIN_IMAGES, np.zeros(6, "u1"), "contains uint8 6, not images"),
        (TRAIN_LABELS, np.zeros((6, 4, 5), "u1"), "contains uint8 6 x 4 x 5, not labels"),
        (TRAIN_IMAGES, np.zeros((6, 4, 5), "f4"), "contains float32 6 x 4 x 5, not images"),
        (TEST_LABELS, np.zeros(3, "i4"), "contains int32 3, not labels"),
        (TEST_LABELS, np.array(3, "u1"), "contains uint8 no dimension, not labels"),
        (TRAIN_LABELS, np.zeros(5, "u1"), "6 images, but .* has 5 labels"),
        (TEST_IMAGES, np.zeros((3, 5, 4), "u1"), "training images are 4 x 5 pixels, the test images 5 x 4"),
        (TRAIN_IMAGES, np.zeros((0, 4, 5), "u1"), "contains no images"),
        (TEST_IMAGES, np.zeros((3, 0, 5), "u1"), "contains no images"),
        (TEST_LABELS, np.zeros(0, "u1"), "contains no labels"),
    ],
)
def test_mismatch_is_named(name: str, array: NDArray[np.generic], message: str, folder: Path) -> None:
    write(folder, name, array)
    with pytest.raises(DatasetError, match=message):
        load_parts(folder)


def test_damaged_file_is_named(folder: Path) -> None:
    body = io.BytesIO()
    idx.write(body, np.zeros((3, 4, 5), "u1"))
    (folder / TEST_IMAGES).write_bytes(body.getvalue()[:-1])
    with pytest.raises(idx.IdxError, match=f"{TEST_IMAGES} is not a valid IDX file: it ends after 59 of 60 bytes"):
        load_parts(folder)


@pytest.mark.parametrize(("name", "which", "count"), [(TRAIN_LABELS, "training", 6), (TEST_LABELS, "test", 3)])
def test_label_beyond_the_classes_is_named(name: str, which: str, count: int, folder: Path) -> None:
    labels = np.zeros(count, "u1")
    labels[1] = 7
    write(folder, name, labels)
    with pytest.raises(DatasetError, match=f"{which} image 1 has label 7"):
        name_classes(*load_parts(folder), ("0", "1", "2"))


def test_more_than_256_class_names_are_refused(folder: Path) -> None:
    with pytest.raises(DatasetError, match="there are 257 class names, but labels are uint8: at most 256"):
        name_classes(*load_parts(folder), tuple(map(str, range(257))))


def test_training_labels_determine_the_default_classes(folder: Path) -> None:
    write(folder, TEST_LABELS, np.array([2, 3, 0], "u1"))
    with pytest.raises(DatasetError, match=r"test image 1 has label 3, beyond the last class, 2 \(2\)"):
        name_classes(*load_parts(folder), ())


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
