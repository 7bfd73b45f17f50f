"""The recipes by name. Their values were chosen on validation images; the README shows how."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pipeline.data.deformation import Deformation
from pipeline.training.recipe import Recipe, spell

RecipeName = Literal["original", "quick", "mlp", "standard", "record"]

# The best multilayer perceptron for 20 seconds.
MLP = Recipe(
    layers="512,256",
    smoothing=0.03,
    optimizer="adamw",
    weight_decay=0.1,
    learning_rate=0.005,
    warmup=0.05,
    batch_size=256,
    epochs=15,
    deformation=Deformation(shift=1.5, rotation=12.0, scale=0.12, shear=0.15, elastic=0.6),
)

RECIPES: dict[RecipeName, Recipe] = {
    # The network and the constants of the script that this project started from, without its bugs.
    "original": Recipe(
        layers="20,16",
        activation="sigmoid",
        cost="quadratic",
        initialisation="normal",
        bias_deviation=10.0,
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
        smoothing=0.03,
        optimizer="adamw",
        weight_decay=0.1,
        learning_rate=0.0035,
        warmup=0.05,
        averaging=0.999,
        batch_size=128,
        epochs=40,
        members=5,
        deformation=replace(MLP.deformation, thickness=0.2),
    ),
}


def find_changes(parameters: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The parameters that differ from the recipe, each with both values; empty for an unknown recipe."""
    name: Any = parameters.get("recipe")
    if not isinstance(name, str) or name not in RECIPES:
        return {}
    recipe = spell(RECIPES[name])
    own = {key: value for key, value in parameters.items() if key != "recipe"}
    return {key: (value, recipe.get(key)) for key, value in own.items() if key not in recipe or recipe[key] != value}
