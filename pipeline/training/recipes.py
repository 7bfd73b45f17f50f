"""Recipes: all hyperparameters of a training run. This module does not import NumPy, so that `--help` is fast.

The values of the named recipes were chosen on validation images, as the README shows.
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
    """Hyperparameters of a training run; `train` has an option for each. Raises UsageError for a value out of range.

    layers: see `pipeline.training.notation`. shards: determine the order of sums and of random draws. ema_decay: unless
    0, the averaged parameters are the result. seed: of the first network; the others of an ensemble count up from it.
    """

    layers: str = value(
        "128", "Hidden layers: units (512,256) or convolutions (conv16,conv64,128; in full conv16x5/2)."
    )
    activation: ActivationName = value("relu", "Activation function of the hidden layers.")
    loss: LossName = value("cross-entropy", "Loss function.")
    label_smoothing: float = value(0.0, "Label smoothing: fraction of each label spread over all classes.", "[0, 1)")
    initialisation: InitialisationName = value("he", "Weight initialisation.")
    bias_std: float = value(0.0, "Standard deviation of the initial biases.", "[0, 1000000]")
    optimizer: OptimizerName = value("adam", "Optimizer.")
    learning_rate: float = value(0.001, "Learning rate, the largest of the schedule.", "(0, inf)")
    schedule: ScheduleName = value("cosine", "Learning rate schedule over the run.")
    warmup: float = value(0.0, "Fraction of the run with a linear learning rate warm-up.", "[0, 1)")
    momentum: float = value(0.9, "Momentum of the optimizers momentum and nesterov.", "[0, 1)")
    weight_decay: float = value(0.0, "Weight decay: decoupled for adamw, an L2 term otherwise.", "[0, inf)")
    ema_decay: float = value(0.0, "Decay of the moving average of the weights; 0 turns it off.", "[0, 1)")
    batch_size: int = value(128, "Images per batch.", "[1, inf)")
    shards: int = value(2, "Shards per batch: the most threads that can train a network.", "[1, 1024]")
    epochs: int = value(10, "Epochs of training.", "[1, inf)")
    ensemble_size: int = value(1, "Networks to train; their logits are averaged.", "[1, 1000]")
    seed: int = value(1, "Seed of all random numbers.", "[0, inf)")
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        check_values(self)
        object.__setattr__(self, "layers", format_layers(self.layers))  # equal layers are equal recipes


def override(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return the recipe with the values of `changes`; None and unknown names are ignored. Raises UsageError.

    The names include those of the fields of `Augmentation`.
    """

    def changed(part: Recipe | Augmentation) -> dict[str, Any]:
        names = {each.name for each in fields(part)}
        return {name: value for name, value in changes.items() if name in names and value is not None}

    return replace(recipe, **changed(recipe), augmentation=replace(recipe.augmentation, **changed(recipe.augmentation)))


def network_recipes(recipe: Recipe) -> list[Recipe]:
    """Return a recipe for each network of the ensemble; they differ in their seeds."""
    return [replace(recipe, ensemble_size=1, seed=recipe.seed + i) for i in range(recipe.ensemble_size)]


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """Return all values by name, including those of the augmentation, as `override` takes them."""
    values = asdict(recipe)
    augmentation = values.pop("augmentation")
    return {**values, **augmentation}


# The best multilayer perceptron in 20 seconds of training.
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
    # The network and constants of the script that this project started from, without its bugs.
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
    # The best in one or two seconds of training.
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
    # The best convolutional network in 30 seconds of training.
    "standard": replace(MLP, layers="conv16,conv64,128", epochs=10),
    # The best ensemble in an hour of training.
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
        ensemble_size=5,
        augmentation=replace(MLP.augmentation, stroke_width=0.2),
    ),
}


def find_changes(parameters: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the parameters that differ from their recipe, with both values; empty for an unknown recipe."""
    name: Any = parameters.get("recipe")
    if not isinstance(name, str) or name not in RECIPES:
        return {}
    recipe = to_dict(RECIPES[name])
    return {
        key: (value, recipe.get(key))
        for key, value in parameters.items()
        if key != "recipe" and (key not in recipe or recipe[key] != value)
    }
