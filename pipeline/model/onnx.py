"""Export a model to ONNX: from raw images to probabilities and labels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array
from pipeline.engine.provenance import package_versions
from pipeline.model.header import HEADER_KEY, format_header
from pipeline.model.model import Model
from pipeline.network.layer import Layer, of_kind
from pipeline.network.layers import Affine, AveragePooling, Convolution, Dense, Dropout, MaxPooling, Pooling
from pipeline.network.losses import LOSSES
from pipeline.network.network import Network

PRODUCER = "handwriting"
# The set of operators: supported since ONNX Runtime 1.12 (2022); a later one only for operators that it lacks.
OPSET, NEWER = 17, {"Gelu": 20}
IR_VERSIONS = {17: 8, 20: 9}  # the first version of the format that may have a set of operators
FLOAT, UINT8, INT64 = 1, 2, 7  # types of elements
ELEMENTS = {np.float32: FLOAT, np.int64: INT64}
TEXT_FIELD = 2  # the wire type of texts, bytes and messages in Protocol Buffers; that of integers is 0


class Graph:
    """Nodes and constants, encoded. A node and its only output have the same name."""

    def __init__(self) -> None:
        self.nodes: list[bytes] = []
        self.constants: list[bytes] = []
        self.opset = OPSET

    def node(self, name: str, operator: str, *inputs: str, **attributes: int | str | Sequence[int]) -> str:
        """Add a node; return its name."""
        encoded = [_encode_attribute(*each) for each in sorted(attributes.items())]
        self.nodes.append(_encode({1: [*inputs], 2: name, 3: name, 4: operator, 5: encoded}))
        self.opset = max(self.opset, NEWER.get(operator, OPSET))
        return name

    def arrays(self, name: str, weights_and_biases: Sequence[Array]) -> list[str]:
        """Add the weights and biases of the layer `name` as constants; return their names."""
        kinds = ("weights", "biases")
        return [self.constant(f"{name}-{kind}", array) for kind, array in zip(kinds, weights_and_biases, strict=True)]

    def constant(self, name: str, value: float | list[int] | NDArray[Any], dtype: Any = np.float32) -> str:
        """Add a constant; return its name."""
        array = np.asarray(value, dtype)
        little = array.astype(array.dtype.newbyteorder("<")).tobytes()
        self.constants.append(_encode({1: [*array.shape], 2: ELEMENTS[dtype], 8: name, 9: little}))
        return name


def _encode_attribute(name: str, value: int | str | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _encode({1: name, 3: value, 20: 2})
    if isinstance(value, str):
        return _encode({1: name, 4: value, 20: 3})
    return _encode({1: name, 8: [*value], 20: 7})


def _encode_tensor(name: str, element: int, *shape: int | str) -> bytes:
    """Return the declaration of an input or output; a text stands for any size."""
    sizes = [_encode({2 if isinstance(size, str) else 1: size}) for size in shape]
    return _encode({1: name, 2: _encode({1: _encode({1: element, 2: _encode({1: sizes})})})})


def save_onnx(path: Path, model: Model) -> None:
    """Write the model to `path`.

    Input: `images`, uint8 (N, height, width), as in the IDX file; the scaling is part of the graph. Outputs:
    `probabilities`, float32 (N, classes), and `label`, int64 (N,). The header is in `metadata_props`.
    """
    graph = Graph()
    height, width = model.image_shape
    classes = len(model.class_names)
    value = graph.node("pixels", "Cast", "images", to=FLOAT)
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

    inputs = [_encode_tensor("images", UINT8, "N", height, width)]
    outputs = [_encode_tensor("probabilities", FLOAT, "N", classes), _encode_tensor("label", INT64, "N")]
    header = _encode({1: HEADER_KEY, 2: format_header(model.header)})
    proto = {
        1: IR_VERSIONS[graph.opset],
        2: PRODUCER,
        3: package_versions([PRODUCER])[PRODUCER],
        7: _encode({1: graph.nodes, 2: PRODUCER, 5: graph.constants, 11: inputs, 12: outputs}),
        8: _encode({1: "", 2: graph.opset}),
        14: header,
    }
    path.write_bytes(_encode(proto))


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


def _add_pooling(
    operator: str, layer: Pooling, graph: Graph, value: str, parameters: Sequence[Array], name: str
) -> str:
    return graph.node(name, operator, value, kernel_shape=layer.kernel, strides=layer.stride)


def _add_nothing(layer: Dropout, graph: Graph, value: str, parameters: Sequence[Array], name: str) -> str:
    return value


ADD: dict[type[Layer], Callable[..., str]] = {
    Dense: _add_dense,
    Convolution: _add_convolution,
    MaxPooling: partial(_add_pooling, "MaxPool"),
    AveragePooling: partial(_add_pooling, "AveragePool"),
    Dropout: _add_nothing,
}


def _activate(layer: Affine, graph: Graph, value: str, name: str) -> str:
    if not layer.activation:
        return value
    operator = layer.activation.onnx
    return graph.node(f"{name}-{operator.lower()}", operator, value, **layer.activation.onnx_attributes)


def _encode(fields: Mapping[int, Any]) -> bytes:
    """Return a message of Protocol Buffers with these fields, by their numbers.

    fields: integers from 0, texts, bytes (of messages) or lists of these.
    """
    encoded = bytearray()
    for number, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, int):
                encoded += _varint(number << 3) + _varint(each)
            else:
                data = each.encode() if isinstance(each, str) else each
                encoded += _varint(number << 3 | TEXT_FIELD) + _varint(len(data)) + data
    return bytes(encoded)


def _varint(value: int) -> bytes:
    """Return an integer in groups of seven bits, the lowest first; each but the last has the eighth bit set."""
    return bytes([value & 127 | 128]) + _varint(value >> 7) if value > 127 else bytes([value])
