import numpy as np
import pytest

from pipeline.data import idx
from pipeline.data.catalogue import SAMPLE
from pipeline.data.dataset import TRAIN_LABELS
from pipeline.data.parts import count_held_out, find_order, stratify
from pipeline.engine.errors import UsageError

SORTED = np.repeat(np.arange(12, dtype=np.uint8), 50)


def test_images_whose_last_ones_hold_all_classes_stay_as_they_are() -> None:
    (source,) = SAMPLE.sources
    labels = idx.load(source / f"{TRAIN_LABELS}.gz")  # type: ignore[operator]
    assert find_order(labels) is None
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
    first = order[SORTED[order] == 0]
    assert sorted(first) == list(range(50))
    assert abs(np.corrcoef(first, np.arange(50))[0, 1]) < 0.5


def test_one_image_of_each_class_stays_in_training() -> None:
    labels = np.array([0] * 20 + [1] * 2 + [2])
    order = find_order(labels)
    assert order is not None
    kept = len(labels) - count_held_out(1 / 12, len(labels))
    assert set(labels[order[:kept]]) == {0, 1, 2}
    assert set(labels[order[kept:]]) == {0, 1}


@pytest.mark.parametrize("labels", [[*([0, 1] * 50), *([2] * 4), 0, 1], [*([0] * 23), 1]], ids=["four", "one"])
def test_class_that_only_the_last_images_hold_is_noticed(labels: list[int]) -> None:
    order = find_order(np.array(labels))
    assert order is not None
    kept = len(labels) - count_held_out(1 / 12, len(labels))
    assert set(np.array(labels)[order[:kept]]) == set(labels)


def test_too_few_images_are_refused() -> None:
    with pytest.raises(UsageError, match="leaves none"):
        find_order(np.array([0]))
