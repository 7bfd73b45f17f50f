"""The base class of layers whose kernel moves over a map, and max pooling, which has no parameters."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.network.activations import Array
from pipeline.network.layer import Arrays, Buffers, Layer, Pair, Shape
from pipeline.network.patches import Steps, entries_under


class Windowed(Layer):
    """Base class of layers whose kernel moves over a map. kernel: height and width. dilation: see `Convolution`."""

    kernel: Pair
    dilation = 1

    @property
    def steps(self) -> tuple[Steps, Steps]:
        """The positions of the kernel, from top to bottom and from left to right."""
        rows, columns = zip(self.input_shape[1:], self.kernel, self.stride, self.padding, strict=True)
        return Steps(*rows), Steps(*columns, self.dilation)

    @property
    def window(self) -> Pair:
        """The kernel, dilated."""
        rows, columns = self.steps
        return rows.reach, columns.reach


@dataclass(frozen=True)
class MaxPooling(Windowed):
    """The maximum of each window of a map. It has no parameters. kernel, stride: (height, width).

    (Zhou & Chellappa 1988)
    """

    kind = "pool"
    kernel: Pair
    stride: Pair = (2, 2)

    @property
    def output_shape(self) -> Shape:
        """(channels, height, width), with one pixel for each position of the kernel."""
        return self.input_shape[0], *(axis.count for axis in self.steps)

    def forward(self, w: Arrays, x: Array, buffers: Buffers) -> tuple[Array, Any]:
        """Compute the maxima; save x and the maxima."""
        (_, first), *others = entries_under(*self.steps)
        y = buffers.array("y", *self.output_shape, x.shape[-1])
        np.copyto(y, x[first])
        for _, pixels in others:
            np.maximum(y, x[pixels], out=y)
        return y, (x, y)

    def backward(self, w: Arrays, dw: Arrays, saved: Any, dy: Array, buffers: Buffers, first: bool) -> Array | None:
        """Pass the gradient of each maximum to the input that attained it, the first one among equal values."""
        if first:
            return None
        x, y = saved
        dx, part = buffers.array("dx", *x.shape), buffers.array("part", *y.shape)
        dx.fill(0)
        pending = np.ones(y.shape, bool)
        disjoint = all(size <= step for size, step in zip(self.kernel, self.stride, strict=True))
        for _, pixels in entries_under(*self.steps):
            attained = x[pixels] == y
            attained &= pending
            pending ^= attained  # so that the next equal value gets nothing
            if disjoint:
                np.multiply(dy, attained, out=dx[pixels])
            else:
                dx[pixels] += np.multiply(dy, attained, out=part)
        return dx
