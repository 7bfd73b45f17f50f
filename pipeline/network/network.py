"""The network: parameters, the forward pass and backpropagation.

Shapes, for a batch of n images: images (height, width, n), the output of a layer (units, n) or
(filters, height, width, n), logits (classes, n).
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.network.activations import Activation, Array
from pipeline.network.layers import Layer, Scratch


@dataclass(frozen=True)
class Parameters:
    """All parameters in one buffer, `flat` (total,), and the weights and biases of each layer as views of it.

    weights: (out, in) or (filters, channels, kernel, kernel). biases: (out,). Gradients have the same form.
    """

    flat: Array
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]


@dataclass(frozen=True)
class Network:
    """Layers with their parameters; the activation follows each layer but the last."""

    layers: tuple[Layer, ...]
    activation: Activation
    parameters: Parameters


def count_parameters(layers: Sequence[Layer]) -> int:
    """Number of weights and biases."""
    return sum(math.prod(layer.weight_shape) + layer.outputs for layer in layers)


def view_parameters(layers: Sequence[Layer], flat: Array) -> Parameters:
    """Return the parameters of the layers as views of `flat`, (total,)."""
    sizes = [size for layer in layers for size in (math.prod(layer.weight_shape), layer.outputs)]
    parts = np.split(flat, list(itertools.accumulate(sizes))[:-1])
    weights = tuple(part.reshape(layer.weight_shape) for layer, part in zip(layers, parts[::2], strict=True))
    return Parameters(flat, weights, tuple(parts[1::2]))


# Standard deviation of the initial weights from fan-in and fan-out.
INITIALISATIONS: dict[str, Callable[[int, int], float]] = {
    "normal": lambda fan_in, fan_out: 1.0,
    "xavier": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),  # Glorot & Bengio 2010, eq. 12
    "he": lambda fan_in, fan_out: math.sqrt(2 / fan_in),  # He et al. 2015, eq. 10
}


def initialise(parameters: Parameters, scheme: str, bias_std: float, generator: np.random.Generator) -> None:
    """Draw all parameters from normal distributions of mean 0, in place; scheme: a key of INITIALISATIONS."""
    for weights, biases in zip(parameters.weights, parameters.biases, strict=True):
        outputs, *inputs = weights.shape
        fan_in, fan_out = math.prod(inputs), outputs * math.prod(inputs[1:])
        weights[...] = INITIALISATIONS[scheme](fan_in, fan_out) * generator.standard_normal(weights.shape)
        biases[...] = bias_std * generator.standard_normal(biases.shape)


@dataclass(frozen=True)
class Cache:
    """Results of the forward pass that the backward pass needs, for each layer.

    patches: p, (fan_in, positions * n). outputs: a = f(z), for the last layer z, the logits.
    """

    patches: list[Array]
    outputs: list[Array]

    @property
    def logits(self) -> Array:
        """(classes, n)."""
        return self.outputs[-1]


def make_scratch(network: Network) -> list[Scratch]:
    """Return scratch buffers for the passes of one thread."""
    return [Scratch(network.parameters.flat.dtype) for _ in network.layers]


def forward(network: Network, images: Array, scratch: Sequence[Scratch] | None = None) -> Cache:
    """Compute z = W p + b and a = f(z), layer by layer; return the patches and outputs of each.

    images: (height, width, n). The logits of the last layer have no activation: it is part of the loss. With `scratch`
    the result is valid until its next use.
    """
    cache, x = Cache([], []), images[np.newaxis]
    for i, (layer, buffers) in enumerate(zip(network.layers, scratch or make_scratch(network), strict=True)):
        W, b = network.parameters.weights[i].reshape(layer.outputs, -1), network.parameters.biases[i]
        p = layer.patches(x, buffers)
        z = np.matmul(W, p, out=buffers.array("z", layer.outputs, p.shape[1]))
        z += b[:, np.newaxis]
        if i < len(network.layers) - 1:
            network.activation.function(z, out=z)
        x = z.reshape(*layer.output_shape, -1)
        cache.patches.append(p)
        cache.outputs.append(x)
    return cache


def backward(
    network: Network, cache: Cache, dz: Array, scratch: Sequence[Scratch] | None = None, out: Parameters | None = None
) -> Parameters:
    """Backpropagation: return the gradient of every parameter, in `out` if given.

    dz: the gradient dL/dz of the loss with respect to the logits; dW, db, dp and dx are gradients of the loss as well.
    For each layer, from the last to the first, with z = W p + b:

        dW = dz p^T            summed over positions and images by the product
        db = sum of dz         over positions and images
        dp = W^T dz            added up where the patches were taken: dx

    x = f(z') is the output of the layer before, so its dz' = dx * f'(z').
    (Rumelhart, Hinton & Williams 1986; Nielsen 2015, BP1 to BP4)
    """
    gradient = out or view_parameters(network.layers, np.empty_like(network.parameters.flat))
    scratch = scratch or make_scratch(network)
    for i, layer in reversed(list(enumerate(network.layers))):
        W, dW = (each.weights[i].reshape(layer.outputs, -1) for each in (network.parameters, gradient))
        dz, p = dz.reshape(layer.outputs, -1), cache.patches[i]
        np.matmul(dz, p.T, out=dW)
        np.sum(dz, axis=1, out=gradient.biases[i])
        if i > 0:
            dp = np.matmul(W.T, dz, out=scratch[i].array("dp", *p.shape))
            dx = layer.sum_patches(dp, scratch[i])
            dz = np.multiply(dx, network.activation.derivative(cache.outputs[i - 1]), out=dx)
    return gradient
