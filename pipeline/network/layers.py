"""Dense layers, convolutions, pooling and dropout. Each kind is a class that defines its shapes and its passes.

A dense layer multiplies its input by a matrix, a convolution every patch of its input. Both compute z = W P + b with W
(outputs, fan_in) and patches P (fan_in, positions * n) of a batch of n images: a dense layer has one patch, its whole
input, and a convolution has one for each position of its kernel. The batch is the last axis, so copying patches copies
long contiguous runs.  (Krizhevsky's cuda-convnet has the same layout)

Every layer here treats each image of a batch by itself. Batch normalisation does not, so it is missing: its result
would depend on which images share a micro-batch, whose size follows from the memory that the layers need.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.engine.float_arrays import Array
from pipeline.network.activations import Activation
from pipeline.network.layer import Arrays, Buffers, Generator, Layer, Pair, Shape, Windowed
from pipeline.network.patches import entries_under, view_patches

MIN_COLUMNS = 32  # of a matrix product over one row of positions; narrower ones cost BLAS more than views save


@dataclass(frozen=True)
class Affine(Layer):
    """Base class of dense layers and convolutions, which compute z = W P + b for the patches P, then the activation.

    outputs: the number of units or kernels. activation: the activation function; None for the last layer, whose
    activation is part of the loss.
    """

    outputs: int
    activation: Activation | None = None

    @property
    @abstractmethod
    def weight_shape(self) -> Shape:
        """The shape of the weights: (outputs, ...), followed by the axes of a patch."""

    @property
    def parameter_shapes(self) -> Mapping[str, Shape]:
        """Weights, and biases (outputs,)."""
        return {"weights": self.weight_shape, "biases": (self.outputs,)}

    @property
    def multiplications(self) -> int:
        """The number of weights times the number of positions."""
        return math.prod(self.weight_shape) * math.prod(self.output_shape[1:])

    def initialise(self, w: Arrays, std: Callable[[int, int], float], bias_std: float, random: Generator) -> None:
        """Draw weights and biases from normal distributions of mean 0."""
        weights, biases = w
        _, *patch = self.weight_shape
        fan_in, fan_out = math.prod(patch), self.outputs * math.prod(patch[1:])
        weights[...] = std(fan_in, fan_out) * random.standard_normal(weights.shape)
        biases[...] = bias_std * random.standard_normal(biases.shape)

    @abstractmethod
    def take_patches(self, x: Array, buffers: Buffers) -> Array:
        """Return the patches of x (im2col), (fan_in, positions * n)."""

    @abstractmethod
    def add_patches(self, dP: Array, buffers: Buffers) -> Array:
        """Return the gradient of the input x, (*input_shape, n), from that of its patches (col2im)."""

    def forward(self, w: Arrays, x: Array, buffers: Buffers, generator: Generator | None = None) -> tuple[Array, Any]:
        """Compute z = W P + b and a = f(z); save P and what the derivative is a function of, a or z.

        w: weights and biases. x: (*input_shape, n). Returns a, (*output_shape, n), and what `backward` needs.
        """
        weights, b = w
        W = weights.reshape(self.outputs, -1)
        P = self.take_patches(x, buffers)
        z = np.matmul(W, P, out=buffers.array("z", self.outputs, P.shape[1]))
        keeps_z = self.activation is not None and self.activation.needs_z
        a = self.activate(z, b, out=buffers.array("a", *z.shape) if keeps_z else z)
        return a.reshape(*self.output_shape, -1), (P, z if keeps_z else a)

    def activate(self, products: Array, b: Array, out: Array) -> Array:
        """Add the biases to the products W P, (outputs, columns), in place; write the activation of the sums to out."""
        products += b[:, np.newaxis]
        return self.activation.function(products, out=out) if self.activation else products

    def backward(self, w: Arrays, dw: Arrays, saved: Any, dy: Array, buffers: Buffers, first: bool) -> Array | None:
        """Backpropagate through the activation and the matrix product, with da = dy.

            dz = da * f'(z)        from a = f(z), or from z
            dW = dz P^T            summed over positions and images by the product
            db = sum of dz         over positions and images
            dP = W^T dz            added up where the patches were taken: dx

        (Rumelhart, Hinton & Williams 1986; Nielsen 2015, BP1 to BP4)
        """
        (weights, _), (dW, db), (P, kept) = w, dw, saved
        dz = dy.reshape(self.outputs, -1)
        if self.activation:
            np.multiply(dz, self.activation.derivative(kept), out=dz)
        np.matmul(dz, P.T, out=dW.reshape(self.outputs, -1))
        np.sum(dz, axis=1, out=db)
        if first:
            return None
        W = weights.reshape(self.outputs, -1)
        return self.add_patches(np.matmul(W.T, dz, out=buffers.array("dP", *P.shape)), buffers)


@dataclass(frozen=True)
class Dense(Affine):
    """A dense layer of `outputs` units. It is a convolution whose kernel covers its input."""

    kind = "dense"

    @property
    def weight_shape(self) -> Shape:
        """The shape of the weights, (outputs, inputs)."""
        return self.outputs, math.prod(self.input_shape)

    @property
    def output_shape(self) -> Shape:
        """(units,)."""
        return (self.outputs,)

    @property
    def window(self) -> Pair:
        """The whole input."""
        _, height, width = (*self.input_shape, 1, 1)[:3]
        return height, width

    def take_patches(self, x: Array, buffers: Buffers) -> Array:
        """Return the input itself, flattened: (fan_in, n)."""
        return x.reshape(-1, x.shape[-1])

    def add_patches(self, dP: Array, buffers: Buffers) -> Array:
        """Return the gradient of the input, whose values are those of its only patch."""
        return dP.reshape(*self.input_shape, -1)


@dataclass(frozen=True, kw_only=True)
class Convolution(Windowed, Affine):
    """A convolution with `outputs` kernels.

    kernel, stride, padding: each as height and width. dilation: the distance from one column of the kernel to the next,
    in pixels. residual: whether the input is added to the output, y = f(z) + x, for which both must have the same shape
    (He, Zhang, Ren & Sun 2015 add it before the activation). As everywhere in deep learning, the kernel is not flipped,
    so strictly speaking this is a cross-correlation.
    """

    kind = "conv"
    kernel: Pair
    stride: Pair = (2, 2)
    padding: Pair = (0, 0)
    dilation: int = 1
    residual: bool = False

    @property
    def weight_shape(self) -> Shape:
        """The shape of the weights, (kernels, channels, kernel height, kernel width)."""
        return self.outputs, self.input_shape[0], *self.kernel

    @cached_property
    def output_shape(self) -> Shape:
        """(kernels, height, width), with one pixel for each position of the kernel."""
        return self.outputs, *(axis.count for axis in self.steps)

    @property
    def values_per_image(self) -> int:
        """The values of the output and of the patches."""
        return math.prod(self.output_shape[1:]) * (self.outputs + math.prod(self.weight_shape[1:]))

    def forward(self, w: Arrays, x: Array, buffers: Buffers, generator: Generator | None = None) -> tuple[Array, Any]:
        """Compute f(z), plus x if the layer is residual."""
        a, saved = super().forward(w, x, buffers, generator)
        return self.add_input(a, x, buffers), saved

    def infer(self, w: Arrays, x: Array, buffers: Buffers) -> Array:
        """Compute f(W P + b) with the patches as views, one matrix product for each row of positions."""
        (weights, b), (_, rows, columns), n = w, self.output_shape, x.shape[-1]
        if columns * n < MIN_COLUMNS:
            return super().infer(w, x, buffers)
        channels, height, _ = self.input_shape
        copies = buffers.array("copies", height + 2 * self.padding[0], self.kernel[1], channels, columns, n)
        P = view_patches(self.make_contiguous(x, buffers), *self.steps, copies)
        W = weights.transpose(0, 2, 3, 1).reshape(self.outputs, -1)  # in the order of the views
        z = buffers.array("z", self.outputs, rows, columns * n)
        np.matmul(W, P, out=z.transpose(1, 0, 2))
        z = z.reshape(self.outputs, -1)
        a = self.activate(z, b, out=z).reshape(*self.output_shape, n)
        return self.add_input(a, x, buffers)

    def add_input(self, a: Array, x: Array, buffers: Buffers) -> Array:
        """Return the output for the activation a: a + x if the layer is residual."""
        return np.add(a, x, out=buffers.array("y", *a.shape)) if self.residual else a

    def backward(self, w: Arrays, dw: Arrays, saved: Any, dy: Array, buffers: Buffers, first: bool) -> Array | None:
        """Backpropagate as every affine layer, and add dy to dx if the layer is residual."""
        if not self.residual:
            return super().backward(w, dw, saved, dy, buffers, first)
        dy_copy = buffers.array("dy_copy", *dy.shape)
        np.copyto(dy_copy, dy)
        dx = super().backward(w, dw, saved, dy, buffers, first)
        return dx if dx is None else np.add(dx, dy_copy, out=dx)

    def take_patches(self, x: Array, buffers: Buffers) -> Array:
        """Return the patch at each position of the kernel (im2col): (fan_in, positions * n)."""
        x, entries = self.make_contiguous(x, buffers), entries_under(*self.steps)
        # With padding, the entries beyond the input stay 0.
        reserve = buffers.zeros if any(self.padding) else buffers.array
        P = reserve("P", self.input_shape[0], len(entries), *self.output_shape[1:], x.shape[-1])
        for entry, (positions, pixels) in enumerate(entries):
            P[:, entry][positions] = x[pixels]
        return P.reshape(math.prod(self.weight_shape[1:]), -1)

    @staticmethod
    def make_contiguous(x: Array, buffers: Buffers) -> Array:
        """Return x, or a copy of x if it is not contiguous like a batch of images, so that patches are copied in long
        runs.
        """
        if x.flags.c_contiguous:
            return x
        copy = buffers.array("x", *x.shape)
        np.copyto(copy, x)
        return copy

    def add_patches(self, dP: Array, buffers: Buffers) -> Array:
        """Return the gradient of the input (col2im): for each pixel, the sum over the patches that contain it."""
        entries = entries_under(*self.steps)
        dP = dP.reshape(self.input_shape[0], len(entries), *self.output_shape[1:], -1)
        dx = buffers.array("dx", *self.input_shape, dP.shape[-1])
        dx.fill(0)
        for entry, (positions, pixels) in enumerate(entries):
            dx[pixels] += dP[:, entry][positions]
        return dx


@dataclass(frozen=True)
class Pooling(Windowed):
    """Base class of layers that have one value for each window of a map, and no parameters.

    kernel, stride: (height, width).
    """

    kernel: Pair
    stride: Pair = (2, 2)

    @cached_property
    def output_shape(self) -> Shape:
        """(channels, height, width), with one pixel for each position of the kernel."""
        return self.input_shape[0], *(axis.count for axis in self.steps)

    def combine(self, function: np.ufunc, x: Array, buffers: Buffers) -> Array:
        """Return the values of each window, combined two by two."""
        (_, first), *others = entries_under(*self.steps)
        y = buffers.array("y", *self.output_shape, x.shape[-1])
        np.copyto(y, x[first])
        for _, pixels in others:
            function(y, x[pixels], out=y)
        return y


@dataclass(frozen=True)
class MaxPooling(Pooling):
    """The maximum of each window of a map.  (Zhou & Chellappa 1988, Computation of optical flow)"""

    kind = "pool"

    def forward(self, w: Arrays, x: Array, buffers: Buffers, generator: Generator | None = None) -> tuple[Array, Any]:
        """Compute the maxima; save x and the maxima."""
        y = self.combine(np.maximum, x, buffers)
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


@dataclass(frozen=True)
class AveragePooling(Pooling):
    """The mean of each window of a map.  (LeCun et al. 1998, Gradient-based learning, II.B, without its weights)"""

    kind = "avgpool"

    def forward(self, w: Arrays, x: Array, buffers: Buffers, generator: Generator | None = None) -> tuple[Array, Any]:
        """Compute the means; save nothing."""
        y = self.combine(np.add, x, buffers)
        y /= math.prod(self.kernel)
        return y, None

    def backward(self, w: Arrays, dw: Arrays, saved: Any, dy: Array, buffers: Buffers, first: bool) -> Array | None:
        """Spread the gradient of each mean evenly over its window."""
        if first:
            return None
        dx = buffers.array("dx", *self.input_shape, dy.shape[-1])
        dx.fill(0)
        dy /= math.prod(self.kernel)
        for _, pixels in entries_under(*self.steps):
            dx[pixels] += dy
        return dx


@dataclass(frozen=True)
class Dropout(Layer):
    """In a training step, 0 with the probability `rate` in place of each value; otherwise the identity.

    The other values are multiplied by 1 / (1 - rate), so that their mean stays as it is.  (Srivastava et al. 2014)
    """

    kind = "dropout"
    rate: float

    @property
    def output_shape(self) -> Shape:
        """The shape of the input."""
        return self.input_shape

    @property
    def window(self) -> Pair:
        """A single value."""
        return 1, 1

    def forward(self, w: Arrays, x: Array, buffers: Buffers, generator: Generator | None = None) -> tuple[Array, Any]:
        """Multiply by random factors, 0 or 1 / (1 - rate), and save them; without a generator, return the input."""
        if generator is None:
            return x, None
        factors = buffers.array("factors", *x.shape)
        generator.random(out=factors, dtype=factors.dtype)
        np.greater_equal(factors, self.rate, out=factors)
        factors /= 1 - self.rate
        return np.multiply(x, factors, out=buffers.array("y", *x.shape)), factors

    def backward(self, w: Arrays, dw: Arrays, saved: Any, dy: Array, buffers: Buffers, first: bool) -> Array | None:
        """Multiply the gradient by the same factors."""
        if first:
            return None
        return dy if saved is None else np.multiply(dy, saved, out=dy)


LAYER_KINDS: dict[str, type[Layer]] = {
    each.kind: each for each in (Dense, Convolution, MaxPooling, AveragePooling, Dropout)
}
