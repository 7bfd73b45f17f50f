"""Train a network or an ensemble."""

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
from pipeline.training.recipe import Recipe, count_outputs, override, to_dict
from pipeline.training.recipes import RECIPES, RecipeName
from stages.cli.console import run_module
from stages.cli.options import SchedulerFile, Workers, scheduler_option

if TYPE_CHECKING:
    from pipeline.training.history import Row

log = logging.getLogger(__name__)

P = ParamSpec("P")

PANELS = {
    "network": ("layers", "activation", "initialisation", "bias_std", "ensemble_size"),
    "augmentation": [field.name for field in fields(Augmentation)],
}  # all other fields: "training"


def recipe_options(function: Callable[P, str]) -> Callable[P, str]:
    """Replace `**values` in the signature by one option per value of a recipe, with default None."""
    *parameters, _ = inspect.signature(function).parameters.values()
    for field in (*fields(Recipe), *fields(Augmentation)):
        if field.metadata:  # all but Recipe.augmentation
            panel = next((panel for panel, names in PANELS.items() if field.name in names), "training")
            option = Option(help=field.metadata["help"], show_default=False, rich_help_panel=f"Recipe values: {panel}")
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


def resolve(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the name of the recipe and all its values, after the options have replaced some."""
    return {"recipe": given["recipe"], **to_dict(override(RECIPES[given["recipe"]], given))}


@stage(
    packages=("numpy", "pillow"),
    extra_files=("pipeline/data/hershey/*.jhf",),
    resolve=resolve,
    unhashed=("history.csv",),
)
@recipe_options
def train(
    normalize: Annotated[Input, Option(help="Artifact of normalize: scaled arrays.")] = Path("artifacts/normalize"),
    recipe: Annotated[RecipeName, Option(help="Named set of hyperparameters to start from.")] = "standard",
    scheduler: Annotated[
        str,
        Role.UNKEYED,
        scheduler_option(
            "Backend for the networks of an ensemble: sync (one after the other), or in parallel: threads, processes, "
            "distributed or an address, as in evaluate."
        ),
    ] = "sync",
    scheduler_file: SchedulerFile = None,
    workers: Workers = None,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/train"),
    **values: Any,
) -> str:
    """Train a network with the hyperparameters of a recipe; options override single values.

    Keeps the parameters of the last epoch whose validation accuracy is within 0.1 percentage points of the best. An
    interrupted run resumes after its last complete epoch, with a result bit-identical to an uninterrupted run.

    Examples:
        handwriting train
        handwriting train --layers conv8,conv32,64 --learning-rate 0.003 --seed 2
        handwriting train --recipe record --scheduler processes
    """
    chosen = override(Recipe(), values)  # all of them are given, by `resolve`
    import numpy as np
    from tqdm import tqdm

    from pipeline.data.dataset import load_description
    from pipeline.data.ink import MAX_IMAGES, measure_ink
    from pipeline.data.scaling import load_scaling
    from pipeline.engine import CHECKPOINT
    from pipeline.engine.arrays import open_rows, read_rows
    from pipeline.engine.cores import single_threaded_blas
    from pipeline.model.files import Model, save_model
    from pipeline.model.prediction import predict_logits
    from pipeline.network.network import view_parameters
    from pipeline.scheduling.backends import make_backend
    from pipeline.training.architecture import build_layers, format_network
    from pipeline.training.calibration import fit_temperature
    from pipeline.training.ensemble import Progress, train_ensemble
    from pipeline.training.epoch import count_batches
    from pipeline.training.examples import count_negatives, load_validation
    from pipeline.training.history import write_history

    backend = make_backend(scheduler, workers, scheduler_file)
    data = load_description(normalize)
    images = open_rows(normalize / "train-images.npy", np.float32, (None, None, None))
    height, width = images.shape[1:]
    scaling = load_scaling(normalize)
    classes = len(data.class_names)
    outputs = count_outputs(chosen, classes)
    layers = build_layers(chosen.layers, (height, width), outputs)
    architecture = format_network(chosen.layers, (height, width), outputs)
    log.info("train: %s, %s images of %s, recipe %s", architecture, f"{len(images):,}", data.name, recipe)

    batches = count_batches(len(images) + count_negatives(len(images), chosen.negatives), chosen.batch_size)
    with tqdm(total=chosen.ensemble_size * chosen.epochs * batches, unit="batch", leave=False, disable=None) as bar:

        def on_progress(progress: Progress) -> None:
            bar.update(progress.row.number * batches if progress.row and progress.resumed else progress.batches)
            if progress.row:
                network = f"network {progress.network} of {chosen.ensemble_size}: " if chosen.ensemble_size > 1 else ""
                log.info("train: %s%s", network, _format_epoch(progress.row, chosen.epochs, progress.resumed))

        report = partial(log.info, "train: %s")
        trained = train_ensemble(chosen, normalize, classes, output / CHECKPOINT, backend, on_progress, report)

    model = Model(
        parameters=tuple(view_parameters(layers, network.flat) for network in trained),
        layers=chosen.layers,
        activation=chosen.activation,
        loss=chosen.loss,
        scaling=scaling,
        image_shape=(height, width),
        class_names=data.class_names,
        dataset=data.name,
        negative_class=outputs > classes,
        ink_statistics=measure_ink(read_rows(images, 0, min(MAX_IMAGES, len(images))) * scaling.std + scaling.mean),
    )
    validation = load_validation(normalize, height, width)
    with single_threaded_blas():  # so that the bits are those of evaluate
        logits = predict_logits(model, validation.images)
        model = replace(model, temperature=fit_temperature(logits.T, validation.labels, model.loss))
    accuracy = float(np.mean(logits.argmax(axis=1) == validation.labels))
    training = {
        "images": {"training": len(images), "validation": len(validation.labels)},
        "versions": environment(["numpy"]),
        "recipe": recipe,
        **asdict(chosen),
        "best_epochs": [network.best.number for network in trained],
        "validation_accuracy": accuracy,
    }
    save_model(output, model, training)
    write_history(output / "history.csv", [network.history for network in trained])
    seconds = sum(row.seconds for network in trained for row in network.history)
    which = f"after epoch {trained[0].best.number}" if len(trained) == 1 else f"by {len(trained)} networks"
    return f"validation accuracy {accuracy:.2%} {which}, {seconds:.1f} s of training"


def _format_epoch(row: "Row", last: int, resumed: bool) -> str:
    if resumed:
        return f"resuming after epoch {row.number} of {last}"
    if row.number == 0:
        return f"after initialisation: validation accuracy {row.validation_accuracy:.2%}"
    return (
        f"epoch {row.number} of {last}: loss {row.loss:.4f}, accuracy {row.train_accuracy:.2%} in "
        f"training, {row.validation_accuracy:.2%} in validation, {row.seconds:.1f} s"
    )


if __name__ == "__main__":
    run_module(train)
