"""The effect of each change that turns the recipe `original` into `standard`; with --script, of the one before.

    python -m tests.benchmarks.ablation [--script]

Needs `artifacts/` with normalize run on MNIST.
"""

import itertools
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.data.split import load_split
from pipeline.training.classification import make_classifier_task
from pipeline.training.epochs import train_network
from pipeline.training.recipe import Recipe
from pipeline.training.recipes import RECIPES
from tests.benchmarks.markdown import spread, table

SEEDS = 3
ORIGINAL, MLP, STANDARD = RECIPES["original"], RECIPES["mlp"], RECIPES["standard"]
STEPS: dict[str, dict[str, Any]] = {
    "correct gradients": {},
    "biases with a standard deviation of 1 instead of 10": {"bias_std": 1.0},
    "ReLU, He initialisation, biases 0; rate 0.1": {
        "activation": "relu",
        "initialisation": "he",
        "bias_std": 0.0,
        "learning_rate": 0.1,
    },
    "softmax and cross-entropy": {"loss": "cross-entropy"},
    f"layers of {MLP.layers.replace(',', ' and ')} units, {MLP.epochs} epochs": {
        "layers": MLP.layers,
        "shards": MLP.shards,
        "epochs": MLP.epochs,
    },
    "Adam at rate 0.001": {"optimizer": "adam", "learning_rate": 0.001},
    f"rate {MLP.learning_rate:g}, warm-up, cosine schedule; batches of {MLP.batch_size}": {
        "learning_rate": MLP.learning_rate,
        "schedule": MLP.schedule,
        "warmup": MLP.warmup,
        "batch_size": MLP.batch_size,
    },
    "augmented images": {"augmentation": MLP.augmentation},
    "label smoothing": {"label_smoothing": MLP.label_smoothing},
    "weight decay by AdamW (the recipe `mlp`)": {"optimizer": MLP.optimizer, "weight_decay": MLP.weight_decay},
    "two strided convolutions (`standard` without negatives and styles)": {
        "layers": STANDARD.layers,
        "epochs": STANDARD.epochs,
    },
}
# The training of the script that the project began with, whose loss is twice ours, hence its rate half of this one.
SCRIPT: dict[str, dict[str, Any]] = {
    "`BATCH_SIZE=1 EPOCHS=1 LEARNING_RATE=2`": {"batch_size": 1, "epochs": 1, "learning_rate": 2.0},
    "none": {name: getattr(ORIGINAL, name) for name in ("batch_size", "epochs", "learning_rate")},
}


def list_recipes(steps: dict[str, dict[str, Any]]) -> list[Recipe]:
    """Return the recipe of each step, with the changes of all steps before it."""
    made = itertools.accumulate(steps.values(), lambda recipe, changes: replace(recipe, **changes), initial=ORIGINAL)
    _, *recipes = made
    last = replace(STANDARD, negatives=0.0, styles=0.0) if steps is STEPS else ORIGINAL
    assert recipes[-1] == last, "the steps lead to another recipe"
    return recipes


def main() -> None:
    steps = SCRIPT if "--script" in sys.argv else STEPS
    data, rows = load_split(Path("artifacts/normalize")), []
    for change, recipe in zip(steps, list_recipes(steps), strict=True):
        print(change, file=sys.stderr)
        accuracies, seconds = [], []
        for seed in range(1, SEEDS + 1):
            started = time.process_time()
            with tempfile.TemporaryDirectory() as folder:
                one, checkpoint = replace(recipe, seed=seed), Path(folder) / "network.npz"
                history = train_network(make_classifier_task(data, one), one, checkpoint).history
            accuracies.append(100 * history[-1].validation_accuracy)
            seconds.append(time.process_time() - started)
        rows.append([change, spread(accuracies, ".2f", "%"), f"{statistics.median(seconds):.1f} s"])
    print(table(["options" if steps is SCRIPT else "change", "validation accuracy", "CPU time"], rows))
    print(f"\nMedians of {SEEDS} seeds, with the minimum and maximum in parentheses.")


if __name__ == "__main__":
    main()
