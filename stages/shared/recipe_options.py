"""Options for the values of a recipe, what they determine, and the progress of each epoch, for commands that train."""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

from typer import Option

from pipeline.data.augmentation import Augmentation
from pipeline.engine.fields import list_described
from pipeline.engine.progress import progress
from pipeline.training.recipe import Recipe, override, to_dict
from pipeline.training.recipes import READER_RECIPES, RECIPES, ROW_RECIPES, ReaderRecipeName

if TYPE_CHECKING:
    from pipeline.training.epochs import TrainingProgress
    from pipeline.training.history import Epoch

P = ParamSpec("P")

IN_NO_KEY = "the values of the recipe are in the parameters"

PANELS = {
    "network": ("layers", "activation", "initialisation", "bias_std", "ensemble_size"),
    "augmentation": [field.name for field in fields(Augmentation)],
}  # all other fields: "training"
SHORT_DIGEST = 8
# Values of a recipe that do not apply to a network that is slid over pictures.
NOT_FOR_PICTURES = {"ensemble_size", "negatives", "styles", *PANELS["augmentation"]}


def resolve(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the name of the recipe, all values after the options have replaced some, and a digest of the recipe."""
    recipe = RECIPES[given["recipe"]]
    digest = hashlib.sha256(json.dumps(to_dict(recipe)).encode()).hexdigest()[:SHORT_DIGEST]
    return {"recipe": given["recipe"], "recipe_digest": digest, **to_dict(override(recipe, given))}


def resolve_by(recipes: Mapping[ReaderRecipeName, Recipe]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return a function that returns all parameters, with the values of the recipe that the options do not replace."""

    def resolve(given: Mapping[str, Any]) -> dict[str, Any]:
        values = to_dict(override(recipes[given["recipe"]], given))
        return {name: values.get(name, value) for name, value in given.items()}

    return resolve


resolve_rows, resolve_detector = resolve_by(ROW_RECIPES), resolve_by(READER_RECIPES)


def recipe_options(without: Iterable[str] = ()) -> Callable[[Callable[P, str]], Callable[P, str]]:
    """Replace `**values` in the signature by one option per value of a recipe, with default None.

    without: names of values that get no option.
    """
    described = [*list_described(Recipe), *list_described(Augmentation)]
    chosen = [each for each in described if each[0].name not in {*without}]

    def decorate(function: Callable[P, str]) -> Callable[P, str]:
        *parameters, _ = inspect.signature(function).parameters.values()
        for field, base, text in chosen:
            kind: Any = base
            panel = next((panel for panel, names in PANELS.items() if field.name in names), "training")
            option = Option(help=text, rich_help_panel=f"Recipe values: {panel}")
            either: Any = kind | None
            annotation = Annotated[either, option]
            parameters.append(
                inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
            )
        function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return function

    return decorate


@contextmanager
def show_training(command: str, recipe: Recipe, images: int) -> "Iterator[Callable[[TrainingProgress], None]]":
    """Yield a function that shows the progress of training. images: number of images in each epoch."""
    batches, last = recipe.count_batches(images), recipe.epochs
    with progress(command, recipe.ensemble_size * last * batches, unit="") as shown:

        def on_progress(made: "TrainingProgress") -> None:
            epoch = made.epoch
            if not epoch:
                shown.advance(made.batches)
                return
            shown.advance(epoch.number * batches if made.resumed else made.batches, made.resumed)
            network = f"network {made.network} of {recipe.ensemble_size}: " if recipe.ensemble_size > 1 else ""
            loss = f"  loss {epoch.loss:.3f}" if epoch.number else ""
            step, metrics = f"epoch {min(epoch.number + 1, last)}/{last}", f"{epoch.validation_accuracy:.2%}{loss}"
            line = _format_epoch(epoch, last, made.resumed)
            shown.report(f"{network}{line}", f"{network}{step}", metrics, keep=made.resumed)

        yield on_progress


def _format_epoch(epoch: "Epoch", last: int, resumed: bool) -> str:
    if resumed:
        return f"resuming after epoch {epoch.number} of {last}"
    if epoch.number == 0:
        return f"before training: validation accuracy {epoch.validation_accuracy:.2%}"
    return (
        f"epoch {epoch.number} of {last}: loss {epoch.loss:.4f}, accuracy {epoch.train_accuracy:.2%} in "
        f"training, {epoch.validation_accuracy:.2%} in validation, {epoch.seconds:.1f} s"
    )
