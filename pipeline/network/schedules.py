"""Schedules: how the learning rate changes over a training run."""

import math
from collections.abc import Callable

PCT_START = 0.3  # of one-cycle: the fraction of the run in which the rate rises
START, END = 1 / 25, 1 / 25 / 1e4  # of one-cycle: the first and the last factor


def cosine(progress: float) -> float:
    """From 1 to 0 along half a cosine wave.  (Loshchilov & Hutter 2017, eq. 5)"""
    return (1 + math.cos(math.pi * progress)) / 2


def one_cycle(progress: float) -> float:
    """From 1/25 up to 1, then down to almost 0, both along half a cosine wave.

    (Smith & Topin 2018, in the form that PyTorch and fastai use)
    """
    if progress < PCT_START:
        return 1 + (START - 1) * cosine(progress / PCT_START)
    return END + (1 - END) * cosine((progress - PCT_START) / (1 - PCT_START))


# The factor on the learning rate at a progress in [0, 1) of the run's steps.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda progress: 1.0,
    "cosine": cosine,
    "one-cycle": one_cycle,
}


def rate_factor(schedule: str, warmup: float, step: int, steps: int) -> float:
    """Factor on the learning rate of a step, counted from 0 over all `steps` of the run.

    It rises linearly over the fraction `warmup` of the run; the schedule covers the rest.  (Goyal et al. 2017)
    """
    rising = warmup * steps
    if step < rising:
        return (step + 1) / (rising + 1)
    return SCHEDULES[schedule]((step - rising) / (steps - rising))
