"""Models are read back from safetensors, and other files are refused."""

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.data.ink import InkStatistics
from pipeline.engine.errors import PipelineError
from pipeline.model.files import ADDED, Model, load_model, save_model
from pipeline.model.metadata import model_metadata
from pipeline.model.prediction import predict
from pipeline.model.safetensors import load_safetensors, save_safetensors
from pipeline.network.architecture import find_window
from tests.pipeline.models import make_model

SHAPE = (9, 8)
INK_STATISTICS = InkStatistics(box=4, thin=1.25, thick=3.5)


def make(layers: str = "conv3x3/2,6", ensemble_size: int = 1, **parts: Any) -> Model:
    return make_model(
        layers, ensemble_size, SHAPE, class_names=("a", "ö", "<c>"), ink_statistics=INK_STATISTICS, **parts
    )


def save(path: Path, model: Model, dtype: Any = np.float32, **changes: str | None) -> Path:
    metadata = {**model_metadata(model, 0.5, 10), **changes}
    save_safetensors(path, model, {name: text for name, text in metadata.items() if text is not None}, dtype)
    return path


@pytest.mark.parametrize("negative_class", [False, True])
@pytest.mark.parametrize("ensemble_size", [1, 2])
@pytest.mark.parametrize(
    ("layers", "loss"), [("", "cross-entropy"), ("7,5", "quadratic"), ("conv3x3/2,6", "cross-entropy")]
)
def test_round_trip_is_exact(layers: str, loss: str, ensemble_size: int, negative_class: bool, tmp_path: Path) -> None:
    model = make(layers, ensemble_size, loss=loss, negative_class=negative_class)
    loaded = load_safetensors(save(tmp_path / "m", model))
    assert [each.flat.tolist() for each in loaded.parameters] == [each.flat.tolist() for each in model.parameters]
    assert all(each.flat.dtype == np.float32 for each in loaded.parameters)
    assert replace(loaded, parameters=()) == replace(model, parameters=())


def test_exported_file_predicts_as_the_artifact(built: Path) -> None:
    images = np.load(built / "parse" / "test-images.npy")
    loaded = load_safetensors(built / "export" / "model.safetensors")
    assert np.array_equal(predict(loaded, images), predict(load_model(built / "train"), images))


def test_half_precision_halves_the_file_and_rounds_the_parameters(tmp_path: Path) -> None:
    model = make("300")
    single, half = save(tmp_path / "32", model), save(tmp_path / "16", model, np.float16)
    loaded = load_safetensors(half)
    assert all(array.dtype == np.float16 for array in load_file(half).values())
    assert loaded.parameters[0].flat.dtype == np.float32
    assert np.array_equal(loaded.parameters[0].flat, model.parameters[0].flat.astype(np.float16).astype(np.float32))
    saved = single.stat().st_size - half.stat().st_size
    assert saved == pytest.approx(2 * model.parameters[0].flat.size, abs=100)


def make_reader() -> Model:
    """A model that slides, and a second one for the context."""
    layers, context = "conv3x3/2,conv3x2/1", make("7", negative_class=True)
    parts = {"class_names": context.class_names, "ink_statistics": INK_STATISTICS, "context": context}
    return make_model(layers, 1, find_window(layers), negative_class=True, sliding=True, **parts)


def test_eight_bits_quarter_the_weights_and_round_them(tmp_path: Path) -> None:
    model = make("300")
    single, byte = save(tmp_path / "32", model), save(tmp_path / "8", model, np.int8)
    loaded, arrays = load_safetensors(byte), load_file(byte)
    for number, array in zip((0, 2), loaded.networks[0].parameters.layers, strict=False):
        exact = arrays[f"{number + 1}.weight"] * arrays[f"{number + 1}.weight_scale"][:, np.newaxis]
        assert np.array_equal(array[0], exact)
    np.testing.assert_allclose(loaded.parameters[0].flat, model.parameters[0].flat, atol=0.02)
    assert single.stat().st_size > 3 * byte.stat().st_size


@pytest.mark.parametrize("dtype", [np.float32, np.int8])
def test_second_network_of_a_reader_is_kept(dtype: Any, tmp_path: Path) -> None:
    model = make_reader()
    loaded = load_safetensors(save(tmp_path / "m", model, dtype))
    assert loaded.context and model.context
    assert loaded.context.layers == "7"
    for one, other in ((loaded, model), (loaded.context, model.context)):
        np.testing.assert_allclose(one.parameters[0].flat, other.parameters[0].flat, atol=0.02)


