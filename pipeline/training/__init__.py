"""Training: recipes, data, multithreaded epochs, ensembles, checkpoints, history, calibration."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing a recipe must not import NumPy, so that `--help` is fast
    from pipeline.scheduling.backends import Backend
    from pipeline.training.data import TrainingData
    from pipeline.training.ensemble import Progress
    from pipeline.training.recipe import Recipe
    from pipeline.training.trained import TrainedModel


def train(
    data: "TrainingData",
    recipe: "Recipe",
    checkpoints: Path | None = None,
    backend: "Backend | None" = None,
    on_progress: "Callable[[Progress], object]" = lambda progress: None,
    report: Callable[[str], object] = lambda line: None,
) -> "TrainedModel":
    """Train the network or the ensemble of a recipe; return the model, calibrated on the validation images.

    data: from `hold_out` for arrays, from `load_data` for artifacts. checkpoints: folder for a checkpoint of each
    network; training resumes from those that it holds, with a result bit-identical to an uninterrupted run. backend: of
    an ensemble, by default one network after the other. on_progress: called during and after each epoch. report: called
    with lines about the workers. Raises UsageError if the layers do not fit the images, and TrainingError if training
    diverges.
    """
    from pipeline.training.trained import train_model

    return train_model(data, recipe, checkpoints, backend, on_progress, report)
