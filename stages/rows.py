"""Train the recogniser, which reads a row of writing as a whole."""

import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.provenance import package_versions
from pipeline.engine.stage import File, Input, Output, stage
from pipeline.model import PRETRAINED_READER
from pipeline.training.recipe import Recipe, override
from pipeline.training.recipes import ReaderRecipeName
from stages.shared.recipe_options import NOT_FOR_PICTURES, recipe_options, resolve_rows, show_training

log = logging.getLogger(__name__)

NOT_FOR_ROWS = {*NOT_FOR_PICTURES, "loss", "label_smoothing"}


@stage(
    resolve=resolve_rows,
    unhashed=("history.csv",),
)
@recipe_options(without=NOT_FOR_ROWS)
def rows(
    lines: Annotated[Input, Option(help="Line images, written by lines.")] = Path("artifacts/lines"),
    recipe: Annotated[ReaderRecipeName, Option(help="Named set of hyperparameters to start from.")] = "standard",
    start: Annotated[
        File,
        Option(
            help="Recogniser or reader to start from; if its layers or classes differ, training starts from random "
            "weights.",
            show_default="the pretrained reader",
        ),
    ] = PRETRAINED_READER,
    from_scratch: Annotated[bool, Option("--from-scratch", help="Start from random weights.")] = False,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/rows"),
    **values: Any,
) -> str:
    """Train the recogniser, which reads a row as a whole.

    It has outputs for each column of a line, and is trained by connectionist temporal classification (CTC), so its
    targets are texts. A network that starts from random weights first learns a symbol for each column, in a quarter of
    the epochs. One that starts from a trained network with the same layers, by default the pretrained one, goes on with
    CTC, so a network can be improved by training it several times.

    An interrupted run resumes after its last complete epoch, and its result is bit-identical to that of an
    uninterrupted run.

    Examples:
        handwriting rows
        handwriting rows --recipe quick --from-scratch
        handwriting rows --start my-network.safetensors --epochs 4
    """
    chosen = override(Recipe(), values)
    from pipeline.data.dataset import load_description
    from pipeline.engine import CHECKPOINT
    from pipeline.engine.errors import UsageError
    from pipeline.model.model import Detector, Recogniser
    from pipeline.model.safetensors import load_safetensors, save_safetensors
    from pipeline.reader_training.calibration import calibrate
    from pipeline.reader_training.columns import load_lines, make_recogniser_task
    from pipeline.training.epochs import train_networks

    description = load_description(lines)
    found = None if from_scratch else load_safetensors(start)
    begun = found.row if isinstance(found, Detector) else found
    if begun is not None and not isinstance(begun, Recogniser):
        raise UsageError(
            f"{start} is {begun.title}: name a network that `rows` or `detector` wrote, or use --from-scratch"
        )
    if begun and (begun.layers, begun.class_names) != (chosen.layers, description.class_names):
        log.info("rows: %s has different layers or classes: training starts from random weights", start.name)
        begun = None
    task = make_recogniser_task(lines, chosen, begun)
    count = len(task.training)
    log.info("rows: %s, %s line images of %s, recipe %s", chosen.layers, f"{count:,}", description.name, recipe)
    with show_training("rows", chosen, count) as on_progress:
        trained = train_networks(task, chosen, output / CHECKPOINT, on_progress)
    model, quality = calibrate(trained.model, load_lines(lines, "validation"))
    trained = replace(trained, model=model)
    record = {
        "lines": {"training": count, "validation": len(task.validation)},
        "start": {"file": start.name, "accuracy": begun.validation_accuracy} if begun else None,
        "versions": package_versions(["numpy"]),
        "recipe": recipe,
        **values,
        "best_epoch": trained.best_epochs[0],
        "seconds": round(trained.seconds),
        "numbers": asdict(quality),
    }
    trained.save(output, record)
    save_safetensors(output / "model.safetensors", model)
    return (
        f"recall {quality.recall:.1%}, precision {quality.precision:.1%} of the numbers in validation line images "
        f"after epoch {trained.best_epochs[0]}, {record['seconds'] / 60:.1f} min of training"
    )


if __name__ == "__main__":
    main(rows)
