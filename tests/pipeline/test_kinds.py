"""Every kind of layer, every activation and every loss works in every format. A failure names both."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from pipeline.data.scaling import standardise
from pipeline.engine.float_arrays import Array
from pipeline.html.lesson.packing import pack
from pipeline.html.lesson.page import model_values
from pipeline.html.report.report_page import time_layers
from pipeline.html.wording import LAYER_WORDS, describe_layer, describe_layers
from pipeline.model.excitation import receptive_fields
from pipeline.model.model import Model
from pipeline.model.onnx import OPSET, Graph, add_layer, save_onnx
from pipeline.model.prediction import predict, predict_logits
from pipeline.model.safetensors import RESIDUAL, list_torch_modules, load_safetensors, save_safetensors, to_modules
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.layer import Buffers, Layer
from pipeline.network.layers import LAYER_KINDS, MaxPooling
from pipeline.network.losses import LOSSES
from pipeline.network.network import Network, forward, view_parameters
from pipeline.network.notation import NOTATIONS, format_layers, parse_layers
from tests.pipeline.javascript import evaluate
from tests.pipeline.models import make_model
from tests.pipeline.network.kinds import layers_of, look_up

SHAPE = (7, 9)
IMAGES = np.random.default_rng(1).integers(0, 256, (20, *SHAPE), dtype=np.uint8)

Format = Callable[[Model, Path], None]


def check_onnx(model: Model, folder: Path) -> None:
    save_onnx(folder / "model.onnx", model)
    onnx.checker.check_model(onnx.load(folder / "model.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(["probabilities"], {"images": IMAGES})
    np.testing.assert_allclose(probabilities, predict(model, IMAGES), atol=1e-5)


def check_pytorch(model: Model, folder: Path) -> None:
    torch = pytest.importorskip("torch")
    scope: dict[str, Any] = {"nn": torch.nn}
    exec(RESIDUAL, scope)
    network = torch.nn.Sequential(*(eval(module, scope) for module in list_torch_modules(model)))
    save_safetensors(folder / "model.safetensors", model)
    from safetensors.torch import load_file

    network.load_state_dict(load_file(folder / "model.safetensors"))
    pixels = standardise(IMAGES, model.scaling)
    with torch.inference_mode():
        logits = network(torch.from_numpy(pixels)[:, None])
        np.testing.assert_allclose(logits.numpy(), predict_logits(model, pixels), rtol=1e-4, atol=1e-4)
        scores = eval(LOSSES[model.loss].torch or "logits", {"nn": torch.nn, "logits": logits})
        probabilities = torch.softmax(scores / model.temperature, dim=1).numpy()
    np.testing.assert_allclose(probabilities, predict(model, IMAGES), atol=1e-5)


def check_safetensors(model: Model, folder: Path) -> None:
    save_safetensors(folder / "model.safetensors", model)
    assert np.array_equal(predict(load_safetensors(folder / "model.safetensors"), IMAGES), predict(model, IMAGES))


def check_javascript(model: Model, folder: Path) -> None:
    run = run_javascript(
        model,
        """
        const { layers } = model;
        const values = forward(layers, inkOf(image));
        const one = values.at(-1).map((_, k) => (k === 0 ? 1 : k === 1 ? -1 : 0));
        const shares = layers.map((_, from) => [...sharesOf(layers, values, from, layers.length, 0)]);
        const [gradient] = backpropagate(layers, values, one);
        const { probabilities } = predict(model, image);
        result = { probabilities, values: values.map((each) => [...each]), gradient: [...gradient], shares };
        """,
    )
    images = np.moveaxis(standardise(IMAGES[:1], model.scaling), 0, -1)
    np.testing.assert_allclose(run["probabilities"], predict(model, IMAGES[:1])[0], atol=2e-3)
    divisor = model.temperature if LOSSES[model.loss].has_linear_logits else 1.0
    _, *outputs = run["values"]
    *hidden, last = forward(model.networks[0], images).outputs
    for found, expected in zip(outputs, [*hidden, last / divisor], strict=True):  # calibrated logits
        np.testing.assert_allclose(found, expected.reshape(-1), atol=2e-3)  # 16 bits per weight
    gradient = np.reshape(run["gradient"], SHAPE)
    expected = input_gradient(model.networks[0], images) / divisor
    np.testing.assert_allclose(gradient * model.scaling.std, expected, atol=2e-3)
    counts = [layer.input_shape[0] for layer in model.networks[0].layers]
    assert [len(shares) for shares in run["shares"]] == counts


def input_gradient(network: Network, images: Array) -> Array:
    """Return the gradient of logit 0 minus logit 1 with respect to one image, (height, width)."""
    cache = forward(network, images)
    dy: Array | None = np.eye(len(cache.logits))[:, [0]] - np.eye(len(cache.logits))[:, [1]]
    gradient = view_parameters(network.layers, np.empty_like(network.parameters.flat))
    for i, layer in reversed(list(enumerate(network.layers))):
        assert dy is not None
        w, dw = network.parameters.layers[i], gradient.layers[i]
        dy = layer.backward(w, dw, cache.saved[i], dy, Buffers(dy.dtype), first=False)
    assert dy is not None
    return dy[0, :, :, 0]


def check_report(model: Model, folder: Path) -> None:
    network = model.networks[0]
    seconds = time_layers(network, standardise(IMAGES, model.scaling))
    assert len(seconds) == len(receptive_fields(network.layers)) == len(network.layers)
    assert all(describe_layer(layer) for layer in network.layers)
    assert describe_layers(network.layers).endswith("units)")  # in the model card


FORMATS: dict[str, Format] = {
    "ONNX": check_onnx,
    "PyTorch": check_pytorch,
    "safetensors": check_safetensors,
    "JavaScript": check_javascript,
    "report and model card": check_report,
}
NAMES = [pytest.param(name, marks=pytest.mark.slow) if name == "PyTorch" else name for name in FORMATS]


def run_javascript(model: Model, script: str) -> Any:
    """Run a script with `model`, unpacked, and `image`, the first one; return its `result`."""
    call = f"(packed, image) => {{ const model = unpackModel(packed); let result; {script}; return result; }}"
    return evaluate(call, model_values(model, pack(model)), IMAGES[0].reshape(-1).tolist())


@pytest.mark.parametrize("kind", LAYER_KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_every_format_has_every_kind_of_layer(name: str, kind: str, tmp_path: Path) -> None:
    for layers in layers_of(kind):
        model = make_model(layers, shape=SHAPE)
        assert kind in [layer.kind for layer in model.networks[0].layers]
        FORMATS[name](model, tmp_path)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_every_format_has_every_activation(name: str, activation: str, tmp_path: Path) -> None:
    FORMATS[name](make_model("conv3x3/1,5", shape=SHAPE, activation=activation), tmp_path)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", NAMES)
def test_every_format_has_every_loss(name: str, loss: str, tmp_path: Path) -> None:
    FORMATS[name](make_model("conv3x3/1,5", shape=SHAPE, loss=loss), tmp_path)


class MedianPooling(MaxPooling):
    """A layer that computes something else than its base class."""

    kind = "median"


@pytest.mark.parametrize("export", [to_modules, lambda layer: add_layer(layer, Graph(), "images", (), "layer")])
def test_layer_is_not_exported_as_its_base_class(export: Callable[[Layer], object]) -> None:
    with pytest.raises(TypeError, match="MedianPooling has no .* of its own: enter a function for it in pipeline"):
        export(MedianPooling((1, 7, 9), (2, 2)))


@pytest.mark.parametrize(("activation", "version"), [("relu", OPSET), ("gelu", 20)])
def test_onnx_file_has_the_first_operator_set_with_its_operators(activation: str, version: int, tmp_path: Path) -> None:
    save_onnx(tmp_path / "model.onnx", make_model(activation=activation))
    assert [each.version for each in onnx.load(tmp_path / "model.onnx").opset_import] == [version]


def test_each_kind_has_words() -> None:
    assert LAYER_WORDS.keys() == LAYER_KINDS.keys(), "LAYER_WORDS in pipeline/html/wording.py differs"


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_is_as_described(name: str) -> None:
    activation, z = ACTIVATIONS[name], np.linspace(-5, 5, 101)
    outputs = activation.function(z)
    assert activation.signed == (outputs < 0).any(), "signed"


@pytest.mark.parametrize(
    ("registry", "names"), [("LAYERS", LAYER_KINDS), ("ACTIVATIONS", ACTIVATIONS), ("SCORES", LOSSES)]
)
def test_javascript_has_the_same_kinds(registry: str, names: Any) -> None:
    found = run_javascript(make_model(shape=SHAPE), f"result = Object.keys({registry});")
    assert set(names) ^ set(found) == set(), f"{registry} in layers.js or network.js differs"


@pytest.mark.parametrize("kind", sorted({*LAYER_KINDS, *NOTATIONS}))
def test_notation_of_every_kind_gives_its_layer(kind: str) -> None:
    look_up(LAYER_KINDS, kind, "class", "KINDS in pipeline/network/layers.py")
    for layers in layers_of(kind):
        assert kind in [name for _, name, _ in parse_layers(layers)]
        assert format_layers(layers) == layers, "the example is in the shortest notation"
