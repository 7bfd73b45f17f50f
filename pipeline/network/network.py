"""The network: parameters, the forward pass and backpropagation.

Shapes, for a batch of n images: images (height, width, n), the output of a layer (units, n) or
(channels, height, width, n), logits (classes, n).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.engine.float_arrays import Array
from pipeline.network.layer import Buffers, Layer


@dataclass(frozen=True)
class Parameters:
    """All parameters in one buffer, `flat` (total,), with the parameters of each layer as views of it.

    layers: for each layer its arrays, in the order of `Layer.parameter_shapes`; () for a layer without parameters.
    Gradients have the same form.
    """

    flat: Array
    layers: tuple[tuple[Array, ...], ...]


@dataclass(frozen=True)
class Network:
    """Layers with their parameters."""

    layers: tuple[Layer, ...]
    parameters: Parameters


def count_parameters(layers: Sequence[Layer]) -> int:
    """Return the number of parameters."""
    return sum(math.prod(shape) for layer in layers for shape in layer.parameter_shapes.values())


def view_parameters(layers: Sequence[Layer], flat: Array) -> Parameters:
    """Return the parameters of the layers as views of `flat`, (total,)."""
    views, start = [], 0
    for layer in layers:
        arrays = []
        for shape in layer.parameter_shapes.values():
            arrays.append(flat[start : start + math.prod(shape)].reshape(shape))
            start += math.prod(shape)
        views.append(tuple(arrays))
    return Parameters(flat, tuple(views))


def make_network(layers: Sequence[Layer], flat: Array) -> Network:
    """Return the network of layers whose parameters are views of `flat`, (total,)."""
    return Network(tuple(layers), view_parameters(layers, flat))


# Standard deviation of the initial weights from fan-in and fan-out.
INITIALISATIONS: dict[str, Callable[[int, int], float]] = {
    "normal": lambda fan_in, fan_out: 1.0,
    "xavier": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),  # Glorot & Bengio 2010, eq. 12
    "he": lambda fan_in, fan_out: math.sqrt(2 / fan_in),  # He et al. 2015, eq. 10
}


def initialise(network: Network, scheme: str, bias_std: float, generator: np.random.Generator) -> None:
    """Draw all parameters, in place. scheme: a key of INITIALISATIONS. bias_std: standard deviation of the biases."""
    for layer, arrays in zip(network.layers, network.parameters.layers, strict=True):
        layer.initialise(arrays, INITIALISATIONS[scheme], bias_std, generator)


@dataclass(frozen=True)
class Cache:
    """The results of the forward pass: the output of each layer, and what its backward pass needs."""

    outputs: list[Array]
    saved: list[Any]

    @property
    def logits(self) -> Array:
        """The output of the last layer, (classes, n)."""
        return self.outputs[-1]


def make_buffers(network: Network) -> list[Buffers]:
    """Return the buffers of all layers, for the passes of one thread."""
    return [Buffers(network.parameters.flat.dtype) for _ in network.layers]


def forward(
    network: Network,
    images: Array,
    buffers: Sequence[Buffers] | None = None,
    generator: np.random.Generator | None = None,
) -> Cache:
    """Pass images (height, width, n) through the layers; return the output of each layer.

    The last layer has no activation, because it is part of the loss. With `buffers`, the result is valid until their
    next use. generator: in a training step, for layers that draw random numbers (dropout); None otherwise.
    """
    cache, x = Cache([], []), images[np.newaxis]
    for layer, arrays, own in zip(
        network.layers, network.parameters.layers, buffers or make_buffers(network), strict=True
    ):
        x, saved = layer.forward(arrays, x, own, generator)
        cache.outputs.append(x)
        cache.saved.append(saved)
    return cache


@np.errstate(over="ignore", invalid="ignore")  # parameters that are too large give NaN
def infer(network: Network, images: Array, buffers: Sequence[Buffers] | None = None) -> Array:
    """Return the logits of images (height, width, n) as `forward` does, up to rounding, faster and with less memory.

    With `buffers` the result is valid until their next use. Layers draw no random numbers.
    """
    x = images[np.newaxis]
    for layer, arrays, own in zip(
        network.layers, network.parameters.layers, buffers or make_buffers(network), strict=True
    ):
        x = layer.infer(arrays, x, own)
    return x


def backward(
    network: Network, cache: Cache, dz: Array, buffers: Sequence[Buffers] | None = None, out: Parameters | None = None
) -> Parameters:
    """Backpropagate; return the gradient of every parameter, in `out` if given.

    dz: the gradient of the loss with respect to the logits. From the last layer to the first, each layer turns the
    gradient of its output into the gradients of its parameters and of its input, and its input is the output of the
    layer before. (Rumelhart, Hinton & Williams 1986)
    """
    gradient = out or view_parameters(network.layers, np.empty_like(network.parameters.flat))
    buffers = buffers or make_buffers(network)
    dy: Array | None = dz
    for i, layer in reversed(list(enumerate(network.layers))):
        assert dy is not None, "only the first layer returns None"
        w, dw = network.parameters.layers[i], gradient.layers[i]
        dy = layer.backward(w, dw, cache.saved[i], dy, buffers[i], first=i == 0)
    return gradient
