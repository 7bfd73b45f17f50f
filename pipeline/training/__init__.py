"""Training: recipes, data, multithreaded epochs, ensembles, checkpoints, history, calibration.

`train` is imported on first use, so that importing a recipe imports neither NumPy nor the code of the training.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.training.trained import train as train


def __getattr__(name: str) -> Any:
    if name == "train":
        return importlib.import_module("pipeline.training.trained").train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
