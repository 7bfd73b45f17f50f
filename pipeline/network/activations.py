"""An activation makes a layer more than a matrix: without it, many layers would be one.

Each derivative is written in terms of the activation's output a = f(z), which the forward pass has kept, so z
need not be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Activation:
    """function: z -> a, elementwise. derivative: a -> da/dz. Both keep shape and dtype."""

    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array]


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), as (1 + tanh(z / 2)) / 2, which cannot overflow."""
    a: Array = 0.5 * (1 + np.tanh(0.5 * z))
    return a


def sigmoid_derivative(a: Array) -> Array:
    """da/dz = a (1 - a)."""
    return a * (1 - a)


def relu(z: Array) -> Array:
    """max(z, 0).  (Nair & Hinton 2010)"""
    return np.maximum(z, 0)


def relu_derivative(a: Array) -> Array:
    """1 where the unit is on, 0 where it is off (and, by convention, at the kink)."""
    return (a > 0).astype(a.dtype)


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, sigmoid_derivative),
    "relu": Activation(relu, relu_derivative),
}
