"""Trained models of three kinds, each a network or an ensemble, and their folder of .npy files and model.json."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import read_array, save_array
from pipeline.engine.documents import advise_anew, load_json, save_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.float_arrays import Array
from pipeline.model.header import Header, Properties
from pipeline.network.architecture import find_window
from pipeline.network.layer import Shape
from pipeline.network.network import Network, make_network

MODEL_FILE = "model.json"
RECOGNISER_PREFIX = "row."  # before the names of the arrays of a recogniser

# From a header to the names of the arrays of each network, in the order of their parameters.
Naming = Callable[[Header], list[list[str]]]


@dataclass(frozen=True, kw_only=True)
class Model(Properties):
    """A trained model, which is a Classifier, a Detector or a Recogniser: its properties, and the arrays.

    parameters: all parameters of each network, float32 (total,); the networks have equal layers, and their logits are
    averaged. Raises ValueError or PipelineError as its header does.
    """

    title: ClassVar[str]
    parameters: tuple[Array, ...]

    def __post_init__(self) -> None:
        _ = self.header  # which checks its values

    @classmethod
    def of(cls, header: Header, parameters: tuple[Array, ...], **parts: Any) -> Self:
        """Return the model of a header. parts: the fields that are not in the header."""
        return cls(**_get_properties(header), parameters=parameters, **parts)

    @property
    def ensemble_size(self) -> int:
        """The number of networks."""
        return len(self.parameters)

    @cached_property
    def header(self) -> Header:
        """The model without its arrays."""
        return Header(**_get_properties(self), **self._describe_kind(), ensemble_size=self.ensemble_size)

    def _describe_kind(self) -> dict[str, Any]:
        """Return the fields of the header that tell its kind."""
        return {}

    @property
    def outputs(self) -> int:
        """The number of outputs of each network, at each position or of each column."""
        return self.header.outputs

    @property
    def architecture(self) -> str:
        """The layers, from image size to number of classes, as in 28x28-conv16-conv64-128-10."""
        return self.header.architecture

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """All networks of the model."""
        layers = self.header.make_layers()
        return tuple(make_network(layers, flat) for flat in self.parameters)

    @property
    def is_convolutional(self) -> bool:
        """Whether the first layer has kernels: weights whose output is an image."""
        first = self.networks[0].layers[0]
        return bool(first.parameter_shapes) and len(first.output_shape) > 1


@dataclass(frozen=True, kw_only=True)
class Classifier(Model):
    """A model of images like its training images. negative_class: whether its networks have an output for no class."""

    title = "a model for images"
    negative_class: bool = False

    @classmethod
    def of(cls, header: Header, parameters: tuple[Array, ...], **parts: Any) -> Self:
        """Return the model of a header."""
        return super().of(header, parameters, negative_class=header.negative_class, **parts)

    def _describe_kind(self) -> dict[str, Any]:
        return {"negative_class": self.negative_class}


@dataclass(frozen=True, kw_only=True)
class Recogniser(Model):
    """A network that reads a row: it has outputs for each column of a line image, the classes and EXTRA more."""

    title = "a recogniser"

    def _describe_kind(self) -> dict[str, Any]:
        return {"by_column": True}


@dataclass(frozen=True, kw_only=True)
class Detector(Model):
    """A network that is slid over the local contrast of pictures, with an output for positions without a digit.

    row: the model that reads the rows that this network finds.

    Raises ValueError if its images are not its window, or if `row` has other classes.
    """

    title = "a model that reads pictures"
    row: Recogniser

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.image_shape != find_window(self.layers):
            raise ValueError(f"images of {self.image_shape} pixels are not the window of {self.layers}")
        if self.row.class_names != self.class_names:
            raise ValueError("its recogniser has other classes")

    def _describe_kind(self) -> dict[str, Any]:
        return {"negative_class": True, "row": self.row.header}


@dataclass(frozen=True)
class _Document:
    """The content of model.json besides the header."""

    training: dict[str, Any]


def save_model(folder: Path, model: Model, training: dict[str, Any]) -> None:
    """Write the arrays and the header to `folder`, which must be empty.

    training: record of the training, written to model.json unchanged.
    """
    for name, array in name_arrays(model, list_files).items():
        save_array(folder / f"{name}.npy", array)
    save_json(folder / MODEL_FILE, {**asdict(model.header), "training": training})


def load_model(folder: Path) -> Model:
    """Load a model from an artifact of a stage that trains one: `model.json`, and a `.npy` file for each array.

    Raises PipelineError if a file is missing, damaged or inconsistent with the others.
    """

    def read(name: str, shape: Shape) -> NDArray[np.float32]:
        path = folder / f"{name}.npy"
        array = read_array(path, np.float32, shape)
        if not np.isfinite(array).all():
            raise PipelineError(f"{path} contains NaN or infinite values: {advise_anew(path)}")
        return array

    header = load_header(folder)
    try:
        return assemble(header, list_files, read)
    except ValueError as error:
        path = folder / MODEL_FILE
        raise PipelineError(f"{path} is not valid ({error}): {advise_anew(path)}") from None


def load_header(folder: Path) -> Header:
    """Return the header of the model in `folder`. Raises PipelineError if its file is missing or damaged."""
    return load_json(folder / MODEL_FILE, Header)


def load_training(folder: Path) -> dict[str, Any]:
    """Return the record of the training that `save_model` wrote. Raises PipelineError if it is missing or damaged."""
    return load_json(folder / MODEL_FILE, _Document).training


def list_files(header: Header) -> list[list[str]]:
    """Return the names of files: `layer-1-weights`, `layer-1-biases`, ..., for an ensemble `network-1-layer-1-weights`.

    They are without suffix, one list for each network.
    """
    layers = enumerate(header.make_layers(), start=1)
    names = [f"layer-{number}-{name}" for number, layer in layers for name in layer.parameter_shapes]
    networks = range(1, header.ensemble_size + 1)
    prefixes = [f"network-{number}-" for number in networks] if header.ensemble_size > 1 else [""]
    return [[f"{prefix}{name}" for name in names] for prefix in prefixes]


def name_arrays(model: Model, naming: Naming) -> dict[str, NDArray[np.float32]]:
    """Return all arrays by name; the names of arrays of the recogniser begin with RECOGNISER_PREFIX."""
    named: dict[str, NDArray[np.float32]] = {}
    for names, network in zip(naming(model.header), model.networks, strict=True):
        named |= zip(names, (array for layer in network.parameters.layers for array in layer), strict=True)
    if isinstance(model, Detector):
        named |= {f"{RECOGNISER_PREFIX}{name}": array for name, array in name_arrays(model.row, naming).items()}
    return named


def assemble(header: Header, naming: Naming, read: Callable[[str, Shape], NDArray[Any]]) -> Model:
    """Return the model of a header, with parameters in float32.

    naming: as for `name_arrays`. read: a function that is called with a name of `name_arrays` and the shape that the
    array must have, and returns the array. Raises ValueError if the arrays do not make a model.
    """
    shapes = [shape for layer in header.make_layers() for shape in layer.parameter_shapes.values()]
    networks = []
    for names in naming(header):
        parts = [read(name, shape).reshape(-1) for name, shape in zip(names, shapes, strict=True)]
        networks.append(np.concatenate(parts, dtype=np.float32))
    parameters = tuple(networks)
    if header.row:
        row = assemble(header.row, naming, lambda name, shape: read(RECOGNISER_PREFIX + name, shape))
        if not isinstance(row, Recogniser):
            raise ValueError(f"its second model is {row.title}, not a recogniser")
        return Detector.of(header, parameters, row=row)
    return (Recogniser if header.by_column else Classifier).of(header, parameters)


def _get_properties(model: Properties) -> dict[str, Any]:
    return {each.name: getattr(model, each.name) for each in fields(Properties)}
