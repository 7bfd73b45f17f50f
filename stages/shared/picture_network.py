"""What the stages `rows` and `reader` write: a network for strips or pictures, and how it was trained."""

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.engine.provenance import environment
from pipeline.model.model import save_model
from pipeline.training.epochs import TrainedModel
from pipeline.training.history import write_history
from pipeline.training.recipe import Recipe


def describe_training(name: str, recipe: Recipe, fields: Collection[str], model: TrainedModel) -> dict[str, Any]:
    """Return what the card says of a training. name: of the recipe. fields: those of its values that apply."""
    return {
        "versions": environment(["numpy"]),
        "recipe": name,
        **{field: value for field, value in asdict(recipe).items() if field in fields},
        "best_epoch": model.best_epochs[0],
        "seconds": round(sum(epoch.seconds for epoch in model.histories[0])),
    }


def save_network(output: Path, model: TrainedModel, record: dict[str, Any]) -> None:
    """Write the model with the record of its training and its history."""
    save_model(output, model, record)
    write_history(output / "history.csv", model.histories)
