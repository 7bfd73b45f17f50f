"""A recipe is everything that decides a training run."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args, get_origin

from pipeline.data.deformation import Deformation
from pipeline.engine.errors import UsageError
from pipeline.network.names import ActivationName, CostName, InitialisationName, OptimizerName, ScheduleName

WIDEST = 1_000_000  # units of a layer, or deviation of the first biases; more makes no sense on any machine
MOST_MEMBERS = 1000  # of a committee


@dataclass(frozen=True)
class Recipe:
    """sizes: of the hidden layers; those of inputs and outputs follow from the data.

    smoothing: of the labels, a share. initialisation, bias_deviation: of the first weights and biases. warmup: the
    share of the run in which the learning rate climbs. momentum: of the optimizers momentum and nesterov.
    averaging: how much of its past the averaged network keeps at each step, 0 for none; where there is one, it is
    the network that counts. shards: into how many parts each batch is cut, which decides the order of sums and of
    draws. members: how many networks are trained and averaged. seed: of every random draw; each further member has
    the next.
    Raises UsageError for a value out of its range.
    """

    sizes: tuple[int, ...] = (512,)
    activation: ActivationName = "relu"
    cost: CostName = "cross-entropy"
    smoothing: float = 0.0
    initialisation: InitialisationName = "he"
    bias_deviation: float = 0.0
    optimizer: OptimizerName = "adam"
    learning_rate: float = 0.001
    schedule: ScheduleName = "cosine"
    warmup: float = 0.0
    momentum: float = 0.9
    weight_decay: float = 0.0
    averaging: float = 0.0
    batch_size: int = 128
    shards: int = 2
    epochs: int = 10
    members: int = 1
    seed: int = 1
    deformation: Deformation = field(default_factory=Deformation)

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if get_origin(one.type) is Literal and value not in get_args(one.type):
                known = ", ".join(get_args(one.type))
                raise UsageError(f"there is no {one.name} '{value}': choose one of {known}")
        for size in self.sizes:
            _require(1 <= size <= WIDEST, "every layer size", f"at least 1 and at most {WIDEST:,}", size)
        _require(0 < self.learning_rate < math.inf, "learning rate", "a finite number above 0", self.learning_rate)
        for name in ("smoothing", "warmup", "momentum", "averaging"):
            _require(0 <= getattr(self, name) < 1, name, "in [0, 1)", getattr(self, name))
        _require(0 <= self.weight_decay < math.inf, "weight decay", "finite and at least 0", self.weight_decay)
        _require(self.batch_size >= 1, "batch size", "at least 1", self.batch_size)
        _require(1 <= self.shards <= 1024, "number of shards", "at least 1 and at most 1024", self.shards)
        _require(self.epochs >= 1, "number of epochs", "at least 1", self.epochs)
        _require(1 <= self.members <= MOST_MEMBERS, "members", f"at least 1 and at most {MOST_MEMBERS}", self.members)
        _require(self.seed >= 0, "seed", "at least 0", self.seed)
        bias_deviation = self.bias_deviation
        _require(0 <= bias_deviation <= WIDEST, "bias deviation", f"at least 0 and at most {WIDEST:,}", bias_deviation)
        for name, (low, high) in DEFORMATION_RANGES.items():
            value = getattr(self.deformation, name)
            _require(low <= value <= high, name, f"at least {low:g} and at most {high:g}", value)


# What a deformation may be, for it to leave something of a picture and to take a sensible time.
DEFORMATION_RANGES = {
    "bent": (0, 1),
    "shift": (0, 1000),
    "rotation": (0, 180),
    "scale": (0, 0.9),
    "shear": (0, 10),
    "elastic": (0, 1000),
    "smoothness": (1, 1000),
    "thickness": (0, 1),
}


def _require(holds: bool, name: str, condition: str, value: object) -> None:
    if not holds:
        raise UsageError(f"{name} must be {condition}, not {value}")


def override(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe, with each value of `changes` that has one of its names and is not None in place of its own.

    Those of the deformation stand among the others, under their own names. Sizes may be text, as `parse_sizes` takes
    it. Raises UsageError.
    """

    def changed(part: Recipe | Deformation) -> dict[str, Any]:
        names = {one.name for one in fields(part)}
        return {name: value for name, value in changes.items() if name in names and value is not None}

    values = changed(recipe)
    if isinstance(values.get("sizes"), str):
        values["sizes"] = parse_sizes(values["sizes"])
    return replace(recipe, **values, deformation=replace(recipe.deformation, **changed(recipe.deformation)))


def member_recipes(recipe: Recipe) -> list[Recipe]:
    """The recipe of each member of the committee: the same but for its seed."""
    return [replace(recipe, members=1, seed=recipe.seed + i) for i in range(recipe.members)]


def spell(recipe: Recipe) -> dict[str, Any]:
    """All values of the recipe by name, those of the deformation among them, and the sizes as text.

    It is what `override` makes this recipe of, whichever other it begins with.
    """
    values = asdict(recipe)
    deformation = values.pop("deformation")
    return {**values, **deformation, "sizes": spell_sizes(recipe.sizes)}


def parse_sizes(text: str) -> tuple[int, ...]:
    """`512,256` as (512, 256); an empty text as no hidden layer at all. Raises UsageError."""
    try:
        return tuple(int(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        raise UsageError(f"sizes are whole numbers with commas between them, as in 512,256, not {text}") from None


def spell_sizes(sizes: tuple[int, ...]) -> str:
    """The text that `parse_sizes` reads as `sizes`."""
    return ",".join(map(str, sizes))
