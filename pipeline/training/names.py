"""The names of activations, losses, optimizers and the like in a recipe; without NumPy, so that `--help` is fast."""

from typing import Literal

ActivationName = Literal["sigmoid", "relu"]
CostName = Literal["quadratic", "cross-entropy"]
OptimizerName = Literal["sgd", "momentum", "nesterov", "adam", "adamw"]
ScheduleName = Literal["constant", "cosine", "one-cycle"]
InitialisationName = Literal["normal", "xavier", "he"]
