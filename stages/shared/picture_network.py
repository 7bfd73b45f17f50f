"""Save what the stages `rows` and `reader` train: a network for line images or pictures, and its training record."""

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.engine.provenance import environment
from pipeline.model.model import save_model
from pipeline.training.epochs import Trained
from pipeline.training.history import write_history
from pipeline.training.recipe import Recipe


def describe_training(name: str, recipe: Recipe, fields: Collection[str], trained: Trained[Any]) -> dict[str, Any]:
    """Return what the card says of a training. name: name of the recipe. fields: the values of it that apply."""
    return {
        "versions": environment(["numpy"]),
        "recipe": name,
        **{field: value for field, value in asdict(recipe).items() if field in fields},
        "best_epoch": trained.best_epochs[0],
        "seconds": round(trained.seconds),
    }


def save_network(output: Path, trained: Trained[Any], record: dict[str, Any]) -> None:
    """Write a model with the record of its training and its history."""
    save_model(output, trained.model, record)
    write_history(output / "history.csv", trained.histories)
