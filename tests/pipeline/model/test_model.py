"""A model in a folder."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.data.ink import measure_ink
from pipeline.model.model import Detector, Model, load_model, save_model
from tests.pipeline.model.test_header import make, make_reader
from tests.pipeline.models import make_model


def assert_equal(one: Model, other: Model) -> None:
    """Assert that headers and arrays are equal, also those of second networks."""
    assert type(one) is type(other)
    assert one.header == other.header
    for found, expected in zip(one.parameters, other.parameters, strict=True):
        assert found.dtype == np.float32
        assert np.array_equal(found, expected)
    if isinstance(one, Detector) and isinstance(other, Detector):
        assert_equal(one.row, other.row)


@pytest.mark.parametrize(
    "model", [make(""), make("300", 3), make("conv6x3/1,conv4x2/1,9", negative_class=True), make_reader()]
)
def test_save_load_round_trip_is_exact(model: Model, tmp_path: Path) -> None:
    save_model(tmp_path, model, {"recipe": "none"})
    assert_equal(load_model(tmp_path), model)
    content = json.loads((tmp_path / "model.json").read_text())
    assert content["training"] == {"recipe": "none"}


def test_arrays_have_documented_names_and_shapes(tmp_path: Path) -> None:
    save_model(tmp_path, make("conv6x3/1,9"), {})
    assert {path.stem: np.load(path).shape for path in tmp_path.glob("*.npy")} == {
        "layer-1-weights": (6, 1, 3, 3),
        "layer-1-biases": (6,),
        "layer-2-weights": (9, 36),
        "layer-2-biases": (9,),
        "layer-3-weights": (3, 9),
        "layer-3-biases": (3,),
    }
    (tmp_path / "two").mkdir()
    save_model(tmp_path / "two", make("", 2), {})
    assert {path.stem for path in (tmp_path / "two").glob("*.npy")} == {
        f"network-{network}-layer-1-{kind}" for network in (1, 2) for kind in ("weights", "biases")
    }


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5, 5)])
def test_model_of_images_full_of_ink_can_be_loaded(shape: tuple[int, int], tmp_path: Path) -> None:
    model = make_model("conv2x1/1,3", shape=shape, ink_statistics=measure_ink(np.full((3, *shape), 255, np.uint8)))
    save_model(tmp_path, model, {})
    assert load_model(tmp_path).ink_statistics == model.ink_statistics