@pytest.mark.parametrize("missing", ["0.weight_scale", "context.1.weight", "context.1.weight_scale", "context.1.bias"])
def test_reader_without_one_of_its_arrays_is_refused(missing: str, tmp_path: Path) -> None:
    model = make_reader()
    arrays = load_file(save(tmp_path / "m", model, np.int8))
    del arrays[missing]
    save_file(arrays, tmp_path / "n", model_metadata(model))
    assert_refused(tmp_path / "n")


@pytest.mark.parametrize("text", ["", "{}", "3", '{"layers": "7"}', "[" * 99999])
def test_wrong_metadata_of_the_second_network_are_refused(text: str, tmp_path: Path) -> None:
    assert_refused(save(tmp_path / "m", make_reader(), context=text))


def test_second_network_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    model = make_reader()
    assert model.context
    alone = replace(model, context=None)
    others = [make("7"), make_model("7", 1, SHAPE, negative_class=True), make("7", 2, negative_class=True), alone]
    others.append(make_model("7", 1, (1001, 3), class_names=model.class_names, negative_class=True))
    for number, other in enumerate(others):
        assert_refused(save(tmp_path / "m", replace(model, context=other)))
        folder = tmp_path / str(number)
        folder.mkdir()
        save_model(folder, replace(model, context=other), {})
        with pytest.raises(PipelineError):
            load_model(folder)
    assert_refused(save(tmp_path / "m", replace(make("7", negative_class=True), context=model.context)))
    assert_refused(save(tmp_path / "m", model, context=None))
    save_model(tmp_path, model, {})
    assert load_model(tmp_path).context


@pytest.mark.parametrize("parts", [{"ensemble_size": 2}, {"negative_class": False}, {"shape": (9, 8)}])
def test_model_that_cannot_slide_is_refused(parts: dict[str, Any], tmp_path: Path) -> None:
    layers = "conv3x3/2,conv3x2/1"
    given: dict[str, Any] = {"shape": find_window(layers), "negative_class": True, "sliding": True, **parts}
    assert_refused(save(tmp_path / "m", make_model(layers, **given)))


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in model_metadata(make(), 0, 1) if not name.startswith(("test_", *ADDED))),
        *({"ensemble_size": text} for text in ("0", "2", "-1", "1.0", "true", "many", "9" * 20, "9" * 5000)),
        *({"layers": text} for text in ("", "7", "conv3x3/2,7", "999999999999", "import os", "9" * 5000)),
        *({"class_names": text} for text in ('["a"]', '["a", "b", 3]', "3", "[" * 99999, '["a", "b", "\\ud800"]')),
        *({"sliding": text} for text in ("1", "no", "null")),
        *({"validation_accuracy": text} for text in ("1.1", "NaN", "true")),
        *({"negative_class": text} for text in ("true", "1", "0", "no", "null")),
        *({"image_shape": text} for text in ("[9]", "[8, 8]", "[-9, -8]", "{}")),
        *({name: text} for name in ("pixel_mean", "pixel_std", "temperature") for text in ("NaN", "Infinity", "a", "")),
        *({"activation": text} for text in ("softplus", "import os")),
        {"pixel_std": "0"},
        {"temperature": "0"},
        {"loss": "none"},
        {"trained_on": "\x1b[31m"},
        {"ink_statistics": "{}"},
        {"ink_statistics": '{"box": NaN}'},
    ],
)
def test_wrong_metadata_are_refused(changes: dict[str, str | None], tmp_path: Path) -> None:
    assert_refused(save(tmp_path / "m", make(), **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"0.weight": np.zeros((4, 1, 3, 3), np.float32)},
        {"0.weight": np.zeros((3, 9), np.float32)},
        {"0.bias": np.zeros(3, np.float64)},
        {"0.bias": np.zeros(3, np.int32)},
        {"0.bias": np.full(3, np.nan, np.float32)},
        {"0.bias": np.full(3, np.inf, np.float16)},
        {"0.bias": None},
        {"0.bias": None, "other": np.zeros(3, np.float32)},
        {"other": np.zeros(3, np.float32)},
    ],
)
def test_wrong_arrays_are_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    model = make()
    arrays = {**load_file(save(tmp_path / "m", model)), **changes}
    metadata = model_metadata(model, 0.5, 10)
    save_file({name: array for name, array in arrays.items() if array is not None}, tmp_path / "n", metadata)
    assert_refused(tmp_path / "n")


@pytest.mark.parametrize("body", [b"", b"hello, this is no model", struct.pack("<Q", 2) + b"{}", b"\xff" * 100])
def test_foreign_files_are_refused(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(body)
    assert_refused(tmp_path / "m")


def test_folders_missing_files_and_files_of_others_are_refused(tmp_path: Path, built: Path) -> None:
    save_file({"x": np.zeros(3, np.float32)}, tmp_path / "other")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "other", built / "export" / "model.onnx"):
        assert_refused(path)


def assert_refused(path: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        load_safetensors(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
