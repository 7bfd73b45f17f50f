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
    return view(np.zeros(count_numbers(sizes), dtype), sizes)


def count_numbers(sizes: Sequence[int]) -> int:
    """How many weights and biases a network of the given layer sizes has."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in itertools.pairwise(sizes))


def view(flat: Array, sizes: Sequence[int]) -> Parameters:
    """The numbers in `flat`, (total,), as the layers of a network of the given sizes."""
    layers, start = [], 0
    for fan_in, fan_out in itertools.pairwise(sizes):
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


@dataclass(frozen=True)
class Workspace:
    """Where passes of n rows leave their numbers, so that a step of learning allocates next to nothing.

    values: for each layer a = f(z), for the last the logits z; (n, fan_out). deltas: for each layer dC/dz, likewise.
    """

    values: tuple[Array, ...]
    deltas: tuple[Array, ...]

    def __getitem__(self, rows: slice) -> "Workspace":
        """The same for some of the rows."""
        return Workspace(tuple(a[rows] for a in self.values), tuple(d[rows] for d in self.deltas))


def make_workspace(sizes: Sequence[int], rows: int, dtype: DTypeLike = np.float32) -> Workspace:
    """Room for passes of `rows` rows through a network of the given layer sizes."""
    values, deltas = (tuple(np.empty((rows, size), dtype) for size in sizes[1:]) for _ in range(2))
    return Workspace(values, deltas)


def forward(
    layers: Sequence[Layer], inputs: Array, activation: Activation, workspace: Workspace | None = None
) -> list[Array]:
    """The inputs of every layer, then the logits; a batch of n rows takes one matrix product a layer.

    inputs: (n, fan_in of the first layer). workspace: of n rows, where the results go; new arrays by default. The
    logits, (n, c), have no activation: the cost has its own.
    """
    values = [inputs]
    for i, layer in enumerate(layers):
        z = np.matmul(values[-1], layer.weights, out=workspace.values[i] if workspace else None)
        z += layer.biases
        values.append(z if layer is layers[-1] else activation.function(z, out=z))
    return values


def backward(layers: Sequence[Layer], activation: Activation, workspace: Workspace) -> None:
    """Fill the workspace's deltas, dC/dz of every layer, from the last one, which a cost has given: backpropagation.

    Its values are those of `forward`. A layer with input a, z = a W + b and delta = dC/dz has

        dC/dW = a^T delta       the outer product of input and blame, summed over the batch by the product
        dC/db = sum of delta    over the batch
        dC/da = delta W^T       so the layer below, with a = f(z'), has delta' = (delta W^T) * f'(z')

    The last line is done here, for all layers but the first, whose inputs have no use for their blame; the two before
    it in `gradient`.  (Rumelhart, Hinton & Williams 1986; Nielsen 2015, BP1 to BP4)
    """
    for i in reversed(range(1, len(layers))):
        delta = np.matmul(workspace.deltas[i], layers[i].weights.T, out=workspace.deltas[i - 1])
        delta *= activation.derivative(workspace.values[i - 1])


@dataclass(frozen=True)
class Piece:
    """Some rows of a layer, whose weights are fan_in rows of fan_out numbers and whose biases are one more.

    numbers: where they are in the flat buffer.
    """

    layer: int
    rows: slice
    fan_out: int
    numbers: slice


def cut(sizes: Sequence[int], parts: int, largest: int) -> list[list[list[Piece]]]:
    """A network of the given sizes in `parts` of equal size, each a list of blocks, each a list of pieces.

    A block is a run of the flat buffer of about as many numbers as all others, at most `largest`. Its pieces lie in it
    one behind the other, each in a layer of its own. As rows stay whole, all this is give or take a row; a block of
    none is left out.
    """
    total = count_numbers(sizes)
    each = -(-total // (parts * largest))
    borders = [total * i // (parts * each) for i in range(parts * each + 1)]
    blocks: list[list[Piece]] = [[] for _ in range(parts * each)]
    start = 0
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        rows = [min(max(-(-(border - start) // fan_out), 0), fan_in + 1) for border in borders]
        for block, (first, end) in zip(blocks, itertools.pairwise(rows), strict=True):
            if first < end:
                numbers = slice(start + first * fan_out, start + end * fan_out)
                block.append(Piece(layer, slice(first, end), fan_out, numbers))
        start += (fan_in + 1) * fan_out
    return [[block for block in blocks[each * i : each * (i + 1)] if block] for i in range(parts)]


def gradient(piece: Piece, inputs: Array, delta: Array, out: Array) -> None:
    """Write the derivative of the cost by every number of a piece into `out`, (numbers of the piece,); see `backward`.

    inputs: (n, fan_in) of the piece's layer. delta: (n, fan_out), its dC/dz.
    """
    rows = out.reshape(-1, piece.fan_out)
    inputs = inputs[:, piece.rows]
    weights = inputs.shape[1]
    np.matmul(inputs.T, delta, out=rows[:weights])
    if weights < len(rows):
        np.sum(delta, axis=0, out=rows[weights])
