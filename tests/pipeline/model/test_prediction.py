from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from pipeline.data.scaling import standardise
from pipeline.model import prediction
from pipeline.model.model import Model
from pipeline.model.prediction import TILE, predict, predict_logits, predict_with_negative
from tests.pipeline.models import make_model

SHAPE = (4, 5)
ARCHITECTURES = pytest.mark.parametrize("layers", ["300", "conv6x3/1,conv4x2/2,30"])


def make(layers: str = "300", ensemble_size: int = 1, **parts: Any) -> Model:
    return make_model(layers, ensemble_size, SHAPE, **parts)


def draw(count: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, *SHAPE)).astype(np.float32)


def draw_raw(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, *SHAPE), dtype=np.uint8)


@ARCHITECTURES
@pytest.mark.parametrize("block", [1, 7, TILE - 1, TILE, TILE + 1, 1000])
def test_bits_do_not_depend_on_block_size(block: int, layers: str) -> None:
    model, images = make(layers, ensemble_size=2), draw_raw(2 * TILE + 9)
    with threadpool_limits(1, "blas"):
        whole = predict(model, images)
        parts = [predict(model, images[start : start + block], start) for start in range(0, len(images), block)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


@ARCHITECTURES
@pytest.mark.parametrize("size", [1, 5, 48])
def test_smaller_tiles_give_nearly_equal_predictions(size: int, layers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, images = make(layers, ensemble_size=2), draw_raw(50)
    expected = predict(model, images)
    monkeypatch.setattr(prediction, "micro_batch_size", lambda layers: size)
    np.testing.assert_allclose(predict(model, images), expected, rtol=1e-4, atol=1e-6)
    with threadpool_limits(1, "blas"):
        parts = [predict(model, images[start : start + 7], start) for start in range(0, 50, 7)]
        assert np.concatenate(parts).tobytes() == predict(model, images).tobytes()


@ARCHITECTURES
def test_softmax_of_logits_gives_probabilities(layers: str) -> None:
    model, images = make(layers, ensemble_size=2), draw_raw(TILE + 3)
    logits = predict_logits(model, standardise(images, model.scaling))
    assert (logits.shape, logits.dtype) == ((TILE + 3, 3), np.dtype(np.float32))
    exp_logits = np.exp(logits / model.temperature)
    np.testing.assert_allclose(predict(model, images), exp_logits / exp_logits.sum(axis=1, keepdims=True), rtol=1e-4)


@ARCHITECTURES
def test_negative_class_changes_no_probability_among_the_classes(layers: str) -> None:
    model, images = make(layers, ensemble_size=2, negative_class=True), draw_raw(TILE + 3)
    among, among_all = predict(model, images), predict_with_negative(model, images)
    assert (among.shape, among_all.shape) == ((TILE + 3, 3), (TILE + 3, 4))
    np.testing.assert_allclose(among_all.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(among_all[:, :3], among * (1 - among_all[:, 3:]), rtol=1e-3, atol=1e-6)
    assert predict_logits(model, draw(9)).shape == (9, 3)


def test_model_without_negative_class_rejects_nothing() -> None:
    model, images = make(), draw_raw(9)
    expected = np.pad(predict(model, images), ((0, 0), (0, 1)))
    assert np.array_equal(predict_with_negative(model, images), expected)


def test_ensemble_averages_logits_of_its_networks() -> None:
    ensemble, images = make("conv6x3/1,conv4x2/2,30", ensemble_size=3), draw(9)
    single = [predict_logits(replace(ensemble, parameters=(each,)), images) for each in ensemble.parameters]
    np.testing.assert_allclose(predict_logits(ensemble, images), np.mean(single, axis=0), rtol=1e-4, atol=1e-5)


@ARCHITECTURES
def test_nan_affects_only_the_predictions_of_its_image(layers: str) -> None:
    model, images = make(layers), draw(9)
    expected = predict_logits(model, images)
    images[4, 1, 2] = np.nan
    found = predict_logits(model, images)
    assert np.isnan(found[4]).all()
    assert np.array_equal(np.delete(found, 4, axis=0), np.delete(expected, 4, axis=0))
