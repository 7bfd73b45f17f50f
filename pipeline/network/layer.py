"""A layer: its shapes, its forward pass and its backward pass, and the memory that these reuse."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from pipeline.engine.float_arrays import Array
from pipeline.network.activations import Activation
from pipeline.network.patches import Steps

Shape = tuple[int, ...]
Pair = tuple[int, int]  # height and width
Arrays = Sequence[Array]  # of one layer, in the order of `Layer.parameter_shapes`
Generator = np.random.Generator
T = TypeVar("T")


class Buffers:
    """Reusable buffers of one layer, so that a training step allocates almost no memory."""

    def __init__(self, dtype: DTypeLike = np.float32) -> None:
        self._dtype = np.dtype(dtype)
        self._buffers: dict[str, Array] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}  # of those from `zeros`

    def array(self, name: str, *shape: int) -> Array:
        """Return a contiguous array of arbitrary values, valid until the next call with this name."""
        size = math.prod(shape)
        if name not in self._buffers or self._buffers[name].size < size:
            self._buffers[name] = np.empty(size, self._dtype)
        return self._buffers[name][:size].reshape(shape)

    def zeros(self, name: str, *shape: int) -> Array:
        """Return an array that is 0 where nothing was written since the last call with this name and another shape."""
        array = self.array(name, *shape)
        if self._shapes.get(name) != shape:
            array.fill(0)
            self._shapes[name] = shape
        return array


@dataclass(frozen=True)
class Layer(ABC):
    """A layer for inputs of the shape `input_shape`, (units,) or (channels, height, width); the batch is the last axis.

    kind: the name of the layer in `LAYER_KINDS` of `pipeline.network.layers` and in `pipeline.network.notation`; the
    values in its notation are fields of the class. stride: how far the window moves from one position to the next,
    down and along the row. padding: how many zeros are added above and below the input, and on its left and right.
    """

    kind: ClassVar[str]
    input_shape: Shape
    stride = 1, 1
    padding = 0, 0

    @property
    @abstractmethod
    def output_shape(self) -> Shape:
        """(units,) or (channels, height, width)."""

    @property
    def parameter_shapes(self) -> Mapping[str, Shape]:
        """The shapes of the parameter arrays, by name; empty for a layer without parameters."""
        return {}

    @property
    @abstractmethod
    def window(self) -> Pair:
        """The height and width of the part of the input on which one output depends; (1, 1) for an input (units,)."""

    @property
    def activation(self) -> Activation | None:
        """The activation function of the layer, or None."""
        return None

    @property
    def multiplications(self) -> int:
        """The number of multiplications per image in the forward pass."""
        return 0

    @property
    def values_per_image(self) -> int:
        """The number of values per image that the forward pass keeps in memory."""
        return math.prod(self.output_shape)

    def initialise(self, w: Arrays, std: Callable[[int, int], float], bias_std: float, random: Generator) -> None:
        """Draw the initial parameters, in place. std: standard deviation of the weights from fan-in and fan-out."""
        assert not w, f"{self.kind} has parameters and must draw them"

    @abstractmethod
    def forward(self, w: Arrays, x: Array, buffers: Buffers, generator: Generator | None = None) -> tuple[Array, Any]:
        """Return the output y, (*output_shape, n), for the input x, (*input_shape, n), and what `backward` needs.

        Both are valid until the next call. All arrays have the dtype of the parameters: float32 in training, float64 in
        the gradient checks. w: the parameter arrays of the layer. generator: in a training step, for layers that draw
        random numbers; None otherwise, so that the output is determined by w and x.
        """

    def infer(self, w: Arrays, x: Array, buffers: Buffers) -> Array:
        """Return the output y as `forward` does, up to rounding, when no backward pass follows."""
        y, _ = self.forward(w, x, buffers)
        return y

    @abstractmethod
    def backward(self, w: Arrays, dw: Arrays, saved: Any, dy: Array, buffers: Buffers, first: bool) -> Array | None:
        """Write the gradient of the parameters to dw; return the gradient of the input, or None for the first layer.

        dy: the gradient of the output, which is overwritten. As everywhere, dy, dz and dw are the gradients of the loss
        with respect to y, z and w. saved: what `forward` returned for this purpose.
        """


class Windowed(Layer):
    """Base class of layers whose kernel moves over a map. kernel: height and width. dilation: see `Convolution`."""

    kernel: Pair
    dilation = 1

    @cached_property
    def steps(self) -> tuple[Steps, Steps]:
        """The positions of the kernel, from top to bottom and from left to right."""
        rows, columns = zip(self.input_shape[1:], self.kernel, self.stride, self.padding, strict=True)
        return Steps(*rows), Steps(*columns, self.dilation)

    @property
    def window(self) -> Pair:
        """The kernel, dilated."""
        rows, columns = self.steps
        return rows.reach, columns.reach


def of_kind(functions: Mapping[type[Layer], T], layer: Layer, output: str, module: str) -> T:
    """Return the function of an output format, or description, for this kind of layer.

    That of a base class is not taken, because a subclass may compute something else. Raises TypeError if the module has
    none for exactly this class.
    """
    if type(layer) not in functions:
        raise TypeError(f"{type(layer).__name__} has no {output} of its own: enter a function for it in {module}")
    return functions[type(layer)]
