"""Small models with random parameters."""

from typing import Any

import numpy as np

from pipeline.data.scaling import Scaling
from pipeline.model.header import EXTRA
from pipeline.model.model import Model
from pipeline.network.architecture import build_layers
from pipeline.network.network import count_parameters, initialise, make_network


def make_model(layers: str = "6,5", ensemble_size: int = 1, shape: tuple[int, int] = (3, 4), **parts: Any) -> Model:
    """Return a model for images of this shape; `parts` replaces other fields."""
    generator = np.random.default_rng(0)
    defaults = {"class_names": ("a", "b", "c"), "activation": "relu", "loss": "cross-entropy", "temperature": 0.7}
    parts = {**defaults, "scaling": Scaling(0.1, 0.3), "dataset": "letters", **parts}
    by_column = parts.get("by_column", False)
    outputs = len(parts["class_names"]) + (EXTRA if by_column else parts.get("negative_class", False))
    built = build_layers(layers, parts["activation"], shape, outputs, by_column)
    networks = [make_network(built, np.empty(count_parameters(built), np.float32)) for _ in range(ensemble_size)]
    for network in networks:
        initialise(network, "he", 1.0, generator)
    return Model(tuple(network.parameters.flat for network in networks), layers=layers, image_shape=shape, **parts)
