"""Ablation: the recipes from `original` to `standard`, one change at a time."""

import itertools
from dataclasses import replace
from typing import Any

from pipeline.training.recipe import Recipe
from pipeline.training.recipes import RECIPES


def ablation_steps() -> list[tuple[str, Recipe]]:
    """Return the steps from `original` to `standard` in order: the name of the change and the recipe with it."""
    original, mlp, standard = RECIPES["original"], RECIPES["mlp"], RECIPES["standard"]
    steps: dict[str, dict[str, Any]] = {
        "correct gradients": {},
        "biases with a standard deviation of 1 instead of 10": {"bias_std": 1.0},
        "ReLU, He initialisation, biases 0; rate 0.1": {
            "activation": "relu",
            "initialisation": "he",
            "bias_std": 0.0,
            "learning_rate": 0.1,
        },
        "softmax and cross-entropy": {"loss": "cross-entropy"},
        f"layers of {mlp.layers.replace(',', ' and ')} units, {mlp.epochs} epochs": {
            "layers": mlp.layers,
            "shards": mlp.shards,
            "epochs": mlp.epochs,
        },
        "Adam at rate 0.001": {"optimizer": "adam", "learning_rate": 0.001},
        f"rate {mlp.learning_rate:g}, warm-up, cosine schedule; batches of {mlp.batch_size}": {
            "learning_rate": mlp.learning_rate,
            "schedule": mlp.schedule,
            "warmup": mlp.warmup,
            "batch_size": mlp.batch_size,
        },
        "augmented images": {"augmentation": mlp.augmentation},
        "label smoothing": {"label_smoothing": mlp.label_smoothing},
        "weight decay by AdamW (the recipe mlp)": {"optimizer": mlp.optimizer, "weight_decay": mlp.weight_decay},
        "two strided convolutions (standard without drawn images)": {
            "layers": standard.layers,
            "epochs": standard.epochs,
        },
    }
    recipes = itertools.accumulate(steps.values(), lambda recipe, changes: replace(recipe, **changes), initial=original)
    return list(zip(steps, itertools.islice(recipes, 1, None), strict=True))
