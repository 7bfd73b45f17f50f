"""Train a network for pictures or strips, and describe how: what the stages `rows` and `reader` share."""

from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.data.dataset import Description
from pipeline.engine import CHECKPOINT
from pipeline.engine.provenance import environment
from pipeline.network.activations import Array
from pipeline.training.epochs import TrainedModel, TrainingProgress, join_networks, train_network
from pipeline.training.recipe import Recipe
from pipeline.training.training_data import Examples


def train_model(
    recipe: Recipe,
    examples: tuple[Examples, Examples],
    description: Description,
    output: Path,
    on_progress: Callable[[TrainingProgress], None],
    initial: Array | None = None,
    extra: int = 1,
    **parts: Any,
) -> TrainedModel:
    """Return a model of one network. examples: for training and for validation.

    initial: parameters to start from; by default they are drawn. extra: outputs besides the classes. parts: other
    fields of the model.
    """
    training, _ = examples
    outputs = len(description.class_names) + extra
    (output / CHECKPOINT).mkdir(exist_ok=True)
    trained = train_network(recipe, *examples, outputs, output / CHECKPOINT / "network.npz", on_progress, initial)
    parts["validation_accuracy"] = trained.best.validation_accuracy
    return join_networks(recipe, training, description, [trained], **parts)


def describe_training(name: str, recipe: Recipe, fields: Collection[str], model: TrainedModel) -> dict[str, Any]:
    """Return what the card says of a training. name: of the recipe. fields: those of its values that apply."""
    return {
        "versions": environment(["numpy"]),
        "recipe": name,
        **{field: value for field, value in asdict(recipe).items() if field in fields},
        "best_epoch": model.best_epochs[0],
        "seconds": round(sum(epoch.seconds for epoch in model.histories[0])),
    }
