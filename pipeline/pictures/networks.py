"""Train a network that reads pictures: the one that slides over them, or the one that sees candidates."""

from collections.abc import Callable
from pathlib import Path

from pipeline.data.dataset import Description
from pipeline.data.scaling import Scaling
from pipeline.model.model import Model
from pipeline.network.architecture import build_layers
from pipeline.network.network import view_parameters
from pipeline.training.epochs import TrainedNetwork, TrainingProgress, train_network
from pipeline.training.recipe import Recipe
from pipeline.training.training_data import Examples


def train_on_pictures(
    recipe: Recipe,
    training: Examples,
    validation: Examples,
    description: Description,
    checkpoint: Path,
    on_progress: Callable[[TrainingProgress], object],
) -> tuple[Model, TrainedNetwork]:
    """Train a network with an output for nothing; return it as a model that does not slide, and how it was trained.

    training, validation: pictures from `load_composed`, or windows from `collect`. Training resumes from the file
    `checkpoint` if it is of this recipe. Raises what `train_network` raises.
    """
    outputs = len(description.class_names) + 1
    trained = train_network(recipe, training, validation, outputs, checkpoint, on_progress)
    layers = build_layers(recipe.layers, recipe.activation, training.image_shape, outputs)
    model = Model(
        (view_parameters(layers, trained.flat),),
        layers=recipe.layers,
        activation=recipe.activation,
        loss=recipe.loss,
        scaling=Scaling(0.0, 1.0),
        image_shape=training.image_shape,
        class_names=description.class_names,
        dataset=description.name,
        negative_class=True,
    )
    return model, trained
