"""Recipes: all values that determine a training run, and the named ones. Without NumPy, so that `--help` is fast.

The values of the named recipes were chosen on validation images; the README shows how.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from pipeline.data.augmentation import Augmentation, check_values, value
from pipeline.training.notation import format_layers

ActivationName = Literal["sigmoid", "relu"]
LossName = Literal["quadratic", "cross-entropy"]
OptimizerName = Literal["sgd", "momentum", "nesterov", "adam", "adamw"]
ScheduleName = Literal["constant", "cosine", "one-cycle"]
InitialisationName = Literal["normal", "xavier", "he"]
RecipeName = Literal["original", "quick", "mlp", "standard", "record"]


@dataclass(frozen=True)
class Recipe:
    """Each value is also an option of `train`. Raises UsageError for a value out of its range.

    layers: in the notation of `pipeline.training.notation`. shards: they determine the order of sums and of random
    draws. ema_decay: 0 turns it off; with it the averaged parameters are the result. seed: the next network of an
    ensemble has the next seed.
    """

    layers: str = value("128", "Hidden layers, as in 512,256 or conv16,conv64,128; in full conv16x5/2.")
    activation: ActivationName = value("relu", "Of the hidden layers.")
    loss: LossName = value("cross-entropy", "What is minimised.")
    label_smoothing: float = value(0.0, "Share of a label that is spread over all classes.", "[0, 1)")
    initialisation: InitialisationName = value("he", "How wide the first weights are drawn.")
    bias_std: float = value(0.0, "How wide the first biases are drawn.", "[0, 1000000]")
    optimizer: OptimizerName = value("adam", "How a gradient becomes a step.")
    learning_rate: float = value(0.001, "How long the steps are.", "(0, inf)")
    schedule: ScheduleName = value("cosine", "How their length changes over the run.")
    warmup: float = value(0.0, "Share of the run in which it climbs from 0.", "[0, 1)")
    momentum: float = value(0.9, "Of the optimizers momentum and nesterov.", "[0, 1)")
    weight_decay: float = value(0.0, "How strongly weights are drawn to 0.", "[0, inf)")
    ema_decay: float = value(0.0, "How much of its past the average keeps a step.", "[0, 1)")
    batch_size: int = value(128, "Images a step learns from.", "[1, inf)")
    shards: int = value(2, "Parts of each batch, for so many cores.", "[1, 1024]")
    epochs: int = value(10, "Passes over the training images.", "[1, inf)")
    ensemble_size: int = value(1, "Networks that are trained and averaged.", "[1, 1000]")
    seed: int = value(1, "Of every random draw.", "[0, inf)")
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        check_values(self)
        object.__setattr__(self, "layers", format_layers(self.layers))  # equal layers are equal recipes


def override(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe, with each value of `changes` that has one of its names and is not None in place of its own.

    The values of the deformation have their own names among the others. Raises UsageError.
    """

    def changed(part: Recipe | Augmentation) -> dict[str, Any]:
        names = {one.name for one in fields(part)}
        return {name: value for name, value in changes.items() if name in names and value is not None}

    return replace(recipe, **changed(recipe), augmentation=replace(recipe.augmentation, **changed(recipe.augmentation)))


def network_recipes(recipe: Recipe) -> list[Recipe]:
    """The recipe of each network of the ensemble: the same but for its seed."""
    return [replace(recipe, ensemble_size=1, seed=recipe.seed + i) for i in range(recipe.ensemble_size)]


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """All values of the recipe by name, those of the deformation among them: what `override` takes."""
    values = asdict(recipe)
    augmentation = values.pop("augmentation")
    return {**values, **augmentation}


# The best multilayer perceptron for 20 seconds.
MLP = Recipe(
    layers="512,256",
    label_smoothing=0.03,
    optimizer="adamw",
    weight_decay=0.1,
    learning_rate=0.005,
    warmup=0.05,
    batch_size=256,
    epochs=15,
    augmentation=Augmentation(shift=1.5, rotation=12.0, scale=0.12, shear=0.15, elastic=0.6),
)

RECIPES: dict[RecipeName, Recipe] = {
    # The network and the constants of the script that this project started from, without its bugs.
    "original": Recipe(
        layers="20,16",
        activation="sigmoid",
        loss="quadratic",
        initialisation="normal",
        bias_std=10.0,
        optimizer="sgd",
        learning_rate=1.0,
        schedule="constant",
        batch_size=100,
        shards=1,  # the network is too small for several threads
        epochs=30,
    ),
    # The best for one or two seconds of training.
    "quick": Recipe(
        layers="192",
        optimizer="adamw",
        weight_decay=0.1,
        learning_rate=0.012,
        warmup=0.2,
        batch_size=384,
        epochs=5,
    ),
    "mlp": MLP,
    # The best convolutional network for 30 seconds.
    "standard": replace(MLP, layers="conv16,conv64,128", epochs=10),
    # The best ensemble for an hour.
    "record": Recipe(
        layers="conv24x4,conv48x3/1,conv96x4,192",
        label_smoothing=0.03,
        optimizer="adamw",
        weight_decay=0.1,
        learning_rate=0.0035,
        warmup=0.05,
        ema_decay=0.999,
        batch_size=128,
        epochs=40,
        ensemble_size=6,
        augmentation=replace(MLP.augmentation, stroke_width=0.2),
    ),
}


def find_changes(parameters: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The parameters that differ from the recipe, each with both values; empty for an unknown recipe."""
    name: Any = parameters.get("recipe")
    if not isinstance(name, str) or name not in RECIPES:
        return {}
    recipe = to_dict(RECIPES[name])
    own = {key: value for key, value in parameters.items() if key != "recipe"}
    return {key: (value, recipe.get(key)) for key, value in own.items() if key not in recipe or recipe[key] != value}
