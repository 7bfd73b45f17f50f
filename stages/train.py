"""Train the network."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from pipeline.engine.stage import Input, Output, stage
from pipeline.network.names import ActivationName, CostName, InitialisationName, OptimizerName, ScheduleName
from pipeline.network.recipe import Recipe, override, spell_sizes
from pipeline.network.recipes import RECIPES, RecipeName
from stages.console import run_module

if TYPE_CHECKING:
    from pipeline.network.training import Epoch

log = logging.getLogger(__name__)


def own(meaning: str) -> Any:
    """An option that replaces one of the recipe's values, and otherwise leaves it be."""
    return Option(help=meaning, show_default="the recipe's")


def settle(given: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's values with those that replace them, all spelled out."""
    chosen = override(RECIPES[given["recipe"]], given)
    return {"recipe": given["recipe"], **asdict(chosen), "sizes": spell_sizes(chosen.sizes)}


@stage(settle=settle, volatile=("history.csv",))
def train(
    normalize: Annotated[Input, Option(help="The standardised arrays.")] = Path("artifacts/normalize"),
    recipe: Annotated[RecipeName, Option(help="The values to start from.")] = "standard",
    sizes: Annotated[str | None, own("Units of each hidden layer, as in 512,256.")] = None,
    activation: Annotated[ActivationName | None, own("Of the hidden layers.")] = None,
    cost: Annotated[CostName | None, own("What is minimised.")] = None,
    initialisation: Annotated[InitialisationName | None, own("How wide the first weights are drawn.")] = None,
    bias_deviation: Annotated[float | None, own("How wide the first biases are drawn.")] = None,
    optimizer: Annotated[OptimizerName | None, own("How a gradient becomes a step.")] = None,
    learning_rate: Annotated[float | None, own("How long the steps are.")] = None,
    schedule: Annotated[ScheduleName | None, own("How their length changes over the run.")] = None,
    momentum: Annotated[float | None, own("Of the optimizers momentum and nesterov.")] = None,
    batch_size: Annotated[int | None, own("Images a step learns from.")] = None,
    epochs: Annotated[int | None, own("Passes over the training images.")] = None,
    seed: Annotated[int | None, own("Of every random draw.")] = None,
    output: Annotated[Output, Option(help="Where the model goes.")] = Path("artifacts/train"),
) -> str:
    """Train the network: a recipe, with any of its values replaced.

    Keeps the parameters of the epoch that recognised most of the validation images, the last of several.
    """
    chosen = override(
        Recipe(),  # of which nothing is left: `settle` has given all its values
        {
            "sizes": sizes,
            "activation": activation,
            "cost": cost,
            "initialisation": initialisation,
            "bias_deviation": bias_deviation,
            "optimizer": optimizer,
            "learning_rate": learning_rate,
            "schedule": schedule,
            "momentum": momentum,
            "batch_size": batch_size,
            "epochs": epochs,
            "seed": seed,
        },
    )
    import numpy as np
    from tqdm import tqdm

    from pipeline.data.dataset import load_description
    from pipeline.data.labels import load_labels
    from pipeline.data.scaling import Scaling
    from pipeline.engine.arrays import load_array
    from pipeline.network.history import write_history
    from pipeline.network.mlp import allocate
    from pipeline.network.model import Model, save_model
    from pipeline.network.training import Epoch, Examples, count_batches, fit

    def examples(part: str, height: int | None = None, width: int | None = None) -> Examples:
        images = load_array(normalize / f"{part}-images.npy", np.float32, (None, height, width))
        labels = load_labels(normalize / f"{part}-labels.npy", len(images), len(data.class_names))
        return Examples(np.array(images), np.array(labels))  # into memory: every epoch reads all

    data = load_description(normalize)
    training = examples("train")
    height, width = training.images.shape[1:]
    validation = examples("validation", height, width)
    scaling = Scaling(*map(float, load_array(normalize / "scaling.npy", np.float32, (2,))))
    layer_sizes = (height * width, *chosen.sizes, len(data.class_names))
    shape = "-".join(map(str, layer_sizes))
    log.info("train: %s, %s images of %s, recipe %s", shape, f"{len(training.labels):,}", data.name, recipe)

    history: list[Epoch] = []
    best = allocate(layer_sizes)
    steps = chosen.epochs * count_batches(len(training.labels), chosen.batch_size)
    with tqdm(total=steps, unit="batch", leave=False, disable=None) as bar:
        for epoch in fit(chosen, training, validation, len(data.class_names), bar.update):
            with bar.external_write_mode():
                log.info("train: %s", _tell(epoch, chosen.epochs))
            if epoch.number > 0:
                history.append(epoch)
                if epoch.validation_accuracy == max(e.validation_accuracy for e in history):
                    kept, best.flat[:] = epoch, epoch.parameters.flat

    model = Model(
        layers=best.layers,
        activation=chosen.activation,
        cost=chosen.cost,
        scaling=scaling,
        image_shape=(height, width),
        class_names=data.class_names,
        dataset=data.name,
    )
    facts = {
        "recipe": recipe,
        **asdict(chosen),
        "epoch": kept.number,
        "validation_accuracy": kept.validation_accuracy,
    }
    save_model(output, model, facts)
    write_history(output / "history.csv", history)
    seconds = sum(epoch.seconds for epoch in history)
    return f"validation accuracy {kept.validation_accuracy:.2%} after epoch {kept.number}, {seconds:.1f} s of training"


def _tell(epoch: "Epoch", last: int) -> str:
    if epoch.number == 0:
        return f"after initialisation: validation accuracy {epoch.validation_accuracy:.2%}"
    return (
        f"epoch {epoch.number} of {last}: cost {epoch.cost:.4f}, accuracy {epoch.train_accuracy:.2%} in "
        f"training, {epoch.validation_accuracy:.2%} in validation, {epoch.seconds:.1f} s"
    )


if __name__ == "__main__":
    run_module(train)
