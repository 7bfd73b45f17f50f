"""A schedule says how the learning rate changes over a run: long steps to find the valley, short ones to settle."""

import math
from collections.abc import Callable

RISE = 0.3  # of one-cycle: the share of the run in which the rate climbs
START, END = 1 / 25, 1 / 25 / 1e4  # of one-cycle: the factor at both ends


def constant(progress: float) -> float:
    """1 from beginning to end."""
    return 1.0


def cosine(progress: float) -> float:
    """From 1 to 0 along half a wave.  (Loshchilov & Hutter 2017, eq. 5)"""
    return (1 + math.cos(math.pi * progress)) / 2


def one_cycle(progress: float) -> float:
    """From 1/25 up to 1, then down to almost 0, both along half a wave.

    (Smith & Topin 2018, in the form that PyTorch and fastai use)
    """
    if progress < RISE:
        return 1 + (START - 1) * cosine(progress / RISE)
    return END + (1 - END) * cosine((progress - RISE) / (1 - RISE))


# Each gives the factor on the recipe's learning rate at a progress in [0, 1) of the run's steps.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "cosine": cosine,
    "one-cycle": one_cycle,
}


def rate_factor(schedule: str, warmup: float, step: int, steps: int) -> float:
    """The factor on the learning rate of a step, counted from 0, of all steps of the run.

    It climbs evenly, from nearly 0, in the share `warmup` of the run; the schedule has the rest. Adam knows little of
    its gradients in its first steps; short ones do less harm.  (Goyal et al. 2017)
    """
    climb = warmup * steps
    if step < climb:
        return (step + 1) / (climb + 1)
    return SCHEDULES[schedule]((step - climb) / (steps - climb))
