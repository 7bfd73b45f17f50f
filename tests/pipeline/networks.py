"""Random networks and examples."""

import numpy as np

from pipeline.data.dataset import Description
from pipeline.data.scaling import Scaling
from pipeline.engine.float_arrays import Array
from pipeline.model.model import Classifier
from pipeline.network import network as module
from pipeline.network.architecture import build_layers
from pipeline.network.network import Network, count_parameters, initialise
from pipeline.training.classification import Images, build_classifier_task
from pipeline.training.recipe import Recipe
from pipeline.training.task import Task, make_header

SCALING = Scaling(0.25, 0.5)


def make_network(
    layers: str,
    shape: tuple[int, int],
    classes: int,
    activation: str = "relu",
    scheme: str = "he",
    bias_std: float = 1.0,
    seed: int = 0,
    dtype: type = np.float64,
) -> Network:
    """Return a network for images (height, width); layers: hidden, as in conv16,128."""
    built = build_layers(layers, activation, shape, classes)
    network = module.make_network(built, np.empty(count_parameters(built), dtype))
    initialise(network, scheme, bias_std, np.random.default_rng(seed))
    return network


def make_examples(
    count: int, shape: tuple[int, int] = (4, 5), classes: int = 3, seed: int = 0, dtype: type = np.float32
) -> Images:
    """Return standard normal images with random labels."""
    generator = np.random.default_rng(seed)
    images: Array = generator.normal(size=(count, *shape)).astype(dtype)
    return Images(images, generator.integers(0, classes, count).astype(np.uint8), SCALING)


def make_classification(recipe: Recipe, training: Images, validation: Images, classes: int = 3) -> Task[Classifier]:
    """Return the task to tell the classes of such images apart."""
    _, height, width = training.images.shape
    header = make_header(
        recipe,
        Description("test", tuple(map(str, range(classes)))),
        scaling=SCALING,
        image_shape=(height, width),
        negative_class=recipe.negatives > 0,
    )
    return build_classifier_task(header, recipe, training, validation)
