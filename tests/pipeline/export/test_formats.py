"""What was exported, read back by the libraries that people will read it with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from safetensors import safe_open

from pipeline.data.scaling import Scaling
from pipeline.export.onnx import save_onnx
from pipeline.export.safetensors import save_safetensors
from pipeline.network.mlp import allocate, initialise
from pipeline.network.model import Model, load_model
from pipeline.network.prediction import predict


def answers(path: Path, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    probabilities, label = session.run(["probabilities", "label"], {"images": images})
    return probabilities, label


def test_onnx_runtime_gives_our_answers_to_raw_images(built: Path) -> None:
    images = np.load(built / "parse" / "test-images.npy")
    expected = np.load(built / "evaluate" / "probabilities.npy")
    for batch in (1, 500):
        for start in range(0, 500, batch):
            probabilities, label = answers(built / "export" / "model.onnx", images[start : start + batch])
            wanted = expected[start : start + batch]
            np.testing.assert_allclose(probabilities, wanted, atol=1e-5)
            assert np.array_equal(label, wanted.argmax(axis=1))


@pytest.mark.parametrize("cost", ["quadratic", "cross-entropy"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize(("members", "hidden"), [(1, ()), (1, (6,)), (1, (6, 5)), (3, (6, 5))])
def test_every_kind_of_model_is_exported_truly(
    activation: Any, cost: Any, members: int, hidden: tuple[int, ...], tmp_path: Path
) -> None:
    generator = np.random.default_rng(0)
    committee = tuple(allocate((12, *hidden, 3)).layers for _ in range(members))
    for layers in committee:
        initialise(layers, "normal", 1.0, generator)
    model = Model(committee, activation, cost, Scaling(0.1, 0.3), (3, 4), ("a", "b", "c"), "letters", 0.7)
    save_onnx(tmp_path / "model.onnx", model, {})
    images = generator.integers(0, 256, (50, 3, 4), dtype=np.uint8)
    probabilities, label = answers(tmp_path / "model.onnx", images)
    np.testing.assert_allclose(probabilities, predict(model, images), atol=1e-5)
    assert np.array_equal(label, probabilities.argmax(axis=1))


def test_the_onnx_file_passes_the_checker_and_declares_what_it_takes_and_gives(built: Path) -> None:
    proto = onnx.load(built / "export" / "model.onnx")
    onnx.checker.check_model(proto, full_check=True)

    def declared(value: onnx.ValueInfoProto) -> tuple[str, int, list[str | int]]:
        tensor = value.type.tensor_type
        return value.name, tensor.elem_type, [size.dim_param or size.dim_value for size in tensor.shape.dim]

    assert [declared(value) for value in proto.graph.input] == [("images", onnx.TensorProto.UINT8, ["N", 28, 28])]
    assert [declared(value) for value in proto.graph.output] == [
        ("probabilities", onnx.TensorProto.FLOAT, ["N", 10]),
        ("label", onnx.TensorProto.INT64, ["N"]),
    ]


def test_both_files_say_what_their_classes_are_and_how_good_they_are(built: Path) -> None:
    metrics = json.loads((built / "evaluate" / "metrics.json").read_text())
    proto = onnx.load(built / "export" / "model.onnx")
    of_onnx = {entry.key: entry.value for entry in proto.metadata_props}
    with safe_open(built / "export" / "model.safetensors", "np") as file:
        of_safetensors = file.metadata()
    assert of_onnx == of_safetensors
    assert json.loads(of_onnx["class_names"]) == list("0123456789")
    assert float(of_onnx["test_accuracy"]) == metrics["accuracy"]
    assert of_onnx["trained_on"] == "sample"


def test_the_safetensors_file_has_the_layers_bit_for_bit(built: Path) -> None:
    (layers,) = load_model(built / "train").members
    with safe_open(built / "export" / "model.safetensors", "np") as file:
        assert len(list(file.keys())) == 2 * len(layers)
        for number, layer in enumerate(layers, start=1):
            assert file.get_tensor(f"layer-{number}-weights").tobytes() == layer.weights.tobytes()
            assert file.get_tensor(f"layer-{number}-biases").tobytes() == layer.biases.tobytes()


def test_equal_models_give_equal_files(built: Path, tmp_path: Path) -> None:
    model, metadata = load_model(built / "train"), dict.fromkeys("badcfehgji", "é")
    for save in (save_onnx, save_safetensors):
        files = [tmp_path / str(number) for number in range(5)]
        for file in files:
            save(file, model, metadata)
        assert len({file.read_bytes() for file in files}) == 1
