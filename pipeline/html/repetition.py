"""The command that repeats a training run."""

import shlex
from collections.abc import Mapping
from typing import Any

from pipeline.data.dataset import DEFAULT_VALIDATION, count_held_out
from pipeline.data.sources.catalogue import CUSTOM


def format_command(
    target: str, dataset: str, recipe: str, changes: Mapping[str, tuple[Any, Any]], images: Mapping[str, Any]
) -> str:
    """Return the make command that repeats a training run.

    target: what to make. changes: the first of both values replaced that of the recipe. images: numbers of `training`
    and `validation` images.
    """
    values = {"DATASET": dataset}
    if dataset == CUSTOM:
        values["FROM"] = "my-data"
    if images["validation"] != count_held_out(DEFAULT_VALIDATION, images["training"] + images["validation"]):
        values["VALIDATION"] = str(images["validation"])
    values["RECIPE"] = recipe
    values |= {name.upper(): str(value) for name, (value, _) in changes.items()}
    return f"make {target} {' '.join(f'{name}={shlex.quote(value)}' for name, value in values.items())}"
