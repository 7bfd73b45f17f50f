"""Export a model to safetensors: named arrays and a header of strings; loading it executes no code.

Names and shapes are those of the state dict of a torch.nn.Sequential, so `load_state_dict` accepts the arrays.
"""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pipeline.engine.documents import INVALID, build, require_regular
from pipeline.engine.errors import PipelineError
from pipeline.model.files import CONTEXT, Model, add_context, build_content_layers, shared_values
from pipeline.model.metadata import parse_metadata
from pipeline.model.quantization import dequantize, quantize
from pipeline.network.layers import Affine, Convolution, Dense, Layer, MaxPooling, unknown_kind
from pipeline.network.network import view_parameters

LENGTH = struct.Struct("<Q")  # a file begins with the length of the header
ALIGNMENT = 8  # of the arrays after the header

WEIGHT_AND_BIAS = "weight", "bias"
SCALE = "_scale"  # after the name of an array of 8-bit integers


@dataclass(frozen=True)
class Module:
    """A module of a torch.nn.Sequential: an expression that makes it, with `nn` for torch.nn, and its parameters."""

    expression: str
    parameters: tuple[str, ...] = ()


@singledispatch
def to_modules(layer: Layer) -> list[Module]:
    """Return the modules that compute a layer from images (n, channels, height, width)."""
    raise unknown_kind(layer, "PyTorch module", __name__)


@to_modules.register
def _(layer: Dense) -> list[Module]:
    flatten = [Module("nn.Flatten()")] if len(layer.input_shape) > 1 else []
    linear = f"nn.Linear({math.prod(layer.input_shape)}, {layer.outputs})"
    return [*flatten, Module(linear, WEIGHT_AND_BIAS), *_to_activation(layer)]


@to_modules.register
def _(layer: Convolution) -> list[Module]:
    channels = layer.input_shape[0]
    convolution = f"nn.Conv2d({channels}, {layer.outputs}, kernel_size={layer.kernel}, stride={layer.stride})"
    return [Module(convolution, WEIGHT_AND_BIAS), *_to_activation(layer)]


@to_modules.register
def _(layer: MaxPooling) -> list[Module]:
    return [Module(f"nn.MaxPool2d(kernel_size={layer.kernel}, stride={layer.stride})")]


def _to_activation(layer: Affine) -> list[Module]:
    return [Module(layer.activation.torch)] if layer.activation else []


def list_modules(model: Model) -> list[str]:
    """Return the modules of a torch.nn.Sequential that computes logits from images (n, 1, height, width)."""
    return [module.expression for layer in model.networks[0].layers for module in to_modules(layer)]


def save_safetensors(
    path: Path, model: Model, metadata: Mapping[str, str], dtype: type[np.floating[Any] | np.int8] = np.float32
) -> None:
    """Write the parameters to `path` as `0.weight`, `0.bias`, `2.weight` and so on.

    The number is the index of the module in `list_modules`. For an ensemble the index of the network comes first, as in
    a torch.nn.ModuleList: `1.0.weight` belongs to the second network. The arrays of `model.context` begin with
    `context.`. dtype: np.float32, np.float16 for half the size, or np.int8 for a quarter: then `0.weight_scale` is
    the scale of each output.
    """
    arrays = _name_arrays(model, dtype)
    if model.context:
        arrays |= {f"{CONTEXT}.{name}": array for name, array in _name_arrays(model.context, dtype).items()}
    path.write_bytes(_sorted_header(save(arrays, dict(metadata))))


