"""Export a model to ONNX: from raw images to probabilities and labels."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pipeline.engine.provenance import package_versions
from pipeline.model.header import HEADER_KEY, format_header
from pipeline.model.model import Model
from pipeline.network.activations import Array
from pipeline.network.layer import Layer, of_kind
from pipeline.network.layers import Affine, AveragePooling, Convolution, Dense, Dropout, MaxPooling
from pipeline.network.losses import LOSSES
from pipeline.network.network import Network

PRODUCER = "handwriting"
OPSET = 17  # supported since ONNX Runtime 1.12 (2022); a later one only for operators that it lacks, such as Gelu


class Graph:
    """Nodes and constants. A node and its only output have the same name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def node(self, name: str, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; return its name."""
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def arrays(self, name: str, weights_and_biases: Sequence[Array]) -> list[str]:
        """Add the weights and biases of the layer `name` as constants; return their names."""
        kinds = ("weights", "biases")
        return [self.constant(f"{name}-{kind}", array) for kind, array in zip(kinds, weights_and_biases, strict=True)]

    def constant(self, name: str, value: float | list[int] | NDArray[Any], dtype: Any = np.float32) -> str:
        """Add a constant; return its name."""
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name


def save_onnx(path: Path, model: Model) -> None:
    """Write the model to `path` and check it with `onnx.checker`.

    Input: `images`, uint8 (N, height, width), as in the IDX file; the scaling is part of the graph. Outputs:
    `probabilities`, float32 (N, classes), and `label`, int64 (N,). The header is in `metadata_props`.
    """
    graph = Graph()
    height, width = model.image_shape
    classes = len(model.class_names)
    value = graph.node("pixels", "Cast", "images", to=TensorProto.FLOAT)
    value = graph.node("scaled", "Mul", value, graph.constant("scale", 1 / (255 * model.scaling.std)))
    shift = graph.constant("shift", model.scaling.mean / model.scaling.std)
    value = graph.node("standardised", "Sub", value, shift)
    value = graph.node("channels", "Unsqueeze", value, graph.constant("axes", [1], np.int64))
    is_ensemble = model.ensemble_size > 1
    logits = [
        _add_network(graph, value, network, classes, f"network-{number}-" if is_ensemble else "")
        for number, network in enumerate(model.networks, start=1)
    ]
    value = graph.node("mean", "Mean", *logits) if is_ensemble else logits[0]
    for name, operator in LOSSES[model.loss].onnx:
        value = graph.node(name, operator, value)
    value = graph.node("tempered", "Div", value, graph.constant("temperature", model.temperature))
    graph.node("probabilities", "Softmax", value, axis=1)
    graph.node("label", "ArgMax", "probabilities", axis=1, keepdims=0)

    info = helper.make_tensor_value_info
    opset = helper.make_opsetid("", _find_opset(graph.nodes))
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
        ),
        opset_imports=[opset],
        ir_version=helper.find_min_ir_version_for([opset]),
        producer_name=PRODUCER,
        producer_version=package_versions([PRODUCER])[PRODUCER],
    )
    helper.set_model_props(proto, {HEADER_KEY: format_header(model.header)})
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))


def _add_network(graph: Graph, value: str, network: Network, classes: int, prefix: str) -> str:
    """Add a network without its reject class; return the name of its logits. All names begin with `prefix`."""
    *hidden, last = network.layers
    *parameters, logits = network.parameters.layers
    assert isinstance(last, Affine), "its outputs are the classes"
    layers = [*hidden, replace(last, outputs=classes)]
    arrays = [*parameters, tuple(array[:classes] for array in logits)]
    for number, (layer, own) in enumerate(zip(layers, arrays, strict=True), start=1):
        value = add_layer(layer, graph, value, own, f"{prefix}layer-{number}")
    return value


def add_layer(layer: Layer, graph: Graph, value: str, parameters: Sequence[Array], name: str) -> str:
    """Add the nodes of a layer with the input `value`; return the name of its output. Their names begin with `name`."""
    return of_kind(ADD, layer, "ONNX node", __name__)(layer, graph, value, parameters, name)


def _add_dense(layer: Dense, graph: Graph, value: str, parameters: Sequence[Array], name: str) -> str:
    if len(layer.input_shape) > 1:
        value = graph.node(f"{name}-input", "Flatten", value, axis=1)
    return _activate(layer, graph, graph.node(name, "Gemm", value, *graph.arrays(name, parameters), transB=1), name)


def _add_convolution(layer: Convolution, graph: Graph, value: str, parameters: Sequence[Array], name: str) -> str:
    geometry = {"strides": layer.stride, "pads": layer.padding * 2, "dilations": (1, layer.dilation)}
    output = _activate(layer, graph, graph.node(name, "Conv", value, *graph.arrays(name, parameters), **geometry), name)
    return graph.node(f"{name}-sum", "Add", output, value) if layer.residual else output


def _add_max_pooling(layer: MaxPooling, graph: Graph, value: str, parameters: Sequence[Array], name: str) -> str:
    return graph.node(name, "MaxPool", value, kernel_shape=layer.kernel, strides=layer.stride)


def _add_average_pooling(
    layer: AveragePooling, graph: Graph, value: str, parameters: Sequence[Array], name: str
) -> str:
    return graph.node(name, "AveragePool", value, kernel_shape=layer.kernel, strides=layer.stride)


def _add_nothing(layer: Dropout, graph: Graph, value: str, parameters: Sequence[Array], name: str) -> str:
    return value


ADD: dict[type[Layer], Callable[..., str]] = {
    Dense: _add_dense,
    Convolution: _add_convolution,
    MaxPooling: _add_max_pooling,
    AveragePooling: _add_average_pooling,
    Dropout: _add_nothing,
}


def _activate(layer: Affine, graph: Graph, value: str, name: str) -> str:
    if not layer.activation:
        return value
    operator = layer.activation.onnx
    return graph.node(f"{name}-{operator.lower()}", operator, value, **layer.activation.onnx_attributes)


def _find_opset(nodes: Sequence[onnx.NodeProto]) -> int:
    """Return the first operator set from OPSET that has all operators."""
    used = {node.op_type for node in nodes}
    first: dict[str, int] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.name in used and schema.domain == "":
            first[schema.name] = min(schema.since_version, first.get(schema.name, schema.since_version))
    return max(OPSET, *first.values())
