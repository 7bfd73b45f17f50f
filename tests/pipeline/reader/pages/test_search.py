import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.model.model import Detector
from pipeline.network.thread_pool import ThreadPool
from pipeline.pictures.contrast import BOX, add_margin, local_contrast
from pipeline.reader.pages.search import (
    MOST_FOUND,
    PICTURE_MARGIN,
    POSSIBLE_DIGIT,
    Level,
    Proposals,
    Slider,
    build_pyramid,
    centre,
    choose_level,
    find_candidates,
    select_digits,
    suppress,
)
from tests.pipeline.models import make_detector, make_recogniser


def detector(layers: str = "conv4,conv6,conv5x3/1") -> Detector:
    return make_detector(layers, make_recogniser("conv3x3/2p1", (40, 64)))


def make_level(height: int, width: int, seed: int = 0) -> Level:
    return Level(np.random.default_rng(seed).uniform(0, 255, (height, width)).astype(np.float32), 1.0)


def to_contrast(model: Detector, level: Level) -> NDArray[np.float32]:
    """The local contrast over which the model is slid, with a margin."""
    margin = model.image_shape[0] // 2 + PICTURE_MARGIN
    return local_contrast(add_margin(level.grey, margin, margin, margin, margin))


def detections(*rows: tuple[float, float, float, float]) -> Proposals:
    """Proposals from rows of y, x, size and score."""
    return np.array(rows, np.float32).reshape(-1, 4).T


@pytest.mark.slow
def test_positions_of_a_model_that_finds_digits_everywhere_are_limited() -> None:
    found = np.random.default_rng(0).uniform(1, 1000, (4, 300_000)).astype(np.float32)
    found[2], found[3] = 20, np.linspace(0.5, 1, 300_000)
    considered, kept = select_digits(found, np.ones(300_000, bool))
    assert considered.shape[1] == MOST_FOUND and considered[3].min() > found[3, -MOST_FOUND - 1]
    assert kept[0] == 0
    few, kept = select_digits(found[:, :9], np.ones(9, bool))
    assert np.array_equal(few, found[:, :9])


def test_every_position_has_the_prediction_of_its_window() -> None:
    model = detector()
    contrast, window = local_contrast(make_level(61, 74).grey), model.image_shape[0]
    predicted = Slider(model).predict([contrast])[0]
    assert predicted.shape == ((61 - window) // 4 + 1, (74 - window) // 4 + 1, 4)
    for i, j in np.ndindex(predicted.shape[:2]):
        part = contrast[4 * i : 4 * i + window, 4 * j : 4 * j + window]
        np.testing.assert_allclose(Slider(model).predict([part])[0, 0, 0], predicted[i, j], atol=1e-5)


@pytest.mark.parametrize("shape", [(150, 210), (23, 23), (30, 200), (90, 90)])
def test_tiles_give_the_predictions_of_the_whole(shape: tuple[int, int]) -> None:
    model, level = detector(), make_level(*shape)
    margin = model.image_shape[0] // 2 + PICTURE_MARGIN
    found, peaks = find_candidates(Slider(model), level)
    whole = Slider(model).predict([to_contrast(model, level)])[0]
    expected = np.argwhere(whole[..., -1] < 1 - POSSIBLE_DIGIT)
    seen = (found[:2].T + margin - model.image_shape[0] / 2) / 4
    order = np.lexsort((seen[:, 1], seen[:, 0]))
    inside = order[(seen[order] < whole.shape[:2]).all(axis=1)]  # not in the margin of the last tiles
    assert np.array_equal(seen[inside], expected)
    assert len(expected) > 0
    np.testing.assert_allclose(found[3, inside], 1 - whole[tuple(expected.T)][:, -1], atol=1e-5)
    assert peaks[found[3].argmax()]
    assert peaks.sum() < len(peaks)


def test_threads_change_nothing_and_blank_tiles_have_no_candidates() -> None:
    model, level = detector(), make_level(150, 210)
    with ThreadPool(2) as pool:
        found, _ = find_candidates(Slider(model, pool.run), level)
    assert np.array_equal(found, find_candidates(Slider(model), level)[0])
    assert find_candidates(Slider(model), Level(np.zeros((200, 200), np.float32), 1.0))[0].shape == (4, 0)


@pytest.mark.parametrize("shape", [(20, 20), (60, 400), (400, 60), (1000, 700), (4, 1024)])
def test_some_level_shows_a_digit_of_each_size_at_the_size_of_the_network(shape: tuple[int, int]) -> None:
    scales = [level.scale for level in build_pyramid(np.zeros(shape, np.float32))]
    height, width = shape
    smallest, largest = max(max(shape) / 110, 12), max(height, min(width, 1.6 * height))
    for size in np.geomspace(smallest, max(largest, smallest), 20):
        assert any(0.74 < size * scale / BOX < 1.26 for scale in scales) or size > largest


def test_centre_and_size_are_means_of_the_positions_around() -> None:
    found = detections(
        (10, 10, 20, 0.9), (10, 14, 20, 0.9), (14, 12, 20, 0.6), (10, 40, 20, 0.5), (10, 40, 28, 0.5), (10, 40, 60, 0.9)
    )
    centred = centre(found, np.array([0, 3]))
    np.testing.assert_allclose(centred[:3], [[11, 10], [12, 40], [20, np.sqrt(20 * 28)]], rtol=1e-5)
    assert np.array_equal(centred[3], found[3, [0, 3]])


def test_overlapping_digits_are_suppressed_by_more_probable_ones() -> None:
    found = detections((10, 10, 20, 0.8), (12, 11, 20, 0.9), (10, 30, 20, 0.7), (11, 10, 14, 0.6), (40, 10, 20, 0.6))
    every = np.ones(5, bool)
    assert suppress(found, every).tolist() == [1, 2, 4]
    assert suppress(found, np.array([True, False, True, True, True])).tolist() == [0, 2, 4]
    assert suppress(detections(), every[:0]).tolist() == []


def test_large_digits_suppress_no_far_smaller_ones() -> None:
    found = detections((100, 100, 80, 0.99), (100, 100, 20, 0.3), (100, 100, 45, 0.5))
    assert suppress(found, np.ones(3, bool)).tolist() == [0, 1]


def test_line_is_cut_from_the_smallest_level_that_is_large_enough() -> None:
    levels = list(build_pyramid(np.zeros((300, 400), np.float32)))
    for scale in (0.06, 0.3, 1.0):
        chosen = choose_level(levels, scale).scale
        assert 0.999 * scale <= chosen < 1.42 * scale
    assert choose_level(levels, 50) is levels[-1]
