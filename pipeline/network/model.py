"""A trained network, or a committee of several, with all that it takes to use it, as a folder of plain files."""

import itertools
import math
from dataclasses import asdict, dataclass, fields, make_dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.appearance import Appearance
from pipeline.data.dataset import Description
from pipeline.data.scaling import Scaling
from pipeline.engine.arrays import save_array
from pipeline.engine.documents import Positive, load_json, save_json
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
    image_shape: tuple[Positive, Positive]
    class_names: tuple[str, ...]
    dataset: str
    temperature: Annotated[float, 0.01, 100] = 1.0
    appearance: Appearance = Appearance()  # noqa: RUF009, it is frozen

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the inputs, the hidden layers and the outputs of each member."""
        layers = self.members[0]
        return (layers[0].weights.shape[0], *(layer.weights.shape[1] for layer in layers))


def _check(content: Any) -> None:
    Description(content.dataset, content.class_names)  # raises DatasetError
    ends = (math.prod(content.image_shape), len(content.class_names))
    if len(content.sizes) < 2 or ends != (content.sizes[0], content.sizes[-1]):
        raise ValueError(f"layers of {content.sizes} units do not fit {ends[0]} pixels and {ends[1]} classes")
    thin = content.appearance.thin
    if thin > 2 * max(content.image_shape):  # `measure_strokes` knows no thicker ones
        raise ValueError(f"strokes of at least {thin} pixels do not fit {content.image_shape} pixels")


SHARED = [(one.name, one.type) for one in fields(Model) if one.name != "members"]
# What model.json holds of a model; beside it, under `training`, how it came about.
_Content: type[Any] = make_dataclass(
    "_Content", [("members", Positive), ("sizes", tuple[Positive, ...]), *SHARED], namespace={"__post_init__": _check}
)


def save_model(folder: Path, model: Model, training: dict[str, Any]) -> None:
    """Write the model's files into `folder`; `training` tells in model.json how it came about."""
    for name, array in name_arrays(model).items():
        save_array(folder / f"{name}.npy", array)
    content = _Content(len(model.members), model.sizes, **_shared(model))
    save_json(folder / "model.json", {**asdict(content), "training": training})


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
    content = load_json(folder / "model.json", _Content)
    shapes = list(itertools.pairwise(content.sizes))
    members = tuple(
        tuple(
            Layer(
                _load_finite(folder / f"{name}-weights.npy", shape),
                _load_finite(folder / f"{name}-biases.npy", shape[1:]),
            )
            for name, shape in zip(_name_layers(content.members, member, len(shapes)), shapes, strict=True)
        )
        for member in range(content.members)
    )
    return Model(members, **_shared(content))


def _shared(source: Any) -> dict[str, Any]:
    """What a model and its model.json have in common, by name."""
    return {name: getattr(source, name) for name, _ in SHARED}


def _load_finite(path: Path, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = read_array(path, np.float32, shape)
    if not np.isfinite(array).all():
        raise PipelineError(f"{path} holds numbers that are none: remove it and run its stage again")
    return array
