"""Train the network."""

import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

from typer import Option

from pipeline.data.augmentation import Augmentation
from pipeline.engine.provenance import environment
from pipeline.engine.stage import Input, Output, Role, stage
from pipeline.training.recipes import RECIPES, Recipe, RecipeName, override, to_dict
from stages.cli.console import run_module
from stages.cli.options import SchedulerFile, scheduler_option

if TYPE_CHECKING:
    from pipeline.training.history import Row

log = logging.getLogger(__name__)

P = ParamSpec("P")

PANELS = {
    "the network": ("layers", "activation", "initialisation", "bias_std", "ensemble_size"),
    "how its images are bent": [one.name for one in fields(Augmentation)],
}


def recipe_options(function: Callable[P, str]) -> Callable[P, str]:
    """The function, whose `**values` are the recipe's: for each there is an option, by default None."""
    *parameters, _ = inspect.signature(function).parameters.values()
    for one in (*fields(Recipe), *fields(Augmentation)):
        if one.metadata:
            panel = next((panel for panel, names in PANELS.items() if one.name in names), "how it learns")
            shown = f"Instead of the recipe's: {panel}"
            option = Option(help=one.metadata["meaning"], show_default=False, rich_help_panel=shown)
            kind: Any = one.type
            hint = Annotated[kind | None, option]
            parameters.append(
                inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
            )
    function.__annotations__ = {one.name: one.annotation for one in parameters}
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return function


def resolve(given: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's values with those that replace them, all spelled out."""
    return {"recipe": given["recipe"], **to_dict(override(RECIPES[given["recipe"]], given))}


@stage(packages=("numpy", "scipy"), resolve=resolve, unhashed=("history.csv",))
@recipe_options
def train(
    normalize: Annotated[Input, Option(help="The standardised arrays.")] = Path("artifacts/normalize"),
    recipe: Annotated[RecipeName, Option(help="The values to start from.")] = "standard",
    scheduler: Annotated[
        str,
        Role.UNKEYED,
        scheduler_option(
            "Who trains the networks of an ensemble: sync (one after another, each on all cores); or, for several at "
            "once, threads, processes, distributed or an address, as in evaluate."
        ),
    ] = "sync",
    scheduler_file: SchedulerFile = None,
    workers: Annotated[
        int | None, Role.UNKEYED, Option(min=1, help="How many networks at once.", show_default="one a core")
    ] = None,
    output: Annotated[Output, Option(help="Where the model goes.")] = Path("artifacts/train"),
    **values: Any,
) -> str:
    """Train the network: a recipe, with any of its values replaced.

    Keeps the parameters of the last epoch whose validation accuracy is within 0.1 points of the best. A run that
    was interrupted goes on after its last whole epoch, to the same result.

    Examples:
        handwriting train
        handwriting train --layers conv8,conv32,64 --learning-rate 0.003 --seed 2
        handwriting train --recipe record --scheduler processes
    """
    chosen = override(Recipe(), values)  # `resolve` has given all of them
    import numpy as np
    from tqdm import tqdm

    from pipeline.data.dataset import load_description
    from pipeline.data.ink import SEEN, measure_ink
    from pipeline.data.scaling import Scaling
    from pipeline.engine import CHECKPOINT
    from pipeline.engine.arrays import open_rows, read_array, read_rows
    from pipeline.engine.cores import single_threaded_blas
    from pipeline.model.files import Model, save_model
    from pipeline.model.prediction import predict_logits
    from pipeline.network.network import view
    from pipeline.scheduling.backends import find_backend
    from pipeline.training.architecture import build_layers, format_network
    from pipeline.training.calibration import fit_temperature
    from pipeline.training.ensemble import Progress, train_ensemble
    from pipeline.training.epoch import count_batches
    from pipeline.training.examples import load_validation
    from pipeline.training.history import write_history

    backend = find_backend(scheduler, workers, scheduler_file)
    data = load_description(normalize)
    images = open_rows(normalize / "train-images.npy", np.float32, (None, None, None))
    height, width = images.shape[1:]
    scaling = Scaling(*map(float, read_array(normalize / "scaling.npy", np.float32, (2,))))
    layers = build_layers(chosen.layers, (height, width), len(data.class_names))
    architecture = format_network(chosen.layers, (height, width), len(data.class_names))
    log.info("train: %s, %s images of %s, recipe %s", architecture, f"{len(images):,}", data.name, recipe)

    batches = count_batches(len(images), chosen.batch_size)
    with tqdm(total=chosen.ensemble_size * chosen.epochs * batches, unit="batch", leave=False, disable=None) as bar:

        def tell(progress: Progress) -> None:
            bar.update(progress.row.number * batches if progress.row and progress.resumed else progress.batches)
            if progress.row:
                who = (
                    f"train: network {progress.network} of {chosen.ensemble_size}"
                    if chosen.ensemble_size > 1
                    else "train"
                )
                log.info("%s: %s", who, _tell(progress.row, chosen.epochs, progress.resumed))

        classes, checkpoints = len(data.class_names), output / CHECKPOINT
        report = partial(log.info, "train: %s")
        trained = train_ensemble(chosen, normalize, classes, checkpoints, backend, tell, report)

    model = Model(
        parameters=tuple(view(layers, network.flat) for network in trained),
        layers=chosen.layers,
        activation=chosen.activation,
        loss=chosen.loss,
        scaling=scaling,
        image_shape=(height, width),
        class_names=data.class_names,
        dataset=data.name,
        ink_statistics=measure_ink(read_rows(images, 0, min(SEEN, len(images))) * scaling.std + scaling.mean),
    )
    validation = load_validation(normalize, height, width)
    with single_threaded_blas():  # the bits of the evaluation
        logits = predict_logits(model, validation.images)
        model = replace(model, temperature=fit_temperature(logits.T, validation.labels, model.loss))
    accuracy = float(np.mean(logits.argmax(axis=1) == validation.labels))
    facts = {
        "images": {"training": len(images), "validation": len(validation.labels)},
        "versions": environment(["numpy"]),
        "recipe": recipe,
        **asdict(chosen),
        "best_epochs": [network.best.number for network in trained],
        "validation_accuracy": accuracy,
    }
    save_model(output, model, facts)
    write_history(output / "history.csv", [network.history for network in trained])
    seconds = sum(row.seconds for network in trained for row in network.history)
    which = f"after epoch {trained[0].best.number}" if len(trained) == 1 else f"by {len(trained)} networks"
    return f"validation accuracy {accuracy:.2%} {which}, {seconds:.1f} s of training"


def _tell(row: "Row", last: int, resumed: bool) -> str:
    if resumed:
        return f"goes on after epoch {row.number} of {last}"
    if row.number == 0:
        return f"after initialisation: validation accuracy {row.validation_accuracy:.2%}"
    return (
        f"epoch {row.number} of {last}: loss {row.loss:.4f}, accuracy {row.train_accuracy:.2%} in "
        f"training, {row.validation_accuracy:.2%} in validation, {row.seconds:.1f} s"
    )


if __name__ == "__main__":
    run_module(train)
