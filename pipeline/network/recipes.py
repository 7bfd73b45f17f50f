"""The recipes that we know, by name."""

from typing import Literal

from pipeline.network.recipe import Recipe

RecipeName = Literal["seed", "quick", "standard"]

RECIPES: dict[RecipeName, Recipe] = {
    # The script that this project grew out of: its network and its constants, without its bugs.
    "seed": Recipe(
        sizes=(20, 16),
        activation="sigmoid",
        cost="quadratic",
        initialisation="normal",
        bias_deviation=10.0,
        optimizer="sgd",
        learning_rate=1.0,
        schedule="constant",
        batch_size=100,
        epochs=30,
    ),
    "quick": Recipe(sizes=(128,), learning_rate=0.002, epochs=5),
    "standard": Recipe(),
}
