"""A trained model, a single network or an ensemble, and its folder of .npy files and model.json."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.arrays import read_array, save_array
from pipeline.engine.documents import advise_anew, load_json, save_json
from pipeline.engine.errors import PipelineError
from pipeline.model.header import Header
from pipeline.network.activations import Array
from pipeline.network.layer import Shape
from pipeline.network.network import Network, make_network

FILE = "model.json"
ROW = "row."  # before the names of the arrays of a model for rows

# From a header to the names of the arrays of each network, in the order of their parameters.
Naming = Callable[[Header], list[list[str]]]


@dataclass(frozen=True)
class Model(Header):
    """A trained model: a header, and the arrays.

    parameters: all parameters of each network, float32 (total,); the networks have equal layers, and their logits are
    averaged. Their number is the `ensemble_size` of the header, which is not given.
    """

    parameters: tuple[Array, ...]
    ensemble_size: int = field(init=False)
    row: "Model | None" = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ensemble_size", len(self.parameters))
        super().__post_init__()

    @property
    def header(self) -> Header:
        """The model without its arrays."""
        return Header(**{**_header_values(self), "row": self.row and self.row.header})

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """All networks of the model."""
        layers = self.make_layers()
        return tuple(make_network(layers, flat) for flat in self.parameters)

    @property
    def is_convolutional(self) -> bool:
        """Whether the first layer has kernels: weights whose output is an image."""
        first = self.networks[0].layers[0]
        return bool(first.parameter_shapes) and len(first.output_shape) > 1


@dataclass(frozen=True)
class _Document:
    """What model.json contains besides the header."""

    training: dict[str, Any]


def save_model(folder: Path, model: Model, training: dict[str, Any]) -> None:
    """Write the arrays and the header to `folder`, which must be empty.

    training: record of the training, written to model.json unchanged.
    """
    for name, array in name_arrays(model, list_files).items():
        save_array(folder / f"{name}.npy", array)
    save_json(folder / FILE, {**asdict(model.header), "training": training})


def load_model(folder: Path) -> Model:
    """Load a model. Raises PipelineError if a file is missing, damaged or inconsistent with the others."""

    def read(name: str, shape: Shape) -> NDArray[np.float32]:
        path = folder / f"{name}.npy"
        array = read_array(path, np.float32, shape)
        if not np.isfinite(array).all():
            raise PipelineError(f"{path} contains NaN or infinite values: {advise_anew(path)}")
        return array

    return assemble(load_header(folder), list_files, read)


def load_header(folder: Path) -> Header:
    """Return the header of the model in `folder`. Raises PipelineError if it is missing or damaged."""
    return load_json(folder / FILE, Header)


def load_training(folder: Path) -> dict[str, Any]:
    """Return the record of the training that `save_model` wrote. Raises PipelineError if it is missing or damaged."""
    return load_json(folder / FILE, _Document).training


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
    """Return all arrays by name; those of the model for rows have names that begin with ROW."""
    named: dict[str, NDArray[np.float32]] = {}
    for names, network in zip(naming(model), model.networks, strict=True):
        named |= zip(names, (array for layer in network.parameters.layers for array in layer), strict=True)
    if model.row:
        named |= {f"{ROW}{name}": array for name, array in name_arrays(model.row, naming).items()}
    return named


def assemble(header: Header, naming: Naming, read: Callable[[str, Shape], NDArray[Any]]) -> Model:
    """Return the model of a header. read: returns the array with a name of `name_arrays`, of a shape."""
    shapes = [shape for layer in header.make_layers() for shape in layer.parameter_shapes.values()]
    parameters = []
    for names in naming(header):
        parts = [read(name, shape).reshape(-1) for name, shape in zip(names, shapes, strict=True)]
        parameters.append(np.concatenate(parts, dtype=np.float32))
    row = header.row and assemble(header.row, naming, lambda name, shape: read(ROW + name, shape))
    values = {**_header_values(header), "row": row}
    del values["ensemble_size"]  # of the parameters
    return Model(tuple(parameters), **values)


def _header_values(header: Header) -> dict[str, Any]:
    return {each.name: getattr(header, each.name) for each in fields(Header)}
