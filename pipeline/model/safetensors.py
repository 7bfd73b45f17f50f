"""Export a model to safetensors: named arrays and a header; loading it executes no code.

Names and shapes are those of the state dict of a torch.nn.Sequential, so `load_state_dict` accepts the arrays.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pipeline.engine.documents import decode, require_regular
from pipeline.engine.errors import PipelineError
from pipeline.model.header import HEADER_KEY, Header, format_header
from pipeline.model.model import Model, assemble, name_arrays
from pipeline.model.quantization import dequantize, quantize
from pipeline.network.layer import Layer, Pair, Shape, of_kind
from pipeline.network.layers import Affine, AveragePooling, Convolution, Dense, Dropout, MaxPooling, Pooling

WEIGHT_AND_BIAS = "weight", "bias"
RESIDUAL = """class Residual(nn.Sequential):
    def forward(self, x):
        return super().forward(x) + x"""
SCALE_SUFFIX = "_scale"  # after the name of an array of 8-bit integers


@dataclass(frozen=True)
class TorchModule:
    """A module of a torch.nn.Sequential: an expression that makes it, and its parameters.

    In the expression `nn` is torch.nn, and `Residual` the class that RESIDUAL defines.
    """

    expression: str
    parameters: tuple[str, ...] = ()


def to_modules(layer: Layer) -> list[TorchModule]:
    """Return the modules that compute a layer from images (n, channels, height, width)."""
    return of_kind(TO_MODULES, layer, "PyTorch module", __name__)(layer)


def _to_linear(layer: Dense) -> list[TorchModule]:
    flatten = [TorchModule("nn.Flatten()")] if len(layer.input_shape) > 1 else []
    linear = f"nn.Linear({math.prod(layer.input_shape)}, {layer.outputs})"
    return [*flatten, TorchModule(linear, WEIGHT_AND_BIAS), *_to_activation(layer)]


def _to_convolution(layer: Convolution) -> list[TorchModule]:
    channels = layer.input_shape[0]
    numbers = {"kernel_size": layer.kernel, "stride": layer.stride}
    if any(layer.padding):
        numbers["padding"] = layer.padding
    if layer.dilation > 1:
        numbers["dilation"] = (1, layer.dilation)
    convolution = TorchModule(f"nn.Conv2d({channels}, {layer.outputs}, {_format_pairs(numbers)})", WEIGHT_AND_BIAS)
    modules = [convolution, *_to_activation(layer)]
    if not layer.residual:
        return modules
    inner = ", ".join(module.expression for module in modules)
    return [TorchModule(f"Residual({inner})", tuple(f"0.{name}" for name in WEIGHT_AND_BIAS))]


def _to_pooling(module: str, layer: Pooling) -> list[TorchModule]:
    return [TorchModule(f"nn.{module}({_format_pairs({'kernel_size': layer.kernel, 'stride': layer.stride})})")]


def _to_nothing(layer: Dropout) -> list[TorchModule]:
    return []


TO_MODULES: dict[type[Layer], Callable[..., list[TorchModule]]] = {
    Dense: _to_linear,
    Convolution: _to_convolution,
    MaxPooling: partial(_to_pooling, "MaxPool2d"),
    AveragePooling: partial(_to_pooling, "AvgPool2d"),
    Dropout: _to_nothing,
}


def _format_pairs(pairs: Mapping[str, Pair]) -> str:
    """Format arguments (height, width); one number stands for two equal ones."""
    return ", ".join(f"{name}={pair[0] if pair[0] == pair[1] else pair}" for name, pair in pairs.items())


def _to_activation(layer: Affine) -> list[TorchModule]:
    return [TorchModule(layer.activation.torch)] if layer.activation else []


def list_torch_modules(model: Model) -> list[str]:
    """Return the modules of a torch.nn.Sequential that computes logits from images (n, 1, height, width)."""
    return [module.expression for layer in model.networks[0].layers for module in to_modules(layer)]


def save_safetensors(path: Path, model: Model, dtype: type[np.floating[Any] | np.int8] = np.float32) -> None:
    """Write the header to the metadata of `path`, and the parameters as `0.weight`, `0.bias`, `2.weight` and so on.

    The number is the index of the module in `list_torch_modules`. For an ensemble the index of the network comes first,
    as in a torch.nn.ModuleList: `1.0.weight` belongs to the second network. The names of the recogniser begin with
    `row.`. dtype: np.float32, np.float16 for half the size, or np.int8 for a quarter: then `0.weight_scale` is
    the scale of each output.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for name, array in name_arrays(model, list_keys).items():
        if dtype is np.int8 and array.ndim > 1:
            arrays[name], arrays[name + SCALE_SUFFIX] = quantize(array, 8)
        else:
            arrays[name] = array.astype(np.float32 if dtype is np.int8 else dtype)
    path.write_bytes(save(arrays, {HEADER_KEY: format_header(model.header)}))


def load_safetensors(path: Path) -> Model:
    """Load a model from a file that `save_safetensors` wrote; its parameters become float32.

    Raises PipelineError if the file is missing or damaged, or is not such a file.
    """
    try:
        require_regular(path)
        with open(path, "rb"):  # raises a better OSError than safe_open
            pass
        with safe_open(path, "np") as file:
            header = decode((file.metadata() or {}).get(HEADER_KEY, ""), Header)
            unread = set(file.keys())
            model = assemble(header, list_keys, partial(_read_array, file, unread))
            if unread:
                raise ValueError(f"{len(unread)} arrays do not fit the layers and the ensemble size")
        return model
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: check the path") from None
    except (SafetensorError, ValueError, PipelineError) as error:
        raise PipelineError(
            f"{path} is not a model that `handwriting export` wrote, or is damaged ({' '.join(str(error).split())}): "
            "export it again"
        ) from None


def _read_array(file: Any, unread: set[str], name: str, shape: Shape) -> NDArray[Any]:
    """Return an array of the file, with its scale; remove the names of both from `unread`."""
    stored = file.get_slice(name)
    if stored.get_dtype() not in ("F16", "F32", "I8") or tuple(stored.get_shape()) != shape:
        raise ValueError(f"{name} is not an array of 16 or 32-bit floats or 8-bit integers of shape {shape}")
    array = file.get_tensor(name)
    unread.remove(name)
    if stored.get_dtype() == "I8":
        scales = file.get_tensor(name + SCALE_SUFFIX)
        if scales.dtype != np.float32 or scales.shape != shape[:1]:
            raise ValueError(f"{name + SCALE_SUFFIX} is not an array of 32-bit floats of shape {shape[:1]}")
        array = dequantize(array, scales)
        unread.remove(name + SCALE_SUFFIX)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is not finite")
    return np.asarray(array)


def list_keys(header: Header) -> list[list[str]]:
    """Return the names of the arrays of each network, in the order of its parameters; see `save_safetensors`."""
    modules = [module for layer in header.make_layers() for module in to_modules(layer)]
    names = [f"{index}.{name}" for index, module in enumerate(modules) for name in module.parameters]
    prefixes = [f"{network}." for network in range(header.ensemble_size)] if header.ensemble_size > 1 else [""]
    return [[f"{prefix}{name}" for name in names] for prefix in prefixes]
