"""Random networks and examples."""

import numpy as np

from pipeline.data.scaling import Scaling
from pipeline.network import network as module
from pipeline.network.activations import Array
from pipeline.network.architecture import build_layers
from pipeline.network.network import Network, count_parameters, initialise
from pipeline.training.training_data import Examples

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
) -> Examples:
    """Return standard normal images with random labels."""
    generator = np.random.default_rng(seed)
    images: Array = generator.normal(size=(count, *shape)).astype(dtype)
    return Examples(images, generator.integers(0, classes, count).astype(np.uint8), SCALING)
