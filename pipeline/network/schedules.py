"""A schedule says how the learning rate changes over a run: long steps to find the valley, short ones to settle."""

import math
from collections.abc import Callable

# Each gives the factor on the recipe's learning rate at a progress in [0, 1) of the run's steps.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda progress: 1.0,
    "cosine": lambda progress: (1 + math.cos(math.pi * progress)) / 2,  # Loshchilov & Hutter 2017, eq. 5
}
