"""A trained model, a single network or an ensemble, and its folder of .npy files and model.json."""

from dataclasses import asdict, dataclass, fields, make_dataclass, replace
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
from pipeline.network.architecture import build_layers, find_window, format_network
from pipeline.network.layers import Layer
from pipeline.network.losses import LOSSES
from pipeline.network.network import Network, Parameters, view_parameters

MAX_CONTEXT = 1000  # pixels: side of the window of a second network
CONTEXT = "context"  # folder of the second network of a sliding model, and prefix of its arrays


@dataclass(frozen=True)
class Model:
    """A trained model.

    parameters: float32 arrays of each network; the networks have equal layers, and their logits are averaged. layers:
    hidden layers, as in conv16,conv64,128. scaling: scaling of raw pixels. image_shape: (height, width). dataset: name
    of the training data. sliding: whether the model is slid over the local contrast of pictures, rather than given
    images of the training set. negative_class: whether the networks have one more output, for images of no class.
    temperature: divisor of the logits before softmax. ink_statistics: usual size and stroke widths of the ink in the
    training images. validation_accuracy: accuracy in [0, 1] on validation images or, for a sliding model, on the digits
    of composed pages; 0 if it was not measured. context: second model of a sliding model, which predicts from the local
    contrast around each candidate whether it is a digit; None if there is none.
    """

    parameters: tuple[Parameters, ...]
    layers: str
    activation: str
    loss: str
    scaling: Scaling
    image_shape: tuple[Positive, Positive]
    class_names: tuple[str, ...]
    dataset: str
    negative_class: bool = False
    sliding: bool = False
    temperature: Annotated[float, 0.01, 100] = 1.0
    ink_statistics: InkStatistics = InkStatistics()  # noqa: RUF009, it is frozen
    validation_accuracy: Annotated[float, 0, 1] = 0.0
    context: "Model | None" = None

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """All networks of the model."""
        layers = build_content_layers(self)
        return tuple(Network(layers, parameters) for parameters in self.parameters)

    @property
    def is_convolutional(self) -> bool:
        """Whether the first layer has kernels: weights whose output is an image."""
        first = self.networks[0].layers[0]
        return bool(first.parameter_shapes) and len(first.output_shape) > 1

    @property
    def architecture(self) -> str:
        """Layers from image size to number of classes, as in 28x28-conv16-conv64-128-10."""
        return format_network(self.layers, self.image_shape, count_outputs(self))


def count_outputs(model: Any) -> int:
    """Return the number of outputs of a model's networks, or of those that the content of its model.json describes."""
    return len(model.class_names) + bool(model.negative_class)


def build_content_layers(content: Any) -> tuple[Layer, ...]:
    """Return the layers of a model's networks, or of those that the content of its model.json describes."""
    return build_layers(content.layers, content.activation, content.image_shape, count_outputs(content))


def _check(content: Any) -> None:
    Description(content.dataset, content.class_names)  # raises DatasetError
    for name, choices in (("activation", ACTIVATIONS), ("loss", LOSSES)):
        if getattr(content, name) not in choices:
            raise ValueError(f"{name} must be one of {', '.join(choices)}")
    build_content_layers(content)  # raises UsageError
    kind = content.ensemble_size, content.negative_class
    if content.sliding and (kind != (1, True) or content.image_shape != find_window(content.layers)):
        raise ValueError("a model that slides must be one network with an output for nothing, given its window")
    thin = content.ink_statistics.thin
    if thin > 2 * max(content.image_shape):  # more than `measure_stroke_widths` can return
        raise ValueError(f"strokes at least {thin} pixels wide do not fit images of {content.image_shape} pixels")


# The fields of both Model and model.json.
SHARED = [(field.name, field.type) for field in fields(Model) if field.name not in ("parameters", "context")]
ADDED = {"sliding": False, "validation_accuracy": 0.0}  # fields that older files do not have
# A model without its arrays: the content of model.json, apart from `training`, which records how it was trained.
Content: type[Any] = make_dataclass(
    "Content", [("ensemble_size", Positive), *SHARED], namespace={"__post_init__": _check}
)


def save_model(folder: Path, model: Model, training: dict[str, Any]) -> None:
    """Write the files of the model to `folder`; `training` is written to model.json unchanged.

    The second network of a sliding model is written to its folder CONTEXT. `folder` must be empty.
    """
    if model.context:
        (folder / CONTEXT).mkdir(exist_ok=True)
        save_model(folder / CONTEXT, model.context, {})
    for name, array in named_arrays(model).items():
        save_array(folder / f"{name}.npy", array)
    save_json(
        folder / "model.json",
        {**asdict(Content(len(model.parameters), **shared_values(model))), "training": training},
    )


def named_arrays(model: Model) -> dict[str, NDArray[np.float32]]:
    """All arrays by name: `layer-1-weights`, `layer-1-biases`, ..., for an ensemble `network-1-layer-1-weights`."""
    return {
        f"{_prefix(len(model.parameters), index)}layer-{number}-{name}": array
        for index, network in enumerate(model.networks)
        for number, (layer, arrays) in enumerate(zip(network.layers, network.parameters.layers, strict=True), start=1)
        for name, array in zip(layer.parameter_shapes, arrays, strict=True)
    }


def _prefix(networks: int, network: int) -> str:
    return f"network-{network + 1}-" if networks > 1 else ""


def load_model(folder: Path) -> Model:
    """Load a model. Raises PipelineError if a file is missing, damaged or inconsistent with the others."""
    content = load_json(folder / "model.json", Content, lambda content: {**ADDED, **content})
    layers = build_content_layers(content)
    parameters = tuple(
        _load_parameters(folder, f"{_prefix(content.ensemble_size, network)}layer-", layers)
        for network in range(content.ensemble_size)
    )
    model = Model(parameters, **shared_values(content))
    return add_context(model, load_model(folder / CONTEXT)) if (folder / CONTEXT).exists() else model


def add_context(model: Model, context: Model) -> Model:
    """Return a sliding model with its second network. Raises PipelineError if they do not fit together."""
    if not model.sliding or context.sliding or len(context.parameters) > 1 or not context.negative_class:
        raise PipelineError("a second network must be a single one, beside a model that slides")
    if context.class_names != model.class_names or max(context.image_shape) > MAX_CONTEXT:
        raise PipelineError(f"the classes of two networks differ, or a window has more than {MAX_CONTEXT} pixels")
    return replace(model, context=context)


def _load_parameters(folder: Path, prefix: str, layers: tuple[Layer, ...]) -> Parameters:
    arrays = [
        _load_finite(folder / f"{prefix}{number}-{name}.npy", shape)
        for number, layer in enumerate(layers, start=1)
        for name, shape in layer.parameter_shapes.items()
    ]
    return view_parameters(layers, np.concatenate([array.reshape(-1) for array in arrays]))


def shared_values(source: Any) -> dict[str, Any]:
    """Return the fields that a model and its `Content` share, by name."""
    return {name: getattr(source, name) for name, _ in SHARED}


def _load_finite(path: Path, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = read_array(path, np.float32, shape)
    if not np.isfinite(array).all():
        raise PipelineError(f"{path} contains NaN or infinite values: remove it and run its stage again")
    return array
