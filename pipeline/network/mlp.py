"""The network: layers of z = a W + b, forwards to an answer and backwards to the blame of each number in it."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from pipeline.network.activations import Activation, Array


@dataclass(frozen=True)
class Layer:
    """weights: (fan_in, fan_out). biases: (fan_out,)."""

    weights: Array
    biases: Array


@dataclass(frozen=True)
class Parameters:
    """All numbers of a network in one buffer, and each layer as a view of its part of it.

    What treats all numbers alike (an optimizer, a copy, a test for NaN) takes `flat`, (total,); what knows of
    layers takes `layers`. Gradients have the same form.
    """

    flat: Array
    layers: tuple[Layer, ...]


def allocate(sizes: Sequence[int], dtype: DTypeLike = np.float32) -> Parameters:
    """Zeros for a network of the given layer sizes, the inputs first and the classes last."""
    pairs = list(itertools.pairwise(sizes))
    flat = np.zeros(sum((fan_in + 1) * fan_out for fan_in, fan_out in pairs), dtype)
    layers, start = [], 0
    for fan_in, fan_out in pairs:
        middle, end = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
        layers.append(Layer(flat[start:middle].reshape(fan_in, fan_out), flat[middle:end]))
        start = end
    return Parameters(flat, tuple(layers))


# The deviation of a layer's first weights, from its fan-in and fan-out.
INITIALISATIONS: dict[str, Callable[[int, int], float]] = {
    "normal": lambda fan_in, fan_out: 1.0,
    "xavier": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),  # Glorot & Bengio 2010, eq. 12
    "he": lambda fan_in, fan_out: math.sqrt(2 / fan_in),  # He et al. 2015, eq. 10
}


def initialise(layers: Sequence[Layer], scheme: str, bias_deviation: float, generator: np.random.Generator) -> None:
    """Fill the layers with draws from normal distributions of mean 0, weights and biases in turn.

    scheme: a key of INITIALISATIONS. bias_deviation: 0 gives biases of 0.
    """
    for layer in layers:
        deviation = INITIALISATIONS[scheme](*layer.weights.shape)
        layer.weights[...] = deviation * generator.standard_normal(layer.weights.shape)
        layer.biases[...] = bias_deviation * generator.standard_normal(layer.biases.shape)


def forward(layers: Sequence[Layer], inputs: Array, activation: Activation) -> list[Array]:
    """The inputs of every layer, then the logits; a batch of n rows takes one matrix product a layer.

    inputs: (n, fan_in of the first layer). The logits, (n, c), have no activation: the cost has its own.
    """
    values = [inputs]
    for layer in layers[:-1]:
        values.append(activation.function(values[-1] @ layer.weights + layer.biases))
    values.append(values[-1] @ layers[-1].weights + layers[-1].biases)
    return values


def backward(
    layers: Sequence[Layer],
    values: Sequence[Array],
    delta: Array,
    activation: Activation,
    gradients: Sequence[Layer],
) -> None:
    """Fill `gradients` with the derivative of the cost by every weight and bias: backpropagation.

    values: what `forward` gave. delta: dC/dz of the last layer, (n, c), as a cost gives it. Per layer, with
    its input a, z = a W + b and delta = dC/dz:

        dC/dW = a^T delta       the outer product of input and blame, summed over the batch by the product
        dC/db = sum of delta    over the batch
        dC/da = delta W^T       so the layer below has delta' = (delta W^T) * f'(z')

    (Rumelhart, Hinton & Williams 1986; Nielsen 2015, BP1 to BP4)
    """
    for i in reversed(range(len(layers))):
        np.matmul(values[i].T, delta, out=gradients[i].weights)
        np.sum(delta, axis=0, out=gradients[i].biases)
        if i > 0:  # the inputs themselves have no use for their blame
            delta = (delta @ layers[i].weights.T) * activation.derivative(values[i])
