import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from pipeline.data.appearance import ANY, Appearance, take_appearance
from pipeline.data.scaling import Scaling, standardise
from pipeline.engine.errors import PipelineError
from pipeline.network import prediction
from pipeline.network.mlp import Layer, allocate, initialise
from pipeline.network.model import Model, load_model, name_arrays, save_model
from pipeline.network.prediction import TILE, compute_logits, predict
from tests.processes import environment


def make_model(cost: Any = "cross-entropy", seed: int = 0, members: int = 1) -> Model:
    committee = tuple(allocate((20, 300, 3)).layers for _ in range(members))
    for layers in committee:
        initialise(layers, "he", 1.0, np.random.default_rng(seed))
        seed += 1
    appearance = Appearance(box=4, thin=1.25, thick=3.5, thickest=4.1, longest=17, widest=1.1, holes=2, parts=3)
    return Model(committee, "relu", cost, Scaling(0.25, 0.5), (4, 5), ("a", "b", "ö"), "letters", 1.5, appearance)


@pytest.mark.parametrize("members", [1, 3])
def test_a_saved_model_is_loaded_bit_for_bit(members: int, tmp_path: Path) -> None:
    model = make_model(members=members)
    save_model(tmp_path, model, {"recipe": "none"})
    loaded = load_model(tmp_path)
    ours, theirs = name_arrays(model), name_arrays(loaded)
    assert list(ours) == list(theirs)
    assert len(ours) == 4 * members
    assert {path.stem for path in tmp_path.glob("*.npy")} == set(ours)
    for name, array in ours.items():
        assert np.array_equal(array, theirs[name])
    for name in (
        "activation",
        "cost",
        "scaling",
        "image_shape",
        "class_names",
        "dataset",
        "temperature",
        "appearance",
        "sizes",
    ):
        assert getattr(loaded, name) == getattr(model, name)


@pytest.mark.parametrize(
    "change",
    [
        {"members": 0},
        {"members": "some"},
        {"members": "1"},
        {"members": 1.5},
        {"members": True},
        {"sizes": [20, 3]},
        {"sizes": [20, 300, 4]},
        {"sizes": [20, -1, 3]},
        {"sizes": [20]},
        {"sizes": None},
        {"sizes": "many"},
        {"sizes": ["20", 300, 3]},
        {"sizes": [20, 300.0, 3]},
        {"activation": "import os"},
        {"cost": 1},
        {"scaling": {"mean": 0}},
        {"scaling": {"mean": 0, "deviation": 0}},
        {"scaling": {"mean": "nan", "deviation": 1}},
        {"scaling": {"mean": "0.5", "deviation": 1}},
        {"scaling": {"mean": False, "deviation": True}},
        {"image_shape": [4]},
        {"image_shape": [5, 5]},
        {"image_shape": [-4, -5]},
        {"image_shape": "45"},
        {"image_shape": [4, 5.5]},
        {"class_names": ["a", "b"]},
        {"class_names": 3},
        {"class_names": "abc"},
        {"class_names": ["a", "b", 3]},
        {"dataset": None},
        {"temperature": "1.5"},
        {"temperature": True},
        {"temperature": 0},
        {"temperature": 1e999},
        {"appearance": None},
        {"appearance": [1]},
        {"appearance": {}},
        {"appearance": {"box": 4, "colour": 1}},
        {"appearance": {"box": -1}},
        {"appearance": {"holes": ANY + 1}},
        {"appearance": {"box": "large"}},
        {"appearance": {"box": [4]}},
        {"appearance": {"thin": -1}},
        {"appearance": {"thin": 3, "thick": 2}},
        {"appearance": {"thin": 20}},
        {"appearance": {"longest": 1e999}},
        {"appearance": {"longest": float("nan")}},
    ],
)
def test_a_description_that_fits_no_model_is_named(change: dict[str, Any], tmp_path: Path) -> None:
    save_model(tmp_path, make_model(), {})
    path = tmp_path / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(PipelineError, match="remove it and run its stage again"):
        load_model(tmp_path)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5, 5)])
