from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data.contrast import BOX, local_contrast
from pipeline.model.model import Model
from pipeline.network.architecture import find_window
from pipeline.pictures.detections import Detections, centre, join, suppress
from pipeline.pictures.search import (
    AMONG,
    TRUST,
    Level,
    build_pyramid,
    cut_around,
    detect,
    find_candidates,
    look_around,
    look_closer,
)
from pipeline.pictures.sliding import Slider
from pipeline.training.team import ThreadTeam
from tests.pipeline.models import make_model


def finder(layers: str = "conv4,conv6,conv5x3/1") -> Model:
    return make_model(layers, shape=find_window(layers), negative_class=True, sliding=True)


def make_level(height: int, width: int, seed: int = 0) -> Level:
    grey = np.random.default_rng(seed).uniform(0, 255, (height, width))
    return Level(local_contrast(grey), 1.0, 0)


def detections(*rows: tuple[float, float, float, float]) -> Detections:
    """Detections from rows of y, x, size and score."""
    y, x, size, score = np.array(rows, np.float32).reshape(-1, 4).T
    return Detections(y, x, size, np.stack([score, 1 - score], axis=1))


def test_every_position_has_the_prediction_of_its_window() -> None:
    model, level = finder(), make_level(61, 74)
    window = model.image_shape[0]
    predicted = Slider(model).predict([level.contrast])[0]
    assert predicted.shape == ((61 - window) // 4 + 1, (74 - window) // 4 + 1, 4)
    for i, j in np.ndindex(predicted.shape[:2]):
        part = level.contrast[4 * i : 4 * i + window, 4 * j : 4 * j + window]
        np.testing.assert_allclose(Slider(model).predict([part])[0, 0, 0], predicted[i, j], atol=1e-5)


@pytest.mark.parametrize("shape", [(150, 210), (23, 23), (30, 200), (90, 90)])
def test_tiles_give_the_predictions_of_the_whole(shape: tuple[int, int]) -> None:
    model, level = finder(), make_level(*shape)
    found = find_candidates(Slider(model), level)
    whole = Slider(model).predict([level.contrast])[0]
    expected = np.argwhere(whole[..., -1] < 0.95)
    seen = (np.stack([found.y, found.x], axis=1) - (model.image_shape[0] - 1) / 2) / 4
    order = np.lexsort((seen[:, 1], seen[:, 0]))
    inside = order[(seen[order] < whole.shape[:2]).all(axis=1)]  # not in the margin of the last tiles
    assert np.array_equal(seen[inside], expected)
    assert len(expected) > 0
    np.testing.assert_allclose(found.probabilities[inside], whole[tuple(expected.T)], atol=1e-5)


def test_threads_change_nothing_and_blank_tiles_have_no_candidates() -> None:
    model, level = finder(), make_level(150, 210)
    with ThreadTeam(2) as team:
        found = find_candidates(Slider(model, team.run), level)
    assert np.array_equal(found.probabilities, find_candidates(Slider(model), level).probabilities)
    assert len(find_candidates(Slider(model), Level(np.zeros((200, 200), np.float32), 1.0, 0))) == 0


@pytest.mark.parametrize("shape", [(20, 20), (60, 400), (400, 60), (1000, 700), (4, 1024)])
def test_some_level_shows_a_digit_of_each_size_at_the_size_of_the_network(shape: tuple[int, int]) -> None:
    scales = [level.scale for level in build_pyramid(np.zeros(shape, np.float32), 37)]
    height, width = shape
    smallest, largest = max(max(shape) / 50, 12), max(height, min(width, 1.6 * height))
    for size in np.geomspace(smallest, max(largest, smallest), 20):
        assert any(0.82 < size * scale / BOX < 1.22 for scale in scales) or size > largest


@pytest.mark.parametrize(("size", "scale", "margin"), [(20, 1, 0), (40, 0.5, 21), (15, 1.4, 7)])
def test_window_around_a_digit_shows_it_in_the_middle_with_its_share_of_the_height(
    size: float, scale: float, margin: int
) -> None:
    y, x, height, width = 60, 110, 120, 230
    grey = np.zeros((round(height * scale) + 2 * margin, round(width * scale) + 2 * margin), np.float32)
    top, left = (round((at - size / 2) * scale) + margin for at in (y, x))
    grey[top : top + round(size * scale), left : left + round(size * scale)] = 1
    found = detections((y, x, size, 0.9))
    (window,) = cut_around(Level(grey, scale, margin), found, (40, 120))
    rows, columns = (np.flatnonzero(window.max(axis=axis) > 0.5) for axis in (1, 0))
    assert np.ptp(rows) + 1 == pytest.approx(AMONG * 40, abs=2)
    assert np.mean(rows) == pytest.approx(19.5, abs=0.6)
    assert np.mean(columns) == pytest.approx(59.5, abs=0.6)


def test_candidate_is_moved_to_the_digit_and_then_predicted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    contrast = np.zeros((120, 140), np.float32)
    contrast[56:64, 66:74] = 1

    def predict_all(slider: Slider, windows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Be the more certain of a digit, the closer the ink is to the middle of a window."""
        away = [np.hypot(*(np.argwhere(each > 0.5).mean(axis=0) - (len(each) - 1) / 2)) for each in windows]
        score = np.exp(-np.square(away))[:, np.newaxis]
        return np.concatenate([score, 0 * score, 0 * score, 1 - score], axis=1).astype(np.float32)

    monkeypatch.setattr(Slider, "predict_all", predict_all)
    seen = look_closer(Slider(finder()), Level(contrast, 1.0, 0), detections((57.5, 67.5, 20, 0.5)))
    assert seen.y == pytest.approx(59.5, abs=0.6)
    assert seen.x == pytest.approx(69.5, abs=0.6)
    assert seen.scores > 0.2


def test_both_networks_decide_whether_there_is_a_digit_and_the_first_which() -> None:
    context = make_model("5", shape=(40, 120), negative_class=True)
    level, generator = make_level(150, 210), np.random.default_rng(3)
    places = [(*generator.uniform(20, 130, 2), generator.uniform(10, 40), 0.5) for _ in range(30)]
    probabilities = generator.dirichlet(np.ones(4), 30).astype(np.float32)
    found = replace(detections(*places), probabilities=probabilities)
    with ThreadTeam(2) as team:
        slider = Slider(replace(finder(), context=context), team.run)
        seen = look_around(slider, level, found)
        other = slider.predict_context(cut_around(level, found, context.image_shape))
    classes, expected = (each[:, :3] / (1 - each[:, 3:]) for each in (seen.probabilities, probabilities))
    np.testing.assert_allclose(classes, expected, rtol=1e-4)
    np.testing.assert_allclose(seen.probabilities.sum(axis=1), 1, rtol=1e-5)
    odds, first, second = (each[:, -1] / (1 - each[:, -1]) for each in (seen.probabilities, probabilities, other))
    np.testing.assert_allclose(odds, first ** (1 - TRUST) * second**TRUST, rtol=1e-3)
    assert look_around(Slider(finder()), level, found) is found


def test_certain_networks_that_contradict_each_other_give_a_probability(monkeypatch: pytest.MonkeyPatch) -> None:
    slider = Slider(replace(finder(), context=make_model("5", shape=(40, 120), negative_class=True)))
    found = replace(detections((60, 60, 20, 0.5)), probabilities=np.array([[0, 1, 0, 0]], np.float32))
    monkeypatch.setattr(Slider, "predict_context", lambda slider, windows: np.array([[0, 0, 0, 1]], np.float32))
    with np.errstate(all="raise", under="ignore"):
        seen = look_around(slider, make_level(150, 210), found)
    assert np.isfinite(seen.probabilities).all()


def test_centre_is_the_mean_of_the_positions_around_it() -> None:
    found = detections((10, 10, 20, 0.9), (10, 14, 20, 0.9), (14, 12, 20, 0.6), (10, 40, 20, 0.5))
    centred = centre(found, np.array([0, 3]))
    np.testing.assert_allclose(centred.y, [11, 10])
    np.testing.assert_allclose(centred.x, [12, 40])
    assert np.array_equal(centred.probabilities, found.probabilities[[0, 3]])


def test_overlapping_digits_are_suppressed_by_more_probable_ones() -> None:
    found = detections((10, 10, 20, 0.8), (12, 11, 20, 0.9), (10, 30, 20, 0.7), (11, 10, 14, 0.6), (40, 10, 20, 0.6))
    assert suppress(found).tolist() == [1, 2, 4]
    assert suppress(detections()).tolist() == []
    assert len(join([found, found])) == 10


def test_detections_far_larger_or_smaller_than_the_certain_ones_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    found = detections(
        (10, 10, 20, 0.99), (10, 60, 22, 0.98), (10, 110, 60, 0.9), (10, 160, 8, 0.9), (10, 200, 30, 0.9)
    )
    monkeypatch.setattr("pipeline.pictures.search.search", lambda slider, grey: [(make_level(9, 9), found)])
    assert detect(finder(), np.zeros((9, 9), np.float32)).x.tolist() == [10, 60, 200]
