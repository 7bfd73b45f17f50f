"""Exported files, loaded with ONNX Runtime and safetensors; the examples of the card load them with PyTorch."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from pipeline.model.header import format_header
from pipeline.model.model import load_model
from pipeline.model.onnx import save_onnx
from pipeline.model.prediction import predict
from pipeline.model.safetensors import save_safetensors
from tests.pipeline.models import make_model

SHAPE = (9, 11)
MODELS = [  # tests/pipeline/test_kinds.py has single networks of every kind of layer
    ("", 1, "relu", "cross-entropy"),
    ("conv2x2/1,conv3x3/2", 3, "relu", "cross-entropy"),
    ("conv3,6", 2, "sigmoid", "mean-squared-error"),
]


@pytest.mark.parametrize("negative_class", [False, True])
@pytest.mark.parametrize(("layers", "ensemble_size", "activation", "loss"), MODELS)
def test_onnx_runtime_equals_numpy_predictions(
    layers: str, ensemble_size: int, activation: str, loss: str, negative_class: bool, tmp_path: Path
) -> None:
    images = np.random.default_rng(1).integers(0, 256, (300, *SHAPE), dtype=np.uint8)
    parts = {"activation": activation, "loss": loss, "negative_class": negative_class}
    model = make_model(layers, ensemble_size, SHAPE, **parts)
    save_onnx(tmp_path / "model.onnx", model)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    probabilities, label = session.run(["probabilities", "label"], {"images": images})
    expected = predict(model, images)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    assert np.array_equal(label, expected.argmax(axis=1))
    names = [node.name for node in onnx.load(tmp_path / "model.onnx").graph.node]
    assert all(names) and len(set(names)) == len(names)


def test_safetensors_parameters_are_exact(tmp_path: Path) -> None:
    model = make_model("conv3,4", ensemble_size=2, shape=SHAPE)
    save_safetensors(tmp_path / "model.safetensors", model)
    stored = load_file(tmp_path / "model.safetensors")
    assert len(stored) == 12
    for number, network in enumerate(model.networks):
        for index, (weights, biases) in zip((0, 3, 5), network.parameters.layers, strict=True):
            assert np.array_equal(stored[f"{number}.{index}.weight"], weights)
            assert np.array_equal(stored[f"{number}.{index}.bias"], biases)


def test_onnx_file_declares_inputs_outputs_and_producer(built: Path) -> None:
    path = built / "export" / "model.onnx"
    proto = onnx.load(path)
    onnx.checker.check_model(proto, full_check=True)
    assert proto.SerializeToString(deterministic=True) == path.read_bytes(), "as ONNX would write it"

    def declared(value: onnx.ValueInfoProto) -> tuple[str, int, list[str | int]]:
        tensor = value.type.tensor_type
        return value.name, tensor.elem_type, [size.dim_param or size.dim_value for size in tensor.shape.dim]

    assert [declared(value) for value in proto.graph.input] == [("images", onnx.TensorProto.UINT8, ["N", 28, 28])]
    assert [declared(value) for value in proto.graph.output] == [
        ("probabilities", onnx.TensorProto.FLOAT, ["N", 10]),
        ("label", onnx.TensorProto.INT64, ["N"]),
    ]
    assert proto.producer_name and proto.producer_version


def test_all_formats_have_the_same_header(built: Path) -> None:
    metrics = json.loads((built / "evaluate" / "metrics.json").read_text())
    trained = load_model(built / "train").header
    expected = replace(trained, test_accuracy=metrics["accuracy"], test_images=metrics["images"])
    proto = onnx.load(built / "export" / "model.onnx")
    assert {entry.key: entry.value for entry in proto.metadata_props} == {"model": format_header(expected)}
    with safe_open(built / "export" / "model.safetensors", "np") as file:
        assert file.metadata() == {"model": format_header(expected)}
    document = json.loads((built / "train" / "model.json").read_bytes())
    assert {name: document[name] for name in document if name != "training"} == json.loads(format_header(trained))


def test_export_is_deterministic(built: Path, tmp_path: Path) -> None:
    model = load_model(built / "train")
    for save in (save_onnx, save_safetensors):
        files = [tmp_path / str(number) for number in range(5)]
        for file in files:
            save(file, model)
        assert len({file.read_bytes() for file in files}) == 1
