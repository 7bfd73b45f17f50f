"""A trained network with all that it takes to use it, as a folder of plain files."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from pipeline.data.scaling import Scaling, standardise
from pipeline.engine.arrays import load_array, save_array
from pipeline.engine.documents import load_json, save_json
from pipeline.engine.errors import PipelineError
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.losses import probabilities
from pipeline.network.mlp import Layer, forward
from pipeline.network.names import ActivationName, CostName

TILE = 128  # rows that one matrix product works on; see `predict`


@dataclass(frozen=True)
class Model:
    """layers: float32. scaling: of raw pixels. image_shape: (h, w). dataset: the name of what it has learned from.

    temperature: of the probabilities.
    """

    layers: tuple[Layer, ...]
    activation: ActivationName
    cost: CostName
    scaling: Scaling
    image_shape: tuple[int, int]
    class_names: tuple[str, ...]
    dataset: str
    temperature: float = 1.0

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the inputs, the hidden layers and the outputs."""
        return (
            self.layers[0].weights.shape[0],
            *(layer.weights.shape[1] for layer in self.layers),
        )


def predict(model: Model, images: NDArray[np.float32], first: int = 0) -> NDArray[np.float32]:
    """The probabilities, (n, c), of standardised images, (n, h, w), that begin at row `first` of a whole.

    Row r of the whole is always computed in row r mod TILE of a product with TILE rows, the rest of them zero
    where needed. BLAS may add up a row differently in another place of another shape; here place and shape
    never change, so neither does a bit, however the whole is cut into blocks (with one thread for BLAS).
    """
    rows = images.reshape(len(images), model.sizes[0])
    result = np.empty((len(rows), len(model.class_names)), np.float32)
    tile = np.zeros((TILE, rows.shape[1]), np.float32)
    end = first + len(rows)
    for corner in range(first - first % TILE, end, TILE):
        begin, stop = max(corner, first), min(corner + TILE, end)
        tile[:] = 0
        tile[begin - corner : stop - corner] = rows[begin - first : stop - first]
        with np.errstate(over="ignore", invalid="ignore"):  # of images that are no numbers; so are the answers
            logits = forward(model.layers, tile, ACTIVATIONS[model.activation])[-1]
            beliefs = probabilities(logits, model.cost, model.temperature)
        result[begin - first : stop - first] = beliefs[begin - corner : stop - corner]
    return result


def predict_raw(model: Model, images: NDArray[np.uint8], first: int = 0) -> NDArray[np.float32]:
    """The probabilities, (n, c), of raw images, uint8 (n, h, w); otherwise like `predict`."""
    return predict(model, standardise(images, model.scaling), first)


def save_model(folder: Path, model: Model, training: dict[str, Any]) -> None:
    """Write the model's files into `folder`; `training` tells in model.json how it came about."""
    for number, layer in enumerate(model.layers, start=1):
        for kind, array in (("weights", layer.weights), ("biases", layer.biases)):
            save_array(folder / f"layer-{number}-{kind}.npy", array)
    content = {
        "sizes": model.sizes,
        "activation": model.activation,
        "cost": model.cost,
        "scaling": {"mean": model.scaling.mean, "deviation": model.scaling.deviation},
        "image_shape": model.image_shape,
        "class_names": model.class_names,
        "dataset": model.dataset,
        "temperature": model.temperature,
        "training": training,
    }
    save_json(folder / "model.json", content)


def load_model(folder: Path) -> Model:
    """The model that `save_model` wrote. Raises PipelineError if a file is missing, damaged or does not fit."""
    path = folder / "model.json"
    content = load_json(path)
    try:
        sizes = [int(size) for size in content["sizes"]]
        height, width = map(int, content["image_shape"])
        scaling = Scaling(float(content["scaling"]["mean"]), float(content["scaling"]["deviation"]))
        class_names = tuple(map(str, content["class_names"]))
        dataset, temperature = str(content["dataset"]), float(content["temperature"])
        activation, cost = content["activation"], content["cost"]
        whole = (
            len(sizes) >= 2
            and all(size >= 1 for size in sizes)
            and sizes[0] == height * width
            and sizes[-1] == len(class_names)
            and activation in get_args(ActivationName)
            and cost in get_args(CostName)
            and 0.01 <= temperature <= 100
        )
    except (KeyError, TypeError, ValueError, OverflowError, PipelineError):
        whole = False
    if not whole:
        raise PipelineError(f"{path} describes no model: remove it and run its stage again")
    layers = tuple(
        Layer(
            _load_finite(folder / f"layer-{number}-weights.npy", (fan_in, fan_out)),
            _load_finite(folder / f"layer-{number}-biases.npy", (fan_out,)),
        )
        for number, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1)
    )
    shape = (height, width)
    return Model(layers, activation, cost, scaling, shape, class_names, dataset, temperature)


def _load_finite(path: Path, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = np.array(load_array(path, np.float32, shape))
    if not np.isfinite(array).all():
        raise PipelineError(f"{path} holds numbers that are none: remove it and run its stage again")
    return array
