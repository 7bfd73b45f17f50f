"""Activation functions of the hidden layers, and their derivatives.

Most derivatives are functions of the output a = f(z), so the forward pass does not have to keep z.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.float_arrays import Array

GELU_SLOPE, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715


@dataclass(frozen=True)
class Activation:
    """An activation function, with everything that the project needs to know about it but its JavaScript (`layers.js`).

    name: its name in the option `--activation` and in model files. function: computes a from z, elementwise, and writes
    it to `out`, which may be z, if given. derivative: computes da/dz, which is a factor of dL/dz, from a, or from z
    if `needs_z`. title: its name in text. effect: what it does to a sum; these words end the sentence "a pixel
    of a map is the sum, ...". signed: whether its outputs can be negative. onnx: its ONNX operator; onnx_attributes:
    the attributes of this. torch: an expression that makes its PyTorch module, in which `nn` is torch.nn.
    """

    name: str
    function: Callable[..., Array]
    derivative: Callable[[Array], NDArray[Any]]
    title: str
    effect: str
    signed: bool
    onnx: str
    torch: str
    needs_z: bool = False
    onnx_attributes: Mapping[str, str] = field(default_factory=dict)


def sigmoid(z: Array, out: Array | None = None) -> Array:
    """Return 1 / (1 + exp(-z)), as (1 + tanh(z / 2)) / 2, which cannot overflow."""
    a: Array = np.tanh(0.5 * z, out=out)
    a += 1
    a *= 0.5
    return a


def sigmoid_derivative(a: Array) -> Array:
    """Return da/dz = a (1 - a)."""
    return a * (1 - a)


def tanh_derivative(a: Array) -> Array:
    """Return da/dz = 1 - a^2. tanh is odd, so its outputs are centred at 0.  (LeCun et al. 1998, Efficient BackProp)"""
    return 1 - a * a


def relu(z: Array, out: Array | None = None) -> Array:
    """Return max(z, 0); `clip` takes a third of the time of `maximum`.  (Nair & Hinton 2010)"""
    return np.clip(z, 0, np.inf, out=out)


def relu_derivative(a: Array) -> NDArray[np.bool_]:
    """Return da/dz: True (a factor of 1) where a > 0, else False; False by convention at the kink."""
    return a > 0


def gelu(z: Array, out: Array | None = None) -> Array:
    """Return z / 2 (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))), close to z times the normal distribution function.

    (Hendrycks & Gimpel 2016, section 2)
    """
    a = _gelu_tanh(z)
    a += 1
    a *= 0.5
    return np.multiply(z, a, out=out)


def gelu_derivative(z: Array) -> Array:
    """Return da/dz = (1 + t) / 2 + z / 2 (1 - t^2) u', with t = tanh(u) as in `gelu`. It cannot be computed from a.

    Unlike the other functions, GELU falls and rises again, so two values of z can have the same a.
    """
    t = _gelu_tanh(z)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * GELU_SLOPE * (1 + 3 * GELU_CUBE * z * z)


def _gelu_tanh(z: Array) -> Array:
    u: Array = z * z
    u *= GELU_SLOPE * GELU_CUBE
    u += GELU_SLOPE
    u *= z
    return np.tanh(u, out=u)


ACTIVATIONS = {
    each.name: each
    for each in (
        Activation(
            name="sigmoid",
            function=sigmoid,
            derivative=sigmoid_derivative,
            title="sigmoid",
            effect="squeezed between 0 and 1 by the sigmoid",
            signed=False,
            onnx="Sigmoid",
            torch="nn.Sigmoid()",
        ),
        Activation(
            name="tanh",
            function=np.tanh,
            derivative=tanh_derivative,
            title="tanh",
            effect="squeezed between -1 and 1 by tanh",
            signed=True,
            onnx="Tanh",
            torch="nn.Tanh()",
        ),
        Activation(
            name="relu",
            function=relu,
            derivative=relu_derivative,
            title="ReLU",
            effect="or 0 if it is negative (ReLU)",
            signed=False,
            onnx="Relu",
            torch="nn.ReLU()",
        ),
        Activation(
            name="gelu",
            function=gelu,
            derivative=gelu_derivative,
            title="GELU",
            effect="almost 0 if it is negative (GELU)",
            signed=True,
            onnx="Gelu",
            torch="nn.GELU(approximate='tanh')",
            needs_z=True,
            onnx_attributes={"approximate": "tanh"},
        ),
    )
}
