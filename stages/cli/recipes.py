"""Options for the values of a recipe, and the progress of each epoch, for the commands that train."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

from typer import Option

from pipeline.data.augmentation import Augmentation
from pipeline.training.recipe import Recipe

if TYPE_CHECKING:
    from pipeline.scheduling.progress import Progress
    from pipeline.training.history import Row

P = ParamSpec("P")

PANELS = {
    "network": ("layers", "activation", "initialisation", "bias_std", "ensemble_size"),
    "augmentation": [field.name for field in fields(Augmentation)],
}  # all other fields: "training"
# Values of a recipe that do not apply to a network that is slid over pictures.
NOT_FOR_PICTURES = {"ensemble_size", "negatives", "styles", *PANELS["augmentation"]}


def recipe_options(
    without: Iterable[str] = (), texts: Mapping[str, str] = MappingProxyType({})
) -> Callable[[Callable[P, str]], Callable[P, str]]:
    """Replace `**values` in the signature by one option per value of a recipe, with default None.

    without: names of values that get no option. texts: help texts that replace those of the fields.
    """
    chosen = [field for field in (*fields(Recipe), *fields(Augmentation)) if field.name not in {*without}]

    def decorate(function: Callable[P, str]) -> Callable[P, str]:
        *parameters, _ = inspect.signature(function).parameters.values()
        for field in chosen:
            if field.metadata:  # all but Recipe.augmentation
                panel = next((panel for panel, names in PANELS.items() if field.name in names), "training")
                help_panel = f"Recipe values: {panel}"
                text = texts.get(field.name, field.metadata["help"])
                option = Option(help=text, show_default=False, rich_help_panel=help_panel)
                kind: Any = field.type
                parameters.append(
                    inspect.Parameter(
                        field.name,
                        inspect.Parameter.KEYWORD_ONLY,
                        default=None,
                        annotation=Annotated[kind | None, option],
                    )
                )
        function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return function

    return decorate


def report_epoch(
    progress: "Progress", row: "Row", last: int, batches: int, resumed: bool = False, network: str = ""
) -> None:
    """Show a finished epoch. last, batches: number of epochs, and of batches in each. network: its name."""
    if resumed:
        progress.advance(row.number * batches, resumed)
    loss = f"  loss {row.loss:.3f}" if row.number else ""
    step, metrics = f"epoch {min(row.number + 1, last)}/{last}", f"{row.validation_accuracy:.2%}{loss}"
    progress.report(f"{network}{_format_epoch(row, last, resumed)}", f"{network}{step}", metrics, keep=resumed)


def _format_epoch(row: "Row", last: int, resumed: bool) -> str:
    if resumed:
        return f"resuming after epoch {row.number} of {last}"
    if row.number == 0:
        return f"after initialisation: validation accuracy {row.validation_accuracy:.2%}"
    return (
        f"epoch {row.number} of {last}: loss {row.loss:.4f}, accuracy {row.train_accuracy:.2%} in "
        f"training, {row.validation_accuracy:.2%} in validation, {row.seconds:.1f} s"
    )
