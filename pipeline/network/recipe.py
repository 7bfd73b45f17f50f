"""A recipe is everything that decides a training run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin

from pipeline.engine.errors import UsageError
from pipeline.network.names import ActivationName, CostName, InitialisationName, OptimizerName, ScheduleName

WIDEST = 1_000_000  # units of a layer, or deviation of the first biases; more makes no sense on any machine


@dataclass(frozen=True)
class Recipe:
    """sizes: of the hidden layers; those of inputs and outputs follow from the data.

    initialisation, bias_deviation: of the first weights and biases. momentum: of the optimizers momentum and
    nesterov. seed: of every random draw. Raises UsageError for a value out of its range.
    """

    sizes: tuple[int, ...] = (512,)
    activation: ActivationName = "relu"
    cost: CostName = "cross-entropy"
    initialisation: InitialisationName = "he"
    bias_deviation: float = 0.0
    optimizer: OptimizerName = "adam"
    learning_rate: float = 0.001
    schedule: ScheduleName = "cosine"
    momentum: float = 0.9
    batch_size: int = 128
    epochs: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if get_origin(field.type) is Literal and value not in get_args(field.type):
                known = ", ".join(get_args(field.type))
                raise UsageError(f"there is no {field.name} '{value}': choose one of {known}")
        for size in self.sizes:
            _require(1 <= size <= WIDEST, "every layer size", f"at least 1 and at most {WIDEST:,}", size)
        _require(0 < self.learning_rate < math.inf, "learning rate", "above 0", self.learning_rate)
        _require(0 <= self.momentum < 1, "momentum", "in [0, 1)", self.momentum)
        _require(self.batch_size >= 1, "batch size", "at least 1", self.batch_size)
        _require(self.epochs >= 1, "number of epochs", "at least 1", self.epochs)
        _require(self.seed >= 0, "seed", "at least 0", self.seed)
        bias_deviation = self.bias_deviation
        _require(0 <= bias_deviation <= WIDEST, "bias deviation", f"at least 0 and at most {WIDEST:,}", bias_deviation)


def _require(holds: bool, name: str, condition: str, value: object) -> None:
    if not holds:
        raise UsageError(f"{name} must be {condition}, not {value}")


def override(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe, with each value of `changes` that has one of its names and is not None in place of its own.

    Sizes may be text, as `parse_sizes` takes it. Raises UsageError.
    """
    names = {field.name for field in fields(recipe)}
    values = {name: value for name, value in changes.items() if name in names and value is not None}
    if isinstance(values.get("sizes"), str):
        values["sizes"] = parse_sizes(values["sizes"])
    return replace(recipe, **values)


def parse_sizes(text: str) -> tuple[int, ...]:
    """`512,256` as (512, 256); an empty text as no hidden layer at all. Raises UsageError."""
    try:
        return tuple(int(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        raise UsageError(f"sizes are whole numbers with commas between them, as in 512,256, not {text}") from None


def spell_sizes(sizes: tuple[int, ...]) -> str:
    """The text that `parse_sizes` reads as `sizes`."""
    return ",".join(map(str, sizes))
