"""Optimizers: how the gradient changes the parameters.

Each updates in place: `w`, the parameters, `g`, their gradient, and every buffer of `state` have one shape and dtype.
`state` is zero before the first step, `rate` is the learning rate, and `step` counts from 1. `g` is overwritten with
intermediate results, so that a slice of these arrays stays in the CPU cache.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.network.activations import Array

Update = Callable[[Array, Array, Sequence[Array], float, int], None]


@dataclass(frozen=True)
class Optimizer:
    """An update rule. update: one step. buffers: number of state arrays, each as large as the parameters."""

    update: Update
    buffers: int


def sgd() -> Optimizer:
    """w <- w - rate g."""

    def update(w: Array, g: Array, state: Sequence[Array], rate: float, step: int) -> None:
        g *= rate
        w -= g

    return Optimizer(update, buffers=0)


def momentum(beta: float, nesterov: bool = False) -> Optimizer:
    """v <- beta v + g;  w <- w - rate v, or with `nesterov`  w <- w - rate (g + beta v).

    (Sutskever et al. 2013, in the form that PyTorch uses)
    """

    def update(w: Array, g: Array, state: Sequence[Array], rate: float, step: int) -> None:
        (v,) = state
        v *= beta
        v += g
        if nesterov:
            g *= rate
            w -= g
        np.multiply(v, rate * beta if nesterov else rate, out=g)
        w -= g

    return Optimizer(update, buffers=1)


def adam(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """m <- beta1 m + (1 - beta1) g;  s <- beta2 s + (1 - beta2) g^2;  w <- w - rate m' / (sqrt(s') + epsilon).

    m' = m / (1 - beta1^step) and s' = s / (1 - beta2^step), since both begin at zero.  (Kingma & Ba 2015, algorithm 1)

    The state is M = m / (1 - beta1) and S = s / (1 - beta2), which saves two passes over memory. With
    c = sqrt((1 - beta2) / (1 - beta2^step)) the step is

        rate (1 - beta1) / (1 - beta1^step) / c  *  M / (sqrt(S) + epsilon / c)
    """

    def update(w: Array, g: Array, state: Sequence[Array], rate: float, step: int) -> None:
        M, S = state
        c = math.sqrt((1 - beta2) / (1 - beta2**step))
        M *= beta1
        M += g
        g *= g
        S *= beta2
        S += g
        np.sqrt(S, out=g)
        g += epsilon / c
        np.divide(M, g, out=g)
        g *= rate * (1 - beta1) / (1 - beta1**step) / c
        w -= g

    return Optimizer(update, buffers=2)


def with_l2(optimizer: Optimizer, decay: float) -> Optimizer:
    """Add an L2 term: g + decay w instead of g, as if the loss had the term decay |w|^2 / 2."""

    def update(w: Array, g: Array, state: Sequence[Array], rate: float, step: int) -> None:
        g += decay * w
        optimizer.update(w, g, state, rate, step)

    return Optimizer(update, optimizer.buffers) if decay else optimizer


def with_decay(optimizer: Optimizer, decay: float) -> Optimizer:
    """Add decoupled weight decay: w <- w (1 - rate decay) before each step.  (Loshchilov & Hutter 2019)"""

    def update(w: Array, g: Array, state: Sequence[Array], rate: float, step: int) -> None:
        w *= 1 - rate * decay
        optimizer.update(w, g, state, rate, step)

    return Optimizer(update, optimizer.buffers) if decay else optimizer


def make_optimizer(name: str, beta: float, weight_decay: float = 0.0) -> Optimizer:
    """Make an optimizer by name. beta: of momentum and nesterov. weight_decay: decoupled for adamw, else L2."""
    match name:
        case "sgd":
            return with_l2(sgd(), weight_decay)
        case "momentum":
            return with_l2(momentum(beta), weight_decay)
        case "nesterov":
            return with_l2(momentum(beta, nesterov=True), weight_decay)
        case "adam":
            return with_l2(adam(), weight_decay)
        case "adamw":
            return with_decay(adam(), weight_decay)
    raise KeyError(name)
