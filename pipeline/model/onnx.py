"""Export a model to ONNX: from raw images to probabilities and labels."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pipeline.engine.provenance import environment
from pipeline.model.files import Model
from pipeline.network.layers import Dense
from pipeline.network.network import Network

PRODUCER = "handwriting"
OPSET = 17
IR_VERSION = 8  # with opset 17: supported since ONNX Runtime 1.12 (2022)

ACTIVATION_OPERATORS = {"sigmoid": "Sigmoid", "relu": "Relu"}


def save_onnx(path: Path, model: Model, metadata: Mapping[str, str]) -> None:
    """Write the model to `path` and check it with `onnx.checker`.

    Input: `images`, uint8 (N, height, width), as in the IDX file; the scaling is part of the graph. Outputs:
    `probabilities`, float32 (N, classes), and `label`, int64 (N,). metadata: written to `metadata_props`.
    """
    graph = _Graph()
    height, width = model.image_shape
    classes = len(model.class_names)
    value = graph.node("pixels", "Cast", "images", to=TensorProto.FLOAT)
    value = graph.node("scaled", "Mul", value, graph.constant("scale", 1 / (255 * model.scaling.std)))
    shift = graph.constant("shift", model.scaling.mean / model.scaling.std)
    value = graph.node("standardised", "Sub", value, shift)
    if model.is_convolutional:
        value = graph.node("channels", "Unsqueeze", value, graph.constant("axes", [1], np.int64))
    is_ensemble = len(model.networks) > 1
    logits = [
        _add_network(graph, value, network, classes, model.activation, f"network-{number}-" if is_ensemble else "")
        for number, network in enumerate(model.networks, start=1)
    ]
    value = graph.node("mean", "Mean", *logits) if is_ensemble else logits[0]
    if model.loss == "quadratic":  # softmax(log sigmoid(z)), as pipeline.network.losses explains
        value = graph.node("negative", "Neg", value)
        value = graph.node("softplus", "Softplus", value)
        value = graph.node("log-sigmoid", "Neg", value)
    value = graph.node("tempered", "Div", value, graph.constant("temperature", model.temperature))
    graph.node("probabilities", "Softmax", value, axis=1)
    graph.node("label", "ArgMax", "probabilities", axis=1, keepdims=0)

    info = helper.make_tensor_value_info
    proto = helper.make_model(
        helper.make_graph(
            graph.nodes,
            PRODUCER,
            inputs=[info("images", TensorProto.UINT8, ["N", height, width])],
            outputs=[
                info("probabilities", TensorProto.FLOAT, ["N", classes]),
                info("label", TensorProto.INT64, ["N"]),
            ],
            initializer=graph.constants,
            doc_string=f"images: uint8 (N, {height}, {width}), grey levels from 0 to 255. "
            f"probabilities: float32 (N, {classes}). label: int64 (N,), the index of the largest probability.",
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name=PRODUCER,
        producer_version=environment([PRODUCER])[PRODUCER],
        doc_string=f"Classifies images of {model.dataset}: {model.architecture}, {model.activation}"
        + (f", the mean of {len(logits)} networks." if is_ensemble else "."),
    )
    helper.set_model_props(proto, dict(metadata))
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))


def _add_network(graph: "_Graph", value: str, network: Network, classes: int, activation: str, prefix: str) -> str:
    """Add a network without its negative class; return the name of its logits. All names begin with `prefix`."""
    last, parameters = len(network.layers), network.parameters
    for number, layer in enumerate(network.layers, start=1):
        name = f"{prefix}layer-{number}"
        if isinstance(layer, Dense) and len(layer.input_shape) > 1:
            value = graph.node(f"{name}-input", "Flatten", value, axis=1)
        weights, biases = parameters.weights[number - 1], parameters.biases[number - 1]
        if number == last:
            weights, biases = weights[:classes], biases[:classes]
        inputs = (value, graph.constant(f"{name}-weights", weights), graph.constant(f"{name}-biases", biases))
        if isinstance(layer, Dense):
            value = graph.node(name, "Gemm", *inputs, transB=1)
        else:
            value = graph.node(name, "Conv", *inputs, strides=[layer.stride, layer.stride])
        if number < last:
            value = graph.node(f"{name}-{activation}", ACTIVATION_OPERATORS[activation], value)
    return value


class _Graph:
    """Collects nodes and constants. A node and its only output have the same name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def node(self, name: str, operator: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def constant(self, name: str, value: float | list[int] | NDArray[Any], dtype: Any = np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name