def _name_arrays(model: Model, dtype: type[np.floating[Any] | np.int8]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for names, network in zip(_list_names(model.networks[0].layers, len(model.networks)), model.networks, strict=True):
        in_order = (array for layer in network.parameters.layers for array in layer)
        for name, array in zip(names, in_order, strict=True):
            if dtype is not np.int8:
                arrays[name] = array.astype(dtype)
            elif array.ndim > 1:
                arrays[name], arrays[name + SCALE] = quantize(array, 8)
            else:
                arrays[name] = array
    return arrays


def load_safetensors(path: Path) -> Model:
    """Load a model from a file that `save_safetensors` wrote with `model_metadata`; its parameters become float32.

    Raises PipelineError if the file is missing or damaged, or is not such a file.
    """
    try:
        require_regular(path)
        with open(path, "rb"):  # raises a better OSError than safe_open
            pass
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            model = _load_networks(file, parse_metadata(metadata), "")
            if CONTEXT in metadata:
                content = parse_metadata(build(dict[str, str], json.loads(metadata[CONTEXT])))
                model = add_context(model, _load_networks(file, content, f"{CONTEXT}."))
            elif any(name.startswith(f"{CONTEXT}.") for name in file.keys()):  # noqa: SIM118, no dict
                raise ValueError("the metadata of the second network are missing")
        return model
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing") from None
    except (SafetensorError, *INVALID) as error:
        raise PipelineError(
            f"{path} is damaged, or not a model written by `handwriting export` ({' '.join(str(error).split())})"
        ) from None


def _load_networks(file: Any, content: Any, prefix: str) -> Model:
    """Return the model with this `Content`, whose arrays have names with this prefix."""
    layers = build_content_layers(content)
    stored = {name for name in file.keys() if name.startswith(f"{CONTEXT}.") == bool(prefix)}  # noqa: SIM118, no dict
    arrays = {name for name in stored if not name.endswith(SCALE)}
    if len(arrays) != content.ensemble_size * sum(len(layer.parameter_shapes) for layer in layers):
        raise ValueError(f"{len(arrays)} arrays do not fit the layers and the ensemble size")
    names = [[prefix + name for name in names] for names in _list_names(layers, content.ensemble_size)]
    parameters = tuple(view_parameters(layers, _load_flat(file, layers, each)) for each in names)
    return Model(parameters, **shared_values(content))


def _load_flat(file: Any, layers: Sequence[Layer], names: Sequence[str]) -> NDArray[np.float32]:
    """Load the arrays of one network, one after the other, as for `view_parameters`."""
    shapes = [shape for layer in layers for shape in layer.parameter_shapes.values()]
    parts = []
    for name, shape in zip(names, shapes, strict=True):
        stored = file.get_slice(name)
        if stored.get_dtype() not in ("F16", "F32", "I8") or tuple(stored.get_shape()) != shape:
            raise ValueError(f"{name} is not an array of 16 or 32-bit floats or 8-bit integers of shape {shape}")
        array = file.get_tensor(name)
        if stored.get_dtype() == "I8":
            scales = file.get_tensor(name + SCALE)
            if scales.dtype != np.float32 or scales.shape != shape[:1]:
                raise ValueError(f"{name + SCALE} is not an array of 32-bit floats of shape {shape[:1]}")
            array = dequantize(array, scales)
        parts.append(array.reshape(-1))
    flat = np.concatenate(parts, dtype=np.float32)
    if not np.isfinite(flat).all():
        raise ValueError("a parameter is not finite")
    return flat


def _list_names(layers: Sequence[Layer], ensemble_size: int) -> list[list[str]]:
    """Return the names of the arrays of each network, in the order of its parameters."""
    modules = [module for layer in layers for module in to_modules(layer)]
    names = [f"{index}.{name}" for index, module in enumerate(modules) for name in module.parameters]
    prefixes = [f"{network}." for network in range(ensemble_size)] if ensemble_size > 1 else [""]
    return [[f"{prefix}{name}" for name in names] for prefix in prefixes]


def _sorted_header(file: bytes) -> bytes:
    """Sort the metadata of a file, which the library writes in random order."""
    (length,) = LENGTH.unpack_from(file)
    end = LENGTH.size + length
    header = json.loads(file[LENGTH.size : end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return LENGTH.pack(len(text)) + text + file[end:]