def test_pictures_of_nothing_but_ink_make_a_model(shape: tuple[int, int], tmp_path: Path) -> None:
    layers, appearance = allocate((shape[0] * shape[1], 3)).layers, take_appearance(np.ones((3, *shape), np.float32))
    model = replace(make_model(), members=(layers,), image_shape=shape, appearance=appearance)
    save_model(tmp_path, model, {})
    assert load_model(tmp_path).appearance == model.appearance


@pytest.mark.parametrize("body", ["", "[", "3", "null", "[]", "{}"])
def test_a_damaged_description_is_named(body: str, tmp_path: Path) -> None:
    save_model(tmp_path, make_model(), {})
    (tmp_path / "model.json").write_text(body)
    with pytest.raises(PipelineError, match=r"model\.json"):
        load_model(tmp_path)


def test_weights_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    model = make_model()
    model.members[0][0].weights[3, 4] = np.nan
    save_model(tmp_path, model, {})
    with pytest.raises(PipelineError, match=r"layer-1-weights\.npy holds numbers that are none"):
        load_model(tmp_path)


@pytest.mark.parametrize("block", [1, 7, TILE - 1, TILE, TILE + 1, 1000])
def test_however_the_images_are_cut_no_bit_changes(block: int) -> None:
    images = np.random.default_rng(1).normal(size=(2 * TILE + 9, 4, 5)).astype(np.float32)
    model = make_model(members=2)
    with threadpool_limits(1, "blas"):
        whole = predict(model, images)
        parts = [predict(model, images[start : start + block], start) for start in range(0, len(images), block)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_the_answer_is_that_of_the_plain_formula() -> None:
    model, images = make_model(), np.random.default_rng(1).normal(size=(200, 4, 5)).astype(np.float32)
    ((first, second),) = model.members
    hidden = np.maximum(images.reshape(200, 20) @ first.weights + first.biases, 0)
    powers = np.exp((hidden @ second.weights + second.biases) / model.temperature)
    np.testing.assert_allclose(predict(model, images), powers / powers.sum(axis=1, keepdims=True), rtol=1e-4)


def test_a_committee_says_what_one_network_would_that_has_its_members_side_by_side() -> None:
    committee, images = make_model(members=2), np.random.default_rng(1).normal(size=(9, 4, 5)).astype(np.float32)
    (a, a2), (b, b2) = committee.members
    side_by_side = Layer(np.hstack([a.weights, b.weights]), np.hstack([a.biases, b.biases]))
    on_top = Layer(np.vstack([a2.weights, b2.weights]) / 2, (a2.biases + b2.biases) / 2)
    wide = replace(committee, members=((side_by_side, on_top),))
    np.testing.assert_allclose(predict(committee, images), predict(wide, images), rtol=1e-4)
    assert not np.allclose(predict(committee, images), predict(make_model(), images), rtol=0.1)


def test_raw_images_are_standardised_first() -> None:
    model, images = make_model(), np.random.default_rng(1).integers(0, 256, (10, 4, 5), dtype=np.uint8)
    assert np.array_equal(predict(model, images), predict(model, standardise(images, model.scaling)))


def test_no_images_give_no_answers() -> None:
    assert predict(make_model(), np.zeros((0, 4, 5), np.float32)).shape == (0, 3)


def test_where_a_tile_has_no_images_it_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a tile that was full: what its rows held may not decide how long a product takes, or that it warns."""
    tiles = []

    def note(model: Model, rows: np.ndarray, workspace: Any) -> np.ndarray:
        tiles.append(rows.copy())
        return compute_logits(model, rows, workspace)

    monkeypatch.setattr(prediction, "compute_logits", note)
    predict(make_model(), np.full((TILE + 3, 4, 5), np.inf, np.float32), first=7)
    assert [np.flatnonzero(tile.any(axis=1)).tolist() for tile in tiles] == [list(range(7, TILE)), list(range(10))]


def test_its_import_changes_nothing_for_whoever_imports_it() -> None:
    code = "import sys; sys.dont_write_bytecode = 0; import pipeline.network.model; sys.exit(sys.dont_write_bytecode)"
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0
