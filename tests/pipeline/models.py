"""Small models with random parameters."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.data.scaling import Scaling
from pipeline.engine.float_arrays import Array
from pipeline.model.header import EXTRA
from pipeline.model.model import Classifier, Detector, Recogniser
from pipeline.network.architecture import build_layers, find_window
from pipeline.network.layer import Layer
from pipeline.network.network import count_parameters, initialise, make_network

Shape = tuple[int, int]


def make_model(layers: str = "6,5", ensemble_size: int = 1, shape: Shape = (3, 4), **parts: Any) -> Classifier:
    """Return a model for images of this shape; `parts` replaces other fields."""
    parts = fill(layers, shape, **parts)
    outputs = len(parts["class_names"]) + parts.get("negative_class", False)
    return Classifier(
        parameters=draw(build_layers(layers, parts["activation"], shape, outputs), ensemble_size), **parts
    )


def make_recogniser(layers: str = "conv2x3/1", shape: Shape = (4, 5), **parts: Any) -> Recogniser:
    """Return a recogniser, of line images of this shape."""
    parts = fill(layers, shape, **parts)
    outputs = len(parts["class_names"]) + EXTRA
    return Recogniser(
        parameters=draw(build_layers(layers, parts["activation"], shape, outputs, by_column=True)), **parts
    )


def make_detector(layers: str, row: Recogniser) -> Detector:
    """Return a model that slides over pictures."""
    parts = fill(layers, find_window(layers), class_names=row.class_names)
    outputs = len(row.class_names) + 1
    return Detector(parameters=draw(build_layers(layers, "relu", parts["image_shape"], outputs)), row=row, **parts)


def fill(layers: str, shape: Shape, **parts: Any) -> dict[str, Any]:
    """Return the fields of a model, with defaults for those that are not given."""
    defaults = {"class_names": ("a", "b", "c"), "activation": "relu", "loss": "cross-entropy", "temperature": 0.7}
    fixed = {"layers": layers, "image_shape": shape, "scaling": Scaling(0.1, 0.3), "dataset": "letters"}
    return {**defaults, **fixed, **parts}


def draw(layers: Sequence[Layer], ensemble_size: int = 1) -> tuple[Array, ...]:
    """Return random parameters of each network."""
    generator = np.random.default_rng(0)
    networks = [make_network(layers, np.empty(count_parameters(layers), np.float32)) for _ in range(ensemble_size)]
    for network in networks:
        initialise(network, "he", 1.0, generator)
    return tuple(network.parameters.flat for network in networks)
