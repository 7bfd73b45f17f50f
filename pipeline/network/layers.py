"""Layers: a dense layer multiplies its input by a matrix, a convolution every patch of its input.

Both compute z = W p + b with W (outputs, fan_in) and patches p (fan_in, positions * n) of a batch of n images. A dense
layer has one patch, its whole input. A convolution has one k x k patch for each position of its kernel. `patches`
is also called im2col, and `sum_patches` col2im. The batch is the last axis, so copying patches copies long contiguous
runs.  (Krizhevsky's cuda-convnet has the same layout)
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike

from pipeline.network.activations import Array

Shape = tuple[int, ...]


class Scratch:
    """Reusable buffers of one layer, so that a training step allocates almost no memory."""

    def __init__(self, dtype: DTypeLike = np.float32) -> None:
        self._dtype = np.dtype(dtype)
        self._buffers: dict[str, Array] = {}

    def array(self, name: str, *shape: int) -> Array:
        """Return a contiguous array of arbitrary values, valid until the next call with this name."""
        size = math.prod(shape)
        if name not in self._buffers or self._buffers[name].size < size:
            self._buffers[name] = np.empty(size, self._dtype)
        return self._buffers[name][:size].reshape(shape)


@dataclass(frozen=True)
class Dense:
    """A dense layer of `outputs` units for an input of `input_shape`, (units,) or (channels, height, width)."""

    input_shape: Shape
    outputs: int

    @property
    def weight_shape(self) -> Shape:
        """(out, in)."""
        return self.outputs, math.prod(self.input_shape)

    @property
    def output_shape(self) -> Shape:
        """(units,)."""
        return (self.outputs,)

    def patches(self, x: Array, scratch: Scratch) -> Array:
        """The input itself, flattened: (fan_in, n)."""
        return x.reshape(-1, x.shape[-1])

    def sum_patches(self, dp: Array, scratch: Scratch) -> Array:
        """The gradient of the input from the gradient of its patches: the same values."""
        return dp.reshape(*self.input_shape, -1)


@dataclass(frozen=True)
class Convolution:
    """A convolution with `outputs` filters of kernel x kernel, without padding; input_shape (channels, height, width).

    As everywhere in deep learning the kernel is not flipped: strictly speaking it is a cross-correlation.
    """

    input_shape: Shape
    outputs: int
    kernel: int
    stride: int

    @property
    def weight_shape(self) -> Shape:
        """(filters, channels, kernel, kernel)."""
        return self.outputs, self.input_shape[0], self.kernel, self.kernel

    @property
    def output_shape(self) -> Shape:
        """(filters, height, width) with floor((size - kernel) / stride) + 1 positions along each axis."""
        return self.outputs, *((size - self.kernel) // self.stride + 1 for size in self.input_shape[1:])

    def patches(self, x: Array, scratch: Scratch) -> Array:
        """The patch at each position of the kernel: (fan_in, positions * n); x (channels, height, width, n)."""
        n = x.shape[-1]
        if not x.flags.c_contiguous:  # e.g. a batch of images; copied once, not k * k times below
            source, x = x, scratch.array("x", *x.shape)
            np.copyto(x, source)
        p = scratch.array("p", *self.weight_shape[1:], *self.output_shape[1:], n)
        windows = sliding_window_view(x, (self.kernel, self.kernel), axis=(1, 2))[:, :: self.stride, :: self.stride]
        np.copyto(p, windows.transpose(0, 4, 5, 1, 2, 3))
        return p.reshape(math.prod(self.weight_shape[1:]), -1)

    def sum_patches(self, dp: Array, scratch: Scratch) -> Array:
        """The gradient of the input: the gradient of each patch added where the patch was taken."""
        dp = dp.reshape(*self.weight_shape[1:], *self.output_shape[1:], -1)
        dx = scratch.array("dx", *self.input_shape, dp.shape[-1])
        dx.fill(0)
        _, rows, columns = self.output_shape
        for i, j in np.ndindex(self.kernel, self.kernel):
            # the input pixels that kernel entry (i, j) multiplies, over all positions
            dx[:, i : i + self.stride * rows : self.stride, j : j + self.stride * columns : self.stride] += dp[:, i, j]
        return dx


Layer = Dense | Convolution
