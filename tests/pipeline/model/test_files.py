import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data.ink import UNLIMITED, InkStatistics, measure_ink
from pipeline.engine.errors import PipelineError
from pipeline.model.files import Model, load_model, named_arrays, save_model
from tests.pipeline.models import make_model

INK_STATISTICS = InkStatistics(box=4, thin=1.25, thick=3.5, thickest=4.1)


BAD_LAYERS: tuple[Any, ...] = (
    *("many", "", "299", "300,3", "0", "-300", "3e2", "30 0", "9" * 5000, "300,conv2", "conv9x6", "conv2"),
    *("conv2x3/1,300", None, 300, 300.0, True, ["300"], {}),
)


def make(layers: str = "300", ensemble_size: int = 1) -> Model:
    return make_model(layers, ensemble_size, (4, 5), class_names=("a", "b", "ö"), ink_statistics=INK_STATISTICS)


@pytest.mark.parametrize("ensemble_size", [1, 3])
@pytest.mark.parametrize("layers", ["", "300", "conv6x3/1,conv4x2/1,9"])
def test_save_load_round_trip_is_exact(layers: str, ensemble_size: int, tmp_path: Path) -> None:
    model = make(layers, ensemble_size)
    save_model(tmp_path, model, {"recipe": "none"})
    loaded = load_model(tmp_path)
    saved_arrays, loaded_arrays = named_arrays(model), named_arrays(loaded)
    assert list(saved_arrays) == list(loaded_arrays)
    assert len(saved_arrays) == 2 * len(model.networks[0].layers) * ensemble_size
    assert {path.stem for path in tmp_path.glob("*.npy")} == set(saved_arrays)
    for name, array in saved_arrays.items():
        assert loaded_arrays[name].dtype == np.float32
        assert np.array_equal(array, loaded_arrays[name])
    for name in (
        "layers",
        "architecture",
        "activation",
        "loss",
        "scaling",
        "image_shape",
        "class_names",
        "dataset",
        "temperature",
        "ink_statistics",
    ):
        assert getattr(loaded, name) == getattr(model, name)


def test_arrays_have_documented_names_and_shapes() -> None:
    shapes = {name: array.shape for name, array in named_arrays(make("conv6x3/1,9")).items()}
    assert shapes == {
        "layer-1-weights": (6, 1, 3, 3),
        "layer-1-biases": (6,),
        "layer-2-weights": (9, 36),
        "layer-2-biases": (9,),
        "layer-3-weights": (3, 9),
        "layer-3-biases": (3,),
    }
    assert list(named_arrays(make("", 2))) == [
        f"network-{network}-layer-1-{kind}" for network in (1, 2) for kind in ("weights", "biases")
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"ensemble_size": 0},
        {"ensemble_size": "some"},
        {"ensemble_size": "1"},
        {"ensemble_size": 1.5},
        {"ensemble_size": True},
        {"ensemble_size": 2},
        *({"layers": layers} for layers in BAD_LAYERS),
        {"activation": "import os"},
        {"loss": 1},
        {"scaling": {"mean": 0}},
        {"scaling": {"mean": 0, "std": 0}},
        {"scaling": {"mean": "nan", "std": 1}},
        {"scaling": {"mean": "0.5", "std": 1}},
        {"scaling": {"mean": False, "std": True}},
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
        {"ink_statistics": None},
        {"ink_statistics": [1]},
        {"ink_statistics": {}},
        {"ink_statistics": {"box": 4, "colour": 1}},
        {"ink_statistics": {"box": -1}},
        {"ink_statistics": {"thick": UNLIMITED + 1}},
        {"ink_statistics": {"box": "large"}},
        {"ink_statistics": {"box": [4]}},
        {"ink_statistics": {"thin": -1}},
        {"ink_statistics": {"thin": 3, "thick": 2}},
        {"ink_statistics": {"thin": 20}},
        {"ink_statistics": {"thickest": 1e999}},
        {"ink_statistics": {"longest": float("nan")}},
    ],
)
def test_invalid_value_in_model_json_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    save_model(tmp_path, make(), {})
    path = tmp_path / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(PipelineError, match="run its stage again") as caught:
        load_model(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5, 5)])
def test_model_of_images_full_of_ink_can_be_loaded(shape: tuple[int, int], tmp_path: Path) -> None:
    model = make_model("conv2x1/1,3", shape=shape, ink_statistics=measure_ink(np.full((3, *shape), 255, np.uint8)))
    save_model(tmp_path, model, {})
    assert load_model(tmp_path).ink_statistics == model.ink_statistics


@pytest.mark.parametrize("body", ["", "[", "3", "null", "[]", "{}"])
def test_error_names_damaged_model_json(body: str, tmp_path: Path) -> None:
    save_model(tmp_path, make(), {})
    (tmp_path / "model.json").write_text(body)
    with pytest.raises(PipelineError, match=r"model\.json"):
        load_model(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_error_names_array_with_nan_or_infinity(value: float, tmp_path: Path) -> None:
    model = make("conv6x3/1,9")
    model.parameters[0].layers[0][0][3, 0, 1, 2] = value
    save_model(tmp_path, model, {})
    with pytest.raises(PipelineError, match=r"layer-1-weights\.npy contains NaN or infinite values"):
        load_model(tmp_path)


def test_error_names_array_of_wrong_shape(tmp_path: Path) -> None:
    save_model(tmp_path, make("conv6x3/1,9"), {})
    (tmp_path / "layer-2-weights.npy").replace(tmp_path / "layer-1-weights.npy")
    with pytest.raises(PipelineError, match=r"layer-1-weights\.npy"):
        load_model(tmp_path)
