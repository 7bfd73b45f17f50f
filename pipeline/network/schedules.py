"""Schedules: how the learning rate changes over a training run."""

import math
from collections.abc import Callable


def cosine(progress: float) -> float:
    """Fall from 1 to 0 along half a cosine wave.  (Loshchilov & Hutter 2017, eq. 5)"""
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
