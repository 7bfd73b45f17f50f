"""Models are read back from safetensors, and other files are refused."""

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.engine.errors import PipelineError
from pipeline.model.header import HEADER_KEY, format_header
from pipeline.model.model import Model
from pipeline.model.safetensors import load_safetensors, save_safetensors
from tests.pipeline.model.test_header import make, make_reader
from tests.pipeline.model.test_model import assert_equal
from tests.pipeline.models import make_model

MODELS = [
    *(make("", size, negative_class=size == 2) for size in (1, 2)),
    make("7,5", loss="mean-squared-error", test_accuracy=0.5, test_images=10),
    make("conv3x3/2,6", 2, negative_class=True),
    make_reader(),
]


def save(path: Path, model: Model, dtype: Any = np.float32) -> Path:
    save_safetensors(path, model, dtype)
    return path


@pytest.mark.parametrize("model", MODELS)
def test_round_trip_is_exact(model: Model, tmp_path: Path) -> None:
    assert_equal(load_safetensors(save(tmp_path / "m", model)), model)


def test_half_precision_halves_the_file_and_rounds_the_parameters(tmp_path: Path) -> None:
    model = make("300")
    single, half = save(tmp_path / "32", model), save(tmp_path / "16", model, np.float16)
    loaded = load_safetensors(half)
    assert all(array.dtype == np.float16 for array in load_file(half).values())
    assert loaded.parameters[0].dtype == np.float32
    assert np.array_equal(loaded.parameters[0], model.parameters[0].astype(np.float16).astype(np.float32))
    saved = single.stat().st_size - half.stat().st_size
    assert saved == pytest.approx(2 * model.parameters[0].size, abs=100)


def test_eight_bits_quarter_the_weights_and_round_them(tmp_path: Path) -> None:
    model = make_model("300", shape=(9, 8))
    single, byte = save(tmp_path / "32", model), save(tmp_path / "8", model, np.int8)
    loaded, arrays = load_safetensors(byte), load_file(byte)
    for number, array in zip((0, 2), loaded.networks[0].parameters.layers, strict=False):
        exact = arrays[f"{number + 1}.weight"] * arrays[f"{number + 1}.weight_scale"][:, np.newaxis]
        assert np.array_equal(array[0], exact)
    np.testing.assert_allclose(loaded.parameters[0], model.parameters[0], atol=0.02)
    assert single.stat().st_size > 3 * byte.stat().st_size


@pytest.mark.parametrize("missing", ["0.weight_scale", "row.0.weight", "row.0.weight_scale", "row.0.bias"])
def test_reader_without_one_of_its_arrays_is_refused(missing: str, tmp_path: Path) -> None:
    model = make_reader()
    arrays = load_file(save(tmp_path / "m", model, np.int8))
    del arrays[missing]
    save_file(arrays, tmp_path / "n", {HEADER_KEY: format_header(model.header)})
    assert_refused(tmp_path / "n")


def test_second_model_that_is_not_for_rows_is_refused(tmp_path: Path) -> None:
    detector, images = make_reader(), make("7")
    header = replace(detector.header, row=images.header)
    arrays = load_file(save(tmp_path / "m", detector))
    arrays = {name: array for name, array in arrays.items() if not name.startswith("row.")}
    arrays |= {f"row.{name}": array for name, array in load_file(save(tmp_path / "images", images)).items()}
    save_file(arrays, tmp_path / "n", {HEADER_KEY: format_header(header)})
    assert_refused(tmp_path / "n")


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
    model = make("conv3x3/1,6")
    arrays = {**load_file(save(tmp_path / "m", model)), **changes}
    metadata = {HEADER_KEY: format_header(model.header)}
    save_file({name: array for name, array in arrays.items() if array is not None}, tmp_path / "n", metadata)
    assert_refused(tmp_path / "n")


@pytest.mark.parametrize("body", [b"", b"hello, this is no model", struct.pack("<Q", 2) + b"{}", b"\xff" * 100])
def test_foreign_and_missing_files_and_folders_are_refused(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(body)
    save_file({"x": np.zeros(3, np.float32)}, tmp_path / "other")
    for path in (tmp_path / "m", tmp_path, tmp_path / "missing", tmp_path / "other"):
        assert_refused(path)


def assert_refused(path: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        load_safetensors(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
