"""Train a network or an ensemble."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.provenance import package_versions
from pipeline.engine.stage import Input, Output, stage
from pipeline.training.recipe import Recipe, override
from pipeline.training.recipes import RecipeName, find_changes
from stages.shared.recipe_options import recipe_options, resolve, show_training

log = logging.getLogger(__name__)


@stage(
    extra_files=("pipeline/data/synthetic/hershey/*.jhf",),
    resolve=resolve,
    unhashed=("history.csv",),
)
@recipe_options()
def train(
    normalize: Annotated[Input, Option(help="Divided data, written by normalize.")] = Path("artifacts/normalize"),
    recipe: Annotated[RecipeName, Option(help="Named set of hyperparameters to start from.")] = "standard",
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/train"),
    **values: Any,
) -> str:
    """Train a network with the hyperparameters of a recipe, which options can override one by one.

    The values of each recipe are in pipeline/training/recipes.py. In `--layers`, 128 is a dense layer of 128
    units, conv16x5/2 a convolution with 16 kernels of 5 x 5 pixels and a stride of 2 (conv16 for short), and pool2 max
    pooling over squares of 2 x 2 pixels. With `--negatives 0.2`, the network also learns from one letter, scribble or
    piece of a digit for every five training images; with `--styles 0.05`, from one digit in the handwriting of another
    country for every twenty.

    The command saves the parameters of the last epoch whose validation accuracy is within 0.1 percentage points of the
    best. An interrupted run resumes after its last complete epoch, and its result is bit-identical to that of an
    uninterrupted run.

    Examples:
        handwriting train
        handwriting train --layers conv8,conv32,64 --learning-rate 0.003 --seed 2
        handwriting train --recipe record
    """
    chosen = override(Recipe(), values)  # all of them are given, by `resolve`
    from pipeline.data.split import load_split
    from pipeline.engine import CHECKPOINT
    from pipeline.training import classification

    data = load_split(normalize)
    images = len(data.training)
    architecture = classification.describe_classifier(data, chosen).architecture  # or UsageError, before any line
    log.info("train: %s, %s images of %s, recipe %s", architecture, f"{images:,}", data.description.name, recipe)

    with show_training("train", chosen, images + sum(classification.count_drawn(data, chosen))) as on_progress:
        trained = classification.train(data, chosen, output / CHECKPOINT, on_progress)

    record = {
        "images": {"training": images, "validation": len(data.validation)},
        "versions": package_versions(["numpy"]),
        "recipe": recipe,
        "changes": find_changes(recipe, values),
        **asdict(chosen),
        "best_epochs": trained.best_epochs,
    }
    trained.save(output, record)
    best = trained.best_epochs
    which = f"after epoch {best[0]}" if len(best) == 1 else f"by {len(best)} networks"
    return f"validation accuracy {trained.model.validation_accuracy:.2%} {which}, {trained.seconds:.1f} s of training"


if __name__ == "__main__":
    main(train)
