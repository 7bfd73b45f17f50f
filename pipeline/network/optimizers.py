"""An optimizer turns a gradient into a step. It needs no knowledge of layers, only of one long row of numbers.

Each works in place: `parameters`, `gradient` and every buffer of `state` have one shape and dtype; `state` is
zero before the first step; `rate` is the learning rate and `step` counts from 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.network.activations import Array

Update = Callable[[Array, Array, Sequence[Array], float, int], None]


@dataclass(frozen=True)
class Optimizer:
    """update: the step. buffers: how many numbers it remembers for each parameter."""

    update: Update
    buffers: int


def sgd() -> Optimizer:
    """w <- w - rate g: straight downhill, by the gradient of one batch."""

    def update(w: Array, g: Array, state: Sequence[Array], rate: float, step: int) -> None:
        w -= rate * g

    return Optimizer(update, buffers=0)


def momentum(beta: float, nesterov: bool = False) -> Optimizer:
    """v <- beta v + g;  w <- w - rate v: a ball that rolls, and keeps rolling where the slope persists.

    With `nesterov`, w <- w - rate (g + beta v): the gradient's latest word counts once more.
    (Sutskever et al. 2013, in the form that PyTorch uses)
    """

    def update(w: Array, g: Array, state: Sequence[Array], rate: float, step: int) -> None:
        (v,) = state
        v *= beta
        v += g
        w -= rate * (g + beta * v if nesterov else v)

    return Optimizer(update, buffers=1)


def adam(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """m <- beta1 m + (1 - beta1) g;  s <- beta2 s + (1 - beta2) g^2;  w <- w - rate m' / (sqrt(s') + epsilon).

    Each number has its own step, as long as its gradients agree and short where they don't. m' and s' are m
    and s divided by 1 - beta^step, since both begin at zero.  (Kingma & Ba 2015, algorithm 1)
    """

    def update(w: Array, g: Array, state: Sequence[Array], rate: float, step: int) -> None:
        m, s = state
        m += (1 - beta1) * (g - m)
        s += (1 - beta2) * (g * g - s)
        scale = np.sqrt(s / (1 - beta2**step))
        w -= rate / (1 - beta1**step) * m / (scale + epsilon)

    return Optimizer(update, buffers=2)


def find_optimizer(name: str, beta: float) -> Optimizer:
    """The optimizer `name`: sgd, momentum, nesterov (both with momentum `beta`) or adam."""
    match name:
        case "sgd":
            return sgd()
        case "momentum":
            return momentum(beta)
        case "nesterov":
            return momentum(beta, nesterov=True)
        case "adam":
            return adam()
    raise KeyError(name)
