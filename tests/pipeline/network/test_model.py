import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from pipeline.data.scaling import Scaling, standardise
from pipeline.engine.errors import PipelineError
from pipeline.network.mlp import allocate, initialise
from pipeline.network.model import TILE, Model, load_model, predict, predict_raw, save_model


def make_model(cost: Any = "cross-entropy", seed: int = 0) -> Model:
    layers = allocate((20, 300, 3)).layers
    initialise(layers, "he", 1.0, np.random.default_rng(seed))
    return Model(layers, "relu", cost, Scaling(0.25, 0.5), (4, 5), ("a", "b", "ö"), "letters", 1.5)


def test_a_saved_model_is_loaded_bit_for_bit(tmp_path: Path) -> None:
    model = make_model()
    save_model(tmp_path, model, {"recipe": "none"})
    loaded = load_model(tmp_path)
    for ours, theirs in zip(model.layers, loaded.layers, strict=True):
        assert np.array_equal(ours.weights, theirs.weights)
        assert np.array_equal(ours.biases, theirs.biases)
    for name in ("activation", "cost", "scaling", "image_shape", "class_names", "dataset", "temperature", "sizes"):
        assert getattr(loaded, name) == getattr(model, name)


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": [20, 3]},
        {"sizes": [20, 300, 4]},
        {"sizes": [20, -1, 3]},
        {"sizes": [20]},
        {"sizes": None},
        {"sizes": "many"},
        {"activation": "import os"},
        {"cost": 1},
        {"scaling": {"mean": 0}},
        {"scaling": {"mean": 0, "deviation": 0}},
        {"scaling": {"mean": "nan", "deviation": 1}},
        {"image_shape": [4]},
        {"image_shape": [5, 5]},
        {"class_names": ["a", "b"]},
        {"class_names": 3},
        {"temperature": 0},
        {"temperature": 1e999},
    ],
)
def test_a_description_that_fits_no_model_is_named(change: dict[str, Any], tmp_path: Path) -> None:
    save_model(tmp_path, make_model(), {})
    path = tmp_path / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(PipelineError, match="remove it and run its stage again"):
        load_model(tmp_path)


@pytest.mark.parametrize("body", ["", "[", "3", "null", "[]", "{}"])
def test_a_damaged_description_is_named(body: str, tmp_path: Path) -> None:
    save_model(tmp_path, make_model(), {})
    (tmp_path / "model.json").write_text(body)
    with pytest.raises(PipelineError, match=r"model\.json"):
        load_model(tmp_path)


def test_weights_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    model = make_model()
    model.layers[0].weights[3, 4] = np.nan
    save_model(tmp_path, model, {})
    with pytest.raises(PipelineError, match=r"layer-1-weights\.npy holds numbers that are none"):
        load_model(tmp_path)


@pytest.mark.parametrize("block", [1, 7, TILE - 1, TILE, TILE + 1, 1000])
def test_however_the_images_are_cut_no_bit_changes(block: int) -> None:
    model, images = make_model(), np.random.default_rng(1).normal(size=(2 * TILE + 9, 4, 5)).astype(np.float32)
    with threadpool_limits(1, "blas"):
        whole = predict(model, images)
        parts = [predict(model, images[start : start + block], start) for start in range(0, len(images), block)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_the_answer_is_that_of_the_plain_formula() -> None:
    model, images = make_model(), np.random.default_rng(1).normal(size=(200, 4, 5)).astype(np.float32)
    first, second = model.layers
    hidden = np.maximum(images.reshape(200, 20) @ first.weights + first.biases, 0)
    powers = np.exp((hidden @ second.weights + second.biases) / model.temperature)
    np.testing.assert_allclose(predict(model, images), powers / powers.sum(axis=1, keepdims=True), rtol=1e-4)


def test_raw_images_are_standardised_first() -> None:
    model, images = make_model(), np.random.default_rng(1).integers(0, 256, (10, 4, 5), dtype=np.uint8)
    assert np.array_equal(predict_raw(model, images), predict(model, standardise(images, model.scaling)))


def test_no_images_give_no_answers() -> None:
    assert predict(make_model(), np.zeros((0, 4, 5), np.float32)).shape == (0, 3)
