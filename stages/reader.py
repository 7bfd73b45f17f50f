"""Train the two networks that find and read digits in pictures."""

import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.provenance import environment
from pipeline.engine.stage import Input, Output, stage
from pipeline.training.recipe import Recipe, override
from stages.cli.options import Scheduler, Workers
from stages.cli.recipe_options import (
    CONTEXT_RECIPE,
    CONTEXT_SHARE,
    NOT_FOR_PICTURES,
    ReaderRecipeName,
    recipe_options,
    resolve_for_reader,
    show_training,
)

log = logging.getLogger(__name__)


@stage(
    packages=("numpy", "pillow", "scipy", "jinja2"),
    extra_files=("pipeline/html/templates/reader_card.md",),
    resolve=resolve_for_reader,
    unhashed=("history.csv", "MODEL_CARD.md"),
)
@recipe_options(without=NOT_FOR_PICTURES)
def reader(
    compose: Annotated[Input, Option(help="Pictures, written by compose.")] = Path("artifacts/compose"),
    recipe: Annotated[ReaderRecipeName, Option(help="Named set of hyperparameters to start from.")] = "standard",
    scheduler: Scheduler = "processes",
    workers: Workers = None,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/reader"),
    **values: Any,
) -> str:
    """Train the two networks with which `classify` finds and reads the digits in pictures.

    Both networks decide together whether there is a digit, and the first one alone which digit it is. The second is
    trained on the candidates that the first one finds in a third of the pictures, each with its surroundings.
    `--layers` are those of the first network, without dense layers.

    An interrupted run resumes after its last complete epoch, and its result is bit-identical to that of an
    uninterrupted run. The confidence in what is read is calibrated on pictures of held-out digits.

    Examples:
        handwriting reader
        handwriting reader --recipe quick
    """
    chosen = override(Recipe(), {**values, "negatives": 0.0, "styles": 0.0})
    from pipeline.data.dataset import load_description
    from pipeline.engine import CHECKPOINT
    from pipeline.html.reader_card import make_reader_card
    from pipeline.model.model import save_model
    from pipeline.pictures.candidates import collect
    from pipeline.pictures.confidence import calibrate
    from pipeline.pictures.networks import train_on_pictures
    from pipeline.scheduling.backends import make_backend
    from pipeline.training.history import write_history
    from pipeline.training.positions import load_composed

    backend = make_backend(scheduler, workers)
    description = load_description(compose)
    classes = len(description.class_names)
    pictures = {part: load_composed(compose, part, chosen.layers, classes) for part in ("train", "validation")}
    counts = {part: len(each) for part, each in pictures.items()}
    log.info(
        "reader: %s, %s pictures of %s, recipe %s", chosen.layers, f"{counts['train']:,}", description.name, recipe
    )
    (output / CHECKPOINT).mkdir(exist_ok=True)

    with show_training("reader", chosen, counts["train"]) as on_progress:
        file = output / CHECKPOINT / "network-1.npz"
        slider, first = train_on_pictures(
            chosen, pictures["train"], pictures["validation"], description, file, on_progress
        )
    model = replace(slider, sliding=True)
    searched = {part: max(1, count // CONTEXT_SHARE) for part, count in counts.items()}
    log.info("reader: searching %s pictures for what the network takes for a digit", f"{sum(searched.values()):,}")
    candidates = collect(model, compose, searched, backend)
    training, validation = candidates["train"], candidates["validation"]
    histories = [first.history]
    if len(training) and len(validation):  # there are none after very little training
        context = replace(CONTEXT_RECIPE, seed=chosen.seed)
        log.info("reader: %s, %s candidates", context.layers, f"{len(training):,}")
        with show_training("reader", context, len(training)) as on_progress:
            file = output / CHECKPOINT / "network-2.npz"
            looker, second = train_on_pictures(context, training, validation, description, file, on_progress)
        model = replace(model, context=looker)
        histories.append(second.history)
    model, quality = calibrate(model, compose)
    seconds = sum(epoch.seconds for history in histories for epoch in history)
    record = {
        "pictures": counts["train"],
        "searched": searched["train"],
        "candidates": len(training),
        "versions": environment(["numpy"]),
        "recipe": recipe,
        **{name: value for name, value in asdict(chosen).items() if name in values},
        "best_epoch": first.best.number,
        "seconds": round(seconds),
        "sheets": asdict(quality),
    }
    save_model(output, model, record)
    (output / "MODEL_CARD.md").write_text(make_reader_card(model, record), encoding="utf-8")
    write_history(output / "history.csv", histories)
    return (
        f"{quality.digit_accuracy:.1%} of the digits of composed sheets correct, expected calibration error "
        f"{quality.expected_calibration_error:.1%}, {seconds / 60:.1f} min of training"
    )


if __name__ == "__main__":
    main(reader)
