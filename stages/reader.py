"""Train the network that finds and reads digits in pictures."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from pipeline.engine.provenance import environment
from pipeline.engine.stage import Input, Output, stage
from pipeline.scheduling.progress import progress
from pipeline.training.recipe import Recipe, override, to_dict
from pipeline.training.recipes import READER_RECIPES, ReaderRecipeName
from stages.cli.console import run_module
from stages.cli.recipes import NOT_FOR_PICTURES, recipe_options, report_epoch

if TYPE_CHECKING:
    from pipeline.training.history import Row

log = logging.getLogger(__name__)

LAYERS = "Hidden layers: convolutions (conv16,conv64; in full conv16x5/2) and max pooling (pool2)."


def resolve(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the name of the recipe and all its values, after the options have replaced some."""
    values = to_dict(override(READER_RECIPES[given["recipe"]], given))
    return {"recipe": given["recipe"], **{name: values[name] for name in given if name in values}}


@stage(
    packages=("numpy", "pillow", "scipy", "jinja2"),
    extra_files=("pipeline/pages/templates/reader_card.md",),
    resolve=resolve,
    unhashed=("history.csv", "MODEL_CARD.md"),
)
@recipe_options(READER_RECIPES["standard"], without=NOT_FOR_PICTURES, texts={"layers": LAYERS})
def reader(
    compose: Annotated[Input, Option(help="Pictures, written by compose.")] = Path("artifacts/compose"),
    recipe: Annotated[ReaderRecipeName, Option(help="Named set of hyperparameters to start from.")] = "standard",
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/reader"),
    **values: Any,
) -> str:
    """Train the network with which `classify` finds and reads the digits in pictures.

    An interrupted run resumes after its last complete epoch, with a result bit-identical to an uninterrupted run. The
    confidence in a text is calibrated on pictures of held-out digits.

    Examples:
        handwriting reader
        handwriting reader --recipe quick
    """
    chosen = override(Recipe(), {**values, "negatives": 0.0, "styles": 0.0})
    from pipeline.data.dataset import load_description
    from pipeline.engine import CHECKPOINT
    from pipeline.engine.arrays import open_rows
    from pipeline.model.files import save_model
    from pipeline.pages.reader_card import make_reader_card
    from pipeline.pictures.training import train_reader
    from pipeline.training.fit import count_batches
    from pipeline.training.history import write_history

    description = load_description(compose)
    pictures = len(open_rows(compose / "train-pictures.npy", "uint8", (None, None, None)))
    log.info("reader: %s, %s pictures of %s, recipe %s", chosen.layers, f"{pictures:,}", description.name, recipe)
    (output / CHECKPOINT).mkdir(exist_ok=True)
    batches = count_batches(pictures, chosen.batch_size)
    with progress("reader", chosen.epochs * batches, unit="") as shown:

        def on_epoch(row: "Row", resumed: bool) -> None:
            report_epoch(shown, row, chosen.epochs, batches, resumed)

        trained = train_reader(
            compose, description, chosen, output / CHECKPOINT / "network-1.npz", shown.advance, on_epoch
        )
    seconds = sum(row.seconds for row in trained.training.history)
    record = {
        "pictures": trained.pictures,
        "versions": environment(["numpy"]),
        "recipe": recipe,
        **{name: value for name, value in asdict(chosen).items() if name in values},
        "best_epoch": trained.training.best.number,
        "seconds": round(seconds),
        "pages": asdict(trained.quality),
    }
    save_model(output, trained.model, record)
    (output / "MODEL_CARD.md").write_text(make_reader_card(trained.model, record), encoding="utf-8")
    write_history(output / "history.csv", [trained.training.history])
    quality = trained.quality
    return (
        f"{quality.digit_accuracy:.1%} of the digits of composed pages correct, expected calibration error "
        f"{quality.expected_calibration_error:.1%}, {seconds / 60:.1f} min of training"
    )


if __name__ == "__main__":
    run_module(reader)
