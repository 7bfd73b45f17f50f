"""How training images are divided, in memory and on the disk."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.data.dataset import TRAIN_LABELS, Description, count_held_out, save_description
from pipeline.data.order import divide, stratify
from pipeline.data.scaling import standardise
from pipeline.data.split import SAMPLED, hold_out, load_part, load_split, locate_pixels, write_split
from pipeline.engine.arrays import read_entries, save_array
from pipeline.engine.errors import PipelineError, UsageError
from tests.drawings import SAMPLE

SORTED = np.repeat(np.arange(12, dtype=np.uint8), 50)
LATE = np.array([*[0] * 500, *[0, 1] * 250], np.uint8)  # its last twelfth holds both classes, its first half one


def write_parsed(folder: Path, labels: np.ndarray) -> Path:
    """Write what `parse` does: images that show their label and their number."""
    folder.mkdir()
    for name, part in (("train", labels), ("test", labels[-7:])):
        images = np.zeros((len(part), 3, 4), np.uint8)
        images[:, 0, 0], images[:, 1, 1] = 100 * part, np.arange(len(part)) % 256
        save_array(folder / f"{name}-images.npy", images)
        save_array(folder / f"{name}-labels.npy", part)
    save_description(folder, Description("mine", tuple(map(str, range(int(labels.max()) + 1)))))
    return folder


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "normalize").mkdir()
    return tmp_path / "normalize"


@pytest.mark.parametrize(("validation", "is_sampled"), [(1 / 12, False), (0.5, True), (0.6, True), (100, False)])
def test_every_class_is_in_both_parts_whatever_is_held_out(
    validation: float, is_sampled: bool, tmp_path: Path, output: Path
) -> None:
    split = write_split(write_parsed(tmp_path / "parse", LATE), output, validation)
    assert (SAMPLED in split.description.preparation) == is_sampled
    assert len(split.validation) == count_held_out(validation, len(LATE))
    assert [set(part.labels.tolist()) for part in (split.training, split.validation)] == [{0, 1}] * 2
    for part in (split.training, split.validation, split.test):
        assert np.array_equal(part.pixels[:, 0, 0], 100 * part.labels)


@pytest.mark.parametrize("validation", [1 / 12, 0.5])
def test_arrays_in_memory_are_divided_as_on_the_disk(validation: float, tmp_path: Path, output: Path) -> None:
    parsed = write_parsed(tmp_path / "parse", LATE)
    files = write_split(parsed, output, validation)
    arrays = hold_out(np.load(parsed / "train-images.npy"), LATE, validation)
    assert files.scaling == arrays.scaling
    for one, other in ((files.training, arrays.training), (files.validation, arrays.validation)):
        assert np.array_equal(one.pixels, other.pixels)
        assert np.array_equal(one.labels, other.labels)
        assert one.images.tobytes() == other.images.tobytes() == standardise(one.pixels, files.scaling).tobytes()
    assert (len(files.test), len(files.test.images), len(arrays.test)) == (7, 0, 0)


def test_parts_are_memory_maps_and_can_be_read_in_blocks(built: Path) -> None:
    split = load_split(built / "normalize")
    assert (split.classes, split.image_shape) == (10, (28, 28))
    arrays = (array for part in (split.training, split.validation) for array in (part.pixels, part.images))
    assert all(isinstance(array.base, np.memmap) for array in (*arrays, split.test.pixels))
    found = locate_pixels(built / "normalize", "validation")
    assert np.array_equal(read_entries(found, 0, len(found)), split.validation.pixels)
    assert np.array_equal(load_part(built / "normalize", "test").labels, np.load(built / "parse/test-labels.npy"))


@pytest.mark.parametrize(
    ("images", "labels", "options"),
    [
        (np.zeros((4, 3, 3)), [0, 1, 0, 1], {}),
        (np.zeros((4, 9), np.uint8), [0, 1, 0, 1], {}),
        (np.zeros((4, 3, 3), np.uint8), [0, 1, 0], {}),
        (np.zeros((4, 3, 3), np.uint8), [0.0, 1.0, 0.0, 1.0], {}),
        (np.zeros((4, 3, 3), np.uint8), [0, -1, 0, 1], {}),
        (np.zeros((4, 3, 3), np.uint8), [0, 1, 2, 1], {"class_names": ["a", "b"]}),
        (np.zeros((0, 3, 3), np.uint8), [], {}),
        (np.eye(3, dtype=np.uint8)[np.newaxis].repeat(4, 0), [0, 1, 0, 1], {"validation": 4}),
    ],
)
def test_arrays_that_are_not_images_and_labels_are_refused(images: Any, labels: Any, options: Any) -> None:
    with pytest.raises(PipelineError):
        hold_out(images, labels, **options)


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
    assert divide(idx.load(SAMPLE / f"{TRAIN_LABELS}.gz")) == (None, 1833)
    assert divide(np.tile(np.arange(10), 100)) == (None, 917)


@pytest.mark.parametrize("labels", [SORTED, SORTED[::-1], np.append(np.tile(np.arange(11), 50), [11] * 50)])
def test_any_last_images_of_the_order_hold_all_classes_in_proportion(labels: np.ndarray) -> None:
    order, _ = divide(labels)
    assert order is not None
    assert sorted(order) == list(range(600))
    for count in (12, count_held_out(1 / 12, 600), 120, 300):
        held_out, kept = np.bincount(labels[order[-count:]]), np.bincount(labels[order[:-count]])
        assert np.ptp(held_out) <= 1 and held_out.min() >= count // 12
        assert np.ptp(kept) <= 1
    assert np.array_equal(stratify(labels), order)
    assert divide(labels[order])[0] is None


def test_unequal_classes_keep_their_shares() -> None:
    labels = np.repeat([0, 1, 2], [1000, 100, 10])
    last = labels[stratify(labels)[-111:]]
    assert np.abs(np.bincount(last) - [100, 10, 1]).max() <= 1


def test_order_is_random_within_a_class() -> None:
    order = stratify(SORTED)
    assert abs(np.corrcoef(order[SORTED[order] == 0], np.arange(50))[0, 1]) < 0.5


def test_one_image_of_each_class_stays_in_training() -> None:
    labels = np.array([0] * 20 + [1] * 2 + [2])
    order, kept = divide(labels)
    assert order is not None
    assert set(labels[order[:kept]]) == {0, 1, 2}
    assert set(labels[order[kept:]]) == {0, 1}


@pytest.mark.parametrize("labels", [[*([0, 1] * 50), *([2] * 4), 0, 1], [*([0] * 23), 1], [2, 2, *([0, 1] * 50)]])
def test_class_that_a_part_lacks_is_noticed(labels: list[int]) -> None:
    order, kept = divide(np.array(labels))
    assert order is not None
    assert set(np.array(labels)[order[:kept]]) == set(labels)
