"""The names by which a recipe calls for an activation, a cost, an optimizer and the like."""

from typing import Literal

ActivationName = Literal["sigmoid", "relu"]
CostName = Literal["quadratic", "cross-entropy"]
OptimizerName = Literal["sgd", "momentum", "nesterov", "adam", "adamw"]
ScheduleName = Literal["constant", "cosine", "one-cycle"]
InitialisationName = Literal["normal", "xavier", "he"]
