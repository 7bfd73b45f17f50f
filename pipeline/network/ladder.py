"""From the first script's network to the recipe `standard`, one idea at a time: what does each buy?"""

import itertools
from dataclasses import replace
from typing import Any

from pipeline.network.recipe import Recipe
from pipeline.network.recipes import RECIPES


def climb() -> list[tuple[str, Recipe]]:
    """The rungs from the bottom up, from `seed` to `standard`: what is new, and the recipe with it."""
    seed, standard = RECIPES["seed"], RECIPES["standard"]
    steps: dict[str, dict[str, Any]] = {
        "the gradient mended": {},
        "biases from N(0, 1), not N(0, 10)": {"bias_deviation": 1.0},
        "ReLU, weights by He, biases 0; rate 0.1": {
            "activation": "relu",
            "initialisation": "he",
            "bias_deviation": 0.0,
            "learning_rate": 0.1,
        },
        "softmax and cross-entropy": {"cost": "cross-entropy"},
        f"{' and '.join(map(str, standard.sizes))} units, {standard.epochs} epochs": {
            "sizes": standard.sizes,
            "shards": standard.shards,
            "epochs": standard.epochs,
        },
        "Adam at rate 0.001": {"optimizer": "adam", "learning_rate": 0.001},
        f"rate {standard.learning_rate:g}, warmed up, down to 0; batches of {standard.batch_size}": {
            "learning_rate": standard.learning_rate,
            "schedule": standard.schedule,
            "warmup": standard.warmup,
            "batch_size": standard.batch_size,
        },
        "images bent anew in each epoch": {"deformation": replace(standard.deformation, bent=1.0)},
        f"{standard.deformation.bent:.0%} of them, the others as they are": {"deformation": standard.deformation},
        "smoothed labels": {"smoothing": standard.smoothing},
        "weight decay by AdamW": {"optimizer": standard.optimizer, "weight_decay": standard.weight_decay},
    }
    recipes = itertools.accumulate(steps.values(), lambda recipe, changes: replace(recipe, **changes), initial=seed)
    return list(zip(steps, itertools.islice(recipes, 1, None), strict=True))
