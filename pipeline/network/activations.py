"""Activation functions of the hidden layers, and their derivatives.

Each derivative is a function of the output a = f(z), so the forward pass does not have to keep z.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Activation:
    """function: z -> a, elementwise, into `out` if given. derivative: a -> da/dz, a factor for dL/da."""

    function: Callable[..., Array]
    derivative: Callable[[Array], NDArray[Any]]


def sigmoid(z: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-z)), as (1 + tanh(z / 2)) / 2, which cannot overflow."""
    a: Array = np.tanh(0.5 * z, out=out)
    a += 1
    a *= 0.5
    return a


def sigmoid_derivative(a: Array) -> Array:
    """da/dz = a (1 - a)."""
    return a * (1 - a)


def relu(z: Array, out: Array | None = None) -> Array:
    """max(z, 0); `clip` takes a third of the time of `maximum`.  (Nair & Hinton 2010)"""
    return np.clip(z, 0, np.inf, out=out)


def relu_derivative(a: Array) -> NDArray[np.bool_]:
    """True (a factor of 1) where a > 0, else False; False by convention at the kink."""
    return a > 0


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(sigmoid, sigmoid_derivative),
    "relu": Activation(relu, relu_derivative),
}
