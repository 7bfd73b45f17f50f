"""Train the detector of digits, and join it with the network of `rows`."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.provenance import package_versions
from pipeline.engine.stage import Input, Output, stage
from pipeline.training.recipe import Recipe, override
from pipeline.training.recipes import ReaderRecipeName
from stages.shared.recipe_options import NOT_FOR_PICTURES, recipe_options, resolve_detector, show_training

if TYPE_CHECKING:
    from pipeline.model.model import Model

log = logging.getLogger(__name__)


@stage(
    extra_files=("pipeline/html/reader_card.md",),
    resolve=resolve_detector,
    unhashed=("history.csv", "MODEL_CARD.md"),
)
@recipe_options(without=NOT_FOR_PICTURES)
def detector(
    lines: Annotated[Input, Option(help="Line images, written by lines.")] = Path("artifacts/lines"),
    rows: Annotated[Input, Option(help="Recogniser, written by rows.")] = Path("artifacts/rows"),
    recipe: Annotated[ReaderRecipeName, Option(help="Named set of hyperparameters to start from.")] = "standard",
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/detector"),
    **values: Any,
) -> str:
    """Train the detector, which proposes where digits are, and save it with the network of `rows` as one reader.

    `--layers` are those of the detector, of which none may be dense.

    An interrupted run resumes after its last complete epoch, and its result is bit-identical to that of an
    uninterrupted run.

    Examples:
        handwriting detector
        handwriting detector --recipe quick
    """
    chosen = override(Recipe(), values)
    from pipeline.data.dataset import load_description
    from pipeline.engine import CHECKPOINT
    from pipeline.engine.errors import UsageError
    from pipeline.model.model import Recogniser, load_model, load_training
    from pipeline.reader_training.positions import make_detector_task
    from pipeline.training.epochs import train_networks

    description, row = load_description(lines), load_model(rows)
    if not isinstance(row, Recogniser):
        raise UsageError(f"{rows} is {row.title}, not a recogniser: name a folder that `rows` wrote")
    if row.class_names != description.class_names:
        raise UsageError(f"{rows} and {lines} have different classes: run both stages again, with the same data set")
    task = make_detector_task(lines, chosen, row)
    count = len(task.training)
    log.info("detector: %s, %s line images of %s, recipe %s", chosen.layers, f"{count:,}", description.name, recipe)
    with show_training("detector", chosen, count) as on_progress:
        trained = train_networks(task, chosen, output / CHECKPOINT, on_progress)
    model = trained.model
    record = {
        "lines": {"training": count, "validation": len(task.validation)},
        "versions": package_versions(["numpy"]),
        "recipe": recipe,
        **values,
        "best_epoch": trained.best_epochs[0],
        "seconds": round(trained.seconds),
    }
    trained.save(output, record)
    card = make_reader_card(model, record, load_training(rows))
    (output / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    return (
        f"validation accuracy {model.validation_accuracy:.1%} (line images without a wrong position) after epoch "
        f"{trained.best_epochs[0]}, {record['seconds'] / 60:.1f} min of training"
    )


def make_reader_card(model: "Model", training: Mapping[str, Any], rows: Mapping[str, Any]) -> str:
    """Return the card of the reader as Markdown. training, rows: the records of both trainings in their model.json."""
    from pipeline.data.dataset import are_ten_digits
    from pipeline.data.sources.catalogue import DATASETS
    from pipeline.html.rendering import render_card

    return render_card(
        "html/reader_card.md",
        model=model,
        training=training,
        rows=rows,
        digits=are_ten_digits(model.class_names),
        data=DATASETS.get(model.dataset),
    )


if __name__ == "__main__":
    main(detector)
