"""The model as ONNX, which most runtimes read: raw pictures in, probabilities and labels out."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pipeline.model.files import Model, name_arrays

OPSET = 17
IR_VERSION = 8  # with opset 17, read by ONNX Runtime 1.12 (2022) and later

ACTIVATION_NODES = {"sigmoid": "Sigmoid", "relu": "Relu"}


def save_onnx(path: Path, model: Model, metadata: Mapping[str, str]) -> None:
    """Write the model to `path`, checked by ONNX's own checker.

    Input: `images`, uint8 (N, h, w), as in the IDX file; the scaling is part of the graph. Outputs:
    `probabilities`, float32 (N, c), and `label`, int64 (N,). metadata: kept in the file as strings.
    """
    graph = _Graph()
    height, width = model.image_shape
    value = graph.node("Cast", "images", to=TensorProto.FLOAT)
    value = graph.node("Mul", value, graph.constant("scale", 1 / (255 * model.scaling.deviation)))
    value = graph.node("Sub", value, graph.constant("shift", model.scaling.mean / model.scaling.deviation))
    value = graph.node("Flatten", value, axis=1)
    arrays = iter(name_arrays(model).items())
    logits = [_add_member(graph, value, model, arrays) for _ in model.members]
    value = graph.node("Mean", *logits) if len(logits) > 1 else logits[0]
    if model.cost == "quadratic":  # softmax(log sigmoid(z)), as pipeline.network.losses explains
        value = graph.node("Neg", graph.node("Softplus", graph.node("Neg", value)))
    value = graph.node("Div", value, graph.constant("temperature", model.temperature))
    graph.node("Softmax", value, output="probabilities", axis=1)
    graph.node("ArgMax", "probabilities", output="label", axis=1, keepdims=0)

    info = helper.make_tensor_value_info
    proto = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "handwriting",
            inputs=[info("images", TensorProto.UINT8, ["N", height, width])],
            outputs=[
                info("probabilities", TensorProto.FLOAT, ["N", len(model.class_names)]),
                info("label", TensorProto.INT64, ["N"]),
            ],
            initializer=graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="handwriting",
    )
    helper.set_model_props(proto, dict(metadata))
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))


def _add_member(graph: "_Graph", value: str, model: Model, arrays: Iterator[tuple[str, NDArray[np.float32]]]) -> str:
    """Add one network, whose arrays come next, to the graph: the name of its logits."""
    for number in range(1, len(model.sizes)):
        if number > 1:
            value = graph.node(ACTIVATION_NODES[model.activation], value)
        weights, biases = (graph.constant(*next(arrays)) for _ in range(2))
        value = graph.node("Gemm", value, weights, biases)
    return value


class _Graph:
    """Nodes and constants as they come; each node's only output is named after it."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{kind.lower()}-{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, value: float | NDArray[np.floating]) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name
