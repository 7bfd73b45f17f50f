"""A trained network, or a committee of several, with all that it takes to use it, as a folder of plain files."""

import itertools
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from pipeline.data.appearance import Appearance
from pipeline.data.dataset import Description
from pipeline.data.scaling import Scaling
from pipeline.engine.arrays import save_array
from pipeline.engine.documents import exactly, load_json, number, save_json, texts
from pipeline.engine.errors import PipelineError
from pipeline.engine.rows import read_array
from pipeline.network.mlp import Layer
from pipeline.network.names import ActivationName, CostName


@dataclass(frozen=True)
class Model:
    """members: networks of equal sizes, float32, whose logits are averaged; mostly one. scaling: of raw pixels.

    image_shape: (h, w). dataset: the name of what it has learned from. temperature: of the probabilities. appearance:
    what the training images look like.
    """

    members: tuple[tuple[Layer, ...], ...]
    activation: ActivationName
    cost: CostName
    scaling: Scaling
    image_shape: tuple[int, int]
    class_names: tuple[str, ...]
    dataset: str
    temperature: float = 1.0
    appearance: Appearance = Appearance()  # noqa: RUF009, it is frozen

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the inputs, the hidden layers and the outputs of each member."""
        layers = self.members[0]
        return (layers[0].weights.shape[0], *(layer.weights.shape[1] for layer in layers))


def save_model(folder: Path, model: Model, training: dict[str, Any]) -> None:
    """Write the model's files into `folder`; `training` tells in model.json how it came about."""
    for name, array in name_arrays(model).items():
        save_array(folder / f"{name}.npy", array)
    content = {
        "members": len(model.members),
        "sizes": model.sizes,
        "activation": model.activation,
        "cost": model.cost,
        "scaling": {"mean": model.scaling.mean, "deviation": model.scaling.deviation},
        "image_shape": model.image_shape,
        "class_names": model.class_names,
        "dataset": model.dataset,
        "temperature": model.temperature,
        "appearance": asdict(model.appearance),
        "training": training,
    }
    save_json(folder / "model.json", content)


def name_arrays(model: Model) -> dict[str, NDArray[np.float32]]:
    """All arrays of the model by name: `layer-1-weights`, and in a committee `member-1-layer-1-weights`."""
    return {
        f"{prefix}-{kind}": array
        for member, layers in enumerate(model.members)
        for prefix, layer in zip(_name_layers(len(model.members), member, len(layers)), layers, strict=True)
        for kind, array in (("weights", layer.weights), ("biases", layer.biases))
    }


def _name_layers(members: int, member: int, layers: int) -> list[str]:
    prefix = f"member-{member + 1}-" if members > 1 else ""
    return [f"{prefix}layer-{number}" for number in range(1, layers + 1)]


def load_model(folder: Path) -> Model:
    """The model that `save_model` wrote. Raises PipelineError if a file is missing, damaged or does not fit."""
    path = folder / "model.json"
    content = load_json(path)
    try:
        members, sizes = exactly(int, content["members"]), [exactly(int, size) for size in content["sizes"]]
        height, width = (exactly(int, side) for side in content["image_shape"])
        scaling = Scaling(number(content["scaling"]["mean"]), number(content["scaling"]["deviation"]))
        class_names = texts(content["class_names"])
        dataset, temperature = exactly(str, content["dataset"]), number(content["temperature"])
        Description(dataset, class_names)  # raises DatasetError
        appearance = Appearance(**content["appearance"])
        activation, cost = content["activation"], content["cost"]
        whole = (
            members >= 1
            and len(sizes) >= 2
            and all(size >= 1 for size in (*sizes, height, width))
            and sizes[0] == height * width
            and sizes[-1] == len(class_names)
            and activation in get_args(ActivationName)
            and cost in get_args(CostName)
            and 0.01 <= temperature <= 100
            and appearance.thin <= 2 * max(height, width)  # `measure_strokes` knows no thicker ones
            and all(name in content["appearance"] and number(value) >= 0 for name, value in asdict(appearance).items())
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, PipelineError):
        whole = False
    if not whole:
        raise PipelineError(f"{path} describes no model: remove it and run its stage again")
    committee = tuple(
        tuple(
            Layer(
                _load_finite(folder / f"{name}-weights.npy", shape),
                _load_finite(folder / f"{name}-biases.npy", shape[1:]),
            )
            for name, shape in zip(names, itertools.pairwise(sizes), strict=True)
        )
        for names in (_name_layers(members, member, len(sizes) - 1) for member in range(members))
    )
    return Model(committee, activation, cost, scaling, (height, width), class_names, dataset, temperature, appearance)


def _load_finite(path: Path, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = read_array(path, np.float32, shape)
    if not np.isfinite(array).all():
        raise PipelineError(f"{path} holds numbers that are none: remove it and run its stage again")
    return array
