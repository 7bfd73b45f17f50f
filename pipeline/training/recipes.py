"""The named recipes. Their values were tuned on validation images, as docs/results.md shows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pipeline.data.augmentation import Augmentation
from pipeline.training.recipe import Recipe, to_dict

# A stage resolves its recipe, so that changing one does not rerun the training by another.
IN_NO_KEY = "the values of a recipe are in the parameters"

RecipeName = Literal["original", "quick", "mlp", "standard", "record"]
ReaderRecipeName = Literal["standard", "quick"]

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
        loss="mean-squared-error",
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
    # The best convolutional network in about 30 seconds of training. It also learns to reject anything that is
    # not a digit, and to read digits in the styles of several countries.
    "standard": replace(MLP, layers="conv16,conv64,128", epochs=10, negatives=0.2, styles=0.05),
    # An ensemble for less than an hour of training.
    "record": replace(
        MLP,
        layers="conv24x4,conv48x3/1,conv96x4,192",
        learning_rate=0.0035,
        ema_decay=0.999,
        batch_size=128,
        epochs=40,
        ensemble_size=5,
        augmentation=replace(MLP.augmentation, stroke_width=0.2),
    ),
}

# Of networks that are slid over pictures: the one that is pretrained, and one for a few minutes of training.
READER = Recipe(
    layers="conv8,conv16,conv32x3/1,conv32x3/1,conv32x3/1",
    optimizer="adamw",
    weight_decay=0.02,
    learning_rate=0.002,
    warmup=0.02,
    ema_decay=0.999,
    batch_size=32,
    epochs=12,
)
READER_RECIPES: dict[ReaderRecipeName, Recipe] = {
    "standard": READER,
    "quick": replace(READER, epochs=3),
}
# Of the recogniser: the one that is pretrained, and one for a few minutes of training.
ROW_RECIPE = Recipe(
    layers="conv24x5/2p2,conv40x3/2x1p1,conv72x3/2x1p1,conv144x5x3/1p0x1,"
    "conv144x1x5/1p0x2+,conv144x1x5/1p0x4d2+,conv144x1x5/1p0x8d4+,conv144x1x5/1p0x16d8+,conv144x1x5/1p0x8d4+",
    optimizer="adamw",
    weight_decay=0.02,
    learning_rate=0.002,
    warmup=0.02,
    ema_decay=0.998,
    batch_size=48,
    epochs=8,
)
ROW_RECIPES: dict[ReaderRecipeName, Recipe] = {
    "standard": ROW_RECIPE,
    "quick": replace(
        ROW_RECIPE,
        layers="conv12x5/2p2,conv20x3/2x1p1,conv36x3/2x1p1,conv56x5x3/1p0x1,conv56x1x5/1p0x4d2+,conv56x1x5/1p0x16d8+",
        epochs=3,
    ),
}


def find_changes(name: RecipeName, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the values that differ from the recipe, each with the value of the recipe."""
    recipe = to_dict(RECIPES[name])
    return {key: (value, recipe[key]) for key, value in values.items() if recipe[key] != value}
