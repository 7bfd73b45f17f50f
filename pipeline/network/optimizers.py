"""Optimizers: how the gradient changes the parameters; schedules: how the learning rate changes over a run.

Each optimizer updates in place: `w`, the parameters, `g`, their gradient, and every buffer of `state` have one shape
and dtype. `state` is zero before the first step, `rate` is the learning rate, and `step` counts from 1. `g` is
overwritten with intermediate results, in place of temporary arrays.

The choices of the options `--optimizer` and `--schedule` follow from OPTIMIZERS and SCHEDULES, so this module imports
NumPy only to make an optimizer.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pipeline.engine.float_arrays import Array

Update = Callable[["Array", "Array", Sequence["Array"], float, int], None]


@dataclass(frozen=True)
class Optimizer:
    """An update rule. update: one step. buffers: number of state arrays, each as large as the parameters."""

    update: Update
    buffers: int


def sgd() -> Optimizer:
    """Return the update w <- w - rate g."""

    def update(w: "Array", g: "Array", state: Sequence["Array"], rate: float, step: int) -> None:
        g *= rate
        w -= g

    return Optimizer(update, buffers=0)


def momentum(beta: float) -> Optimizer:
    """Return the update v <- beta v + g;  w <- w - rate v.  (Sutskever et al. 2013, in PyTorch's form)"""
    import numpy as np

    def update(w: "Array", g: "Array", state: Sequence["Array"], rate: float, step: int) -> None:
        (v,) = state
        v *= beta
        v += g
        np.multiply(v, rate, out=g)
        w -= g

    return Optimizer(update, buffers=1)


def adam(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """Return the update w <- w - rate m' / (sqrt(s') + epsilon), with moving averages m of g and s of its square.

        m <- beta1 m + (1 - beta1) g
        s <- beta2 s + (1 - beta2) g^2

    Because both begin at zero, m' = m / (1 - beta1^step) and s' = s / (1 - beta2^step). (Kingma & Ba 2015, algorithm 1)

    The state contains M = m / (1 - beta1) and S = s / (1 - beta2) instead, which saves two passes over memory. The step
    is

        rate (1 - beta1) / (1 - beta1^step) / c  *  M / (sqrt(S) + epsilon / c)
        with c = sqrt((1 - beta2) / (1 - beta2^step))
    """
    import numpy as np

    def update(w: "Array", g: "Array", state: Sequence["Array"], rate: float, step: int) -> None:
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
    """Return an update that uses g + decay w instead of g, as if the loss had the additional term decay |w|^2 / 2."""

    def update(w: "Array", g: "Array", state: Sequence["Array"], rate: float, step: int) -> None:
        g += decay * w
        optimizer.update(w, g, state, rate, step)

    return Optimizer(update, optimizer.buffers) if decay else optimizer


def with_decay(optimizer: Optimizer, decay: float) -> Optimizer:
    """Return an update with decoupled weight decay, w <- w (1 - rate decay) before each step.

    (Loshchilov & Hutter 2019)
    """

    def update(w: "Array", g: "Array", state: Sequence["Array"], rate: float, step: int) -> None:
        w *= 1 - rate * decay
        optimizer.update(w, g, state, rate, step)

    return Optimizer(update, optimizer.buffers) if decay else optimizer


class Hyperparameters(Protocol):
    """The fields of a recipe that an optimizer may use. A new optimizer adds its own here and to the recipe."""

    @property
    def momentum(self) -> float:
        """The decay of the velocity."""

    @property
    def weight_decay(self) -> float:
        """The factor of the L2 term, or of the decoupled decay."""


OPTIMIZERS: dict[str, Callable[[Hyperparameters], Optimizer]] = {
    "sgd": lambda given: with_l2(sgd(), given.weight_decay),
    "momentum": lambda given: with_l2(momentum(given.momentum), given.weight_decay),
    "adam": lambda given: with_l2(adam(), given.weight_decay),
    "adamw": lambda given: with_decay(adam(), given.weight_decay),
}


def cosine(progress: float) -> float:
    """Return a factor that falls from 1 to 0 along half a cosine wave.  (Loshchilov & Hutter 2017, eq. 5)"""
    return (1 + math.cos(math.pi * progress)) / 2


# The factor on the learning rate at a progress in [0, 1) of the run's steps.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda progress: 1.0,
    "cosine": cosine,
}


def rate_factor(schedule: str, warmup: float, step: int, steps: int) -> float:
    """Return the factor by which a step multiplies the learning rate; steps are counted from 0 to `steps` - 1.

    The factor rises linearly over the fraction `warmup` of the run, and the schedule covers the rest.  (Goyal et al.
    2017)

    >>> [round(rate_factor("cosine", 0.2, step, 10), 2) for step in range(10)]
    [0.33, 0.67, 1.0, 0.96, 0.85, 0.69, 0.5, 0.31, 0.15, 0.04]
    """
    rising = warmup * steps
    if step < rising:
        return (step + 1) / (rising + 1)
    return SCHEDULES[schedule]((step - rising) / (steps - rising))
