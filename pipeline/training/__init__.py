"""Training: recipes, epochs, ensembles, checkpoints, temperature, and stored training runs.

`train` and `hold_out` are imported on first use, so that importing a recipe does not import NumPy.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.data.split import hold_out as hold_out
    from pipeline.training.classification import train as train

MODULES = {"train": "pipeline.training.classification", "hold_out": "pipeline.data.split"}


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return getattr(importlib.import_module(MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
