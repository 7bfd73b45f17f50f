"""Train the network."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from pipeline.engine.provenance import environment
from pipeline.engine.stage import Input, Output, Role, stage
from pipeline.network.names import ActivationName, CostName, InitialisationName, OptimizerName, ScheduleName
from pipeline.network.recipe import Recipe, override, spell
from pipeline.network.recipes import RECIPES, RecipeName
from stages.computing import SchedulerFile, scheduler_option
from stages.console import run_module

if TYPE_CHECKING:
    from pipeline.network.history import Row

log = logging.getLogger(__name__)


def own(meaning: str, panel: str) -> Any:
    """An option that replaces one of the recipe's values, and otherwise leaves it be."""
    return Option(help=meaning, show_default=False, rich_help_panel=f"Instead of the recipe's: {panel}")


NETWORK, LEARNING, IMAGES = "the network", "how it learns", "how its images are bent"


def settle(given: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's values with those that replace them, all spelled out."""
    return {"recipe": given["recipe"], **spell(override(RECIPES[given["recipe"]], given))}


@stage(packages=("numpy", "scipy"), settle=settle, volatile=("history.csv",))
def train(
    normalize: Annotated[Input, Option(help="The standardised arrays.")] = Path("artifacts/normalize"),
    recipe: Annotated[RecipeName, Option(help="The values to start from.")] = "standard",
    sizes: Annotated[str | None, own("Units of each hidden layer, as in 512,256.", NETWORK)] = None,
    activation: Annotated[ActivationName | None, own("Of the hidden layers.", NETWORK)] = None,
    initialisation: Annotated[InitialisationName | None, own("How wide the first weights are drawn.", NETWORK)] = None,
    bias_deviation: Annotated[float | None, own("How wide the first biases are drawn.", NETWORK)] = None,
    members: Annotated[int | None, own("Networks that are trained and averaged.", NETWORK)] = None,
    cost: Annotated[CostName | None, own("What is minimised.", LEARNING)] = None,
    smoothing: Annotated[float | None, own("Share of a label that is spread over all classes.", LEARNING)] = None,
    optimizer: Annotated[OptimizerName | None, own("How a gradient becomes a step.", LEARNING)] = None,
    learning_rate: Annotated[float | None, own("How long the steps are.", LEARNING)] = None,
    schedule: Annotated[ScheduleName | None, own("How their length changes over the run.", LEARNING)] = None,
    warmup: Annotated[float | None, own("Share of the run in which it climbs from 0.", LEARNING)] = None,
    momentum: Annotated[float | None, own("Of the optimizers momentum and nesterov.", LEARNING)] = None,
    weight_decay: Annotated[float | None, own("How strongly weights are drawn to 0.", LEARNING)] = None,
    averaging: Annotated[float | None, own("How much of its past the average keeps a step.", LEARNING)] = None,
    batch_size: Annotated[int | None, own("Images a step learns from.", LEARNING)] = None,
    shards: Annotated[int | None, own("Parts of each batch, for so many cores.", LEARNING)] = None,
    epochs: Annotated[int | None, own("Passes over the training images.", LEARNING)] = None,
    seed: Annotated[int | None, own("Of every random draw.", LEARNING)] = None,
    bent: Annotated[float | None, own("Share of the images that are bent at all.", IMAGES)] = None,
    shift: Annotated[float | None, own("Pixels, at most.", IMAGES)] = None,
    rotation: Annotated[float | None, own("Degrees, at most.", IMAGES)] = None,
    scale: Annotated[float | None, own("Share of the size, at most.", IMAGES)] = None,
    shear: Annotated[float | None, own("Slant, at most: x by y.", IMAGES)] = None,
    elastic: Annotated[float | None, own("Pixels, of an unsteady hand; root mean square.", IMAGES)] = None,
    smoothness: Annotated[float | None, own("Pixels over which the hand is steady.", IMAGES)] = None,
    thickness: Annotated[float | None, own("Of strokes, at most: a share of two pixels.", IMAGES)] = None,
    scheduler: Annotated[
        str,
        Role.UNKEYED,
        scheduler_option(
            "Who trains the members of a committee: sync (one after another, each on all cores); or, for several at "
            "once, threads, processes, distributed or an address, as in evaluate."
        ),
    ] = "sync",
    scheduler_file: SchedulerFile = None,
    workers: Annotated[
        int | None, Role.UNKEYED, Option(min=1, help="How many members at once.", show_default="one a core")
    ] = None,
    output: Annotated[Output, Option(help="Where the model goes.")] = Path("artifacts/train"),
) -> str:
    """Train the network: a recipe, with any of its values replaced.

    Keeps the parameters of the epoch that recognised most of the validation images, the last of several. A run that
    was interrupted goes on after its last whole epoch, to the same result.

    Examples:
        handwriting train
        handwriting train --sizes 800,400 --learning-rate 0.003 --seed 2
        handwriting train --recipe record --scheduler processes
    """
    chosen = override(Recipe(), locals())  # of which nothing is left: `settle` has given all its values
    import numpy as np
    from tqdm import tqdm

    from pipeline.data.appearance import SEEN, take_appearance
    from pipeline.data.dataset import load_description
    from pipeline.data.scaling import Scaling
    from pipeline.engine import CHECKPOINT
    from pipeline.engine.blas import single_threaded_blas
    from pipeline.engine.rows import open_rows, read_array, read_rows
    from pipeline.network.calibration import calibrate
    from pipeline.network.committee import News, train_committee
    from pipeline.network.examples import load_validation
    from pipeline.network.history import write_history
    from pipeline.network.learner import count_batches
    from pipeline.network.mlp import view
    from pipeline.network.model import Model, save_model
    from pipeline.network.prediction import predict
    from pipeline.scheduling.places import find_place

    place = find_place(scheduler, workers, scheduler_file)
    data = load_description(normalize)
    images = open_rows(normalize / "train-images.npy", np.float32, (None, None, None))
    height, width = images.shape[1:]
    scaling = Scaling(*map(float, read_array(normalize / "scaling.npy", np.float32, (2,))))
    layer_sizes = (height * width, *chosen.sizes, len(data.class_names))
    shape = "-".join(map(str, layer_sizes))
    log.info("train: %s, %s images of %s, recipe %s", shape, f"{len(images):,}", data.name, recipe)

    batches = count_batches(len(images), chosen.batch_size)
    with tqdm(total=chosen.members * chosen.epochs * batches, unit="batch", leave=False, disable=None) as bar:

        def tell(news: News) -> None:
            bar.update(news.row.number * batches if news.row and news.resumed else news.batches)
            if news.row:
                who = f"train: member {news.member} of {chosen.members}" if chosen.members > 1 else "train"
                log.info("%s: %s", who, _tell(news.row, chosen.epochs, news.resumed))

        classes, checkpoints = len(data.class_names), output / CHECKPOINT
        report = partial(log.info, "train: %s")
        trained = train_committee(chosen, normalize, classes, checkpoints, place, tell, report)

    model = Model(
        members=tuple(view(member.numbers, layer_sizes).layers for member in trained),
        activation=chosen.activation,
        cost=chosen.cost,
        scaling=scaling,
        image_shape=(height, width),
        class_names=data.class_names,
        dataset=data.name,
        appearance=take_appearance(read_rows(images, 0, min(SEEN, len(images))) * scaling.deviation + scaling.mean),
    )
    validation = load_validation(normalize, height, width)
    with single_threaded_blas():  # as in the evaluation, to the last bit
        model = calibrate(model, validation.images, validation.labels)
        said = predict(model, validation.images).argmax(axis=1)
    accuracy = float(np.mean(said == validation.labels))
    facts = {
        "images": {"training": len(images), "validation": len(validation.labels)},
        "versions": environment(["numpy"]),
        "recipe": recipe,
        **asdict(chosen),
        "epochs_kept": [member.best.number for member in trained],
        "validation_accuracy": accuracy,
    }
    save_model(output, model, facts)
    write_history(output / "history.csv", [member.history for member in trained])
    seconds = sum(row.seconds for member in trained for row in member.history)
    which = f"after epoch {trained[0].best.number}" if len(trained) == 1 else f"by {len(trained)} members"
    return f"validation accuracy {accuracy:.2%} {which}, {seconds:.1f} s of training"


def _tell(row: "Row", last: int, resumed: bool) -> str:
    if resumed:
        return f"goes on after epoch {row.number} of {last}"
    if row.number == 0:
        return f"after initialisation: validation accuracy {row.validation_accuracy:.2%}"
    return (
        f"epoch {row.number} of {last}: cost {row.cost:.4f}, accuracy {row.train_accuracy:.2%} in "
        f"training, {row.validation_accuracy:.2%} in validation, {row.seconds:.1f} s"
    )


if __name__ == "__main__":
    run_module(train)
