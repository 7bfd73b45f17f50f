"""A trained model, a single network or an ensemble, and its folder of .npy files and model.json."""

from dataclasses import asdict, dataclass, fields, make_dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import Description
from pipeline.data.ink import InkStatistics
from pipeline.data.scaling import Scaling
from pipeline.engine.arrays import read_array, save_array
from pipeline.engine.documents import Positive, load_json, save_json
from pipeline.engine.errors import PipelineError
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.layers import Convolution, Layer
from pipeline.network.network import Network, Parameters, view_parameters
from pipeline.training.architecture import build_layers, format_network
from pipeline.training.recipe import ActivationName, LossName


@dataclass(frozen=True)
class Model:
    """A trained model.

    parameters: float32, of each network; the networks have equal layers and their logits are averaged. layers: hidden
    layers, as in conv16,conv64,128. scaling: of raw pixels. image_shape: (height, width). dataset: name of the training
    data. temperature: of the softmax. ink_statistics: of the training images.
    """

    parameters: tuple[Parameters, ...]
    layers: str
    activation: ActivationName
    loss: LossName
    scaling: Scaling
    image_shape: tuple[Positive, Positive]
    class_names: tuple[str, ...]
    dataset: str
    temperature: Annotated[float, 0.01, 100] = 1.0
    ink_statistics: InkStatistics = InkStatistics()  # noqa: RUF009, it is frozen

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """All networks of the model."""
        layers = build_layers(self.layers, self.image_shape, len(self.class_names))
        return tuple(Network(layers, ACTIVATIONS[self.activation], parameters) for parameters in self.parameters)

    @property
    def is_convolutional(self) -> bool:
        """Whether the first layer is a convolution."""
        return isinstance(self.networks[0].layers[0], Convolution)

    @property
    def architecture(self) -> str:
        """Layers from image size to number of classes, as in 28x28-conv16-conv64-128-10."""
        return format_network(self.layers, self.image_shape, len(self.class_names))


def _check(content: Any) -> None:
    Description(content.dataset, content.class_names)  # raises DatasetError
    build_layers(content.layers, content.image_shape, len(content.class_names))  # raises UsageError
    thin = content.ink_statistics.thin
    if thin > 2 * max(content.image_shape):  # more than `measure_strokes` can return
        raise ValueError(f"strokes at least {thin} pixels wide do not fit images of {content.image_shape} pixels")


# The fields of both Model and model.json.
SHARED = [(field.name, field.type) for field in fields(Model) if field.name != "parameters"]
# The content of model.json, apart from `training`, which records how the model was trained.
_Content: type[Any] = make_dataclass(
    "_Content", [("ensemble_size", Positive), *SHARED], namespace={"__post_init__": _check}
)


def save_model(folder: Path, model: Model, training: dict[str, Any]) -> None:
    """Write the files of the model to `folder`; `training` is written to model.json unchanged."""
    for name, array in named_arrays(model).items():
        save_array(folder / f"{name}.npy", array)
    save_json(
        folder / "model.json",
        {**asdict(_Content(len(model.parameters), **_shared_values(model))), "training": training},
    )


def named_arrays(model: Model) -> dict[str, NDArray[np.float32]]:
    """All arrays by name: `layer-1-weights`, `layer-1-biases`, ..., for an ensemble `network-1-layer-1-weights`."""
    return {
        f"{_prefix(len(model.parameters), network)}layer-{number}-{kind}": array
        for network, parameters in enumerate(model.parameters)
        for number, pair in enumerate(zip(parameters.weights, parameters.biases, strict=True), start=1)
        for kind, array in zip(("weights", "biases"), pair, strict=True)
    }


def _prefix(networks: int, network: int) -> str:
    return f"network-{network + 1}-" if networks > 1 else ""


def load_model(folder: Path) -> Model:
    """Load a model. Raises PipelineError if a file is missing, damaged or inconsistent with the others."""
    content = load_json(folder / "model.json", _Content)
    layers = build_layers(content.layers, content.image_shape, len(content.class_names))
    parameters = tuple(
        _load_parameters(folder, f"{_prefix(content.ensemble_size, network)}layer-", layers)
        for network in range(content.ensemble_size)
    )
    return Model(parameters, **_shared_values(content))


def _load_parameters(folder: Path, prefix: str, layers: tuple[Layer, ...]) -> Parameters:
    arrays = [
        _load_finite(folder / f"{prefix}{number}-{kind}.npy", shape)
        for number, layer in enumerate(layers, start=1)
        for kind, shape in (("weights", layer.weight_shape), ("biases", (layer.outputs,)))
    ]
    return view_parameters(layers, np.concatenate([array.reshape(-1) for array in arrays]))


def _shared_values(source: Any) -> dict[str, Any]:
    return {name: getattr(source, name) for name, _ in SHARED}


def _load_finite(path: Path, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = read_array(path, np.float32, shape)
    if not np.isfinite(array).all():
        raise PipelineError(f"{path} contains NaN or infinite values: remove it and run its stage again")
    return array
