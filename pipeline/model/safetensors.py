"""Export a model to safetensors: named arrays and a header of strings; loading it executes no code.

Names and shapes are those of the state dict of a torch.nn.Sequential, so `load_state_dict` accepts the arrays.
"""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pipeline.engine.documents import INVALID, require_regular
from pipeline.engine.errors import PipelineError
from pipeline.model.files import Model, count_outputs, shared_values
from pipeline.model.metadata import parse_metadata
from pipeline.network.layers import Convolution, Layer
from pipeline.network.network import view_parameters
from pipeline.training.architecture import build_layers

LENGTH = struct.Struct("<Q")  # a file begins with the length of the header
ALIGNMENT = 8  # of the arrays after the header

LAYER_MODULES = ("nn.Conv2d", "nn.Linear")
ACTIVATION_MODULES = {"sigmoid": "nn.Sigmoid()", "relu": "nn.ReLU()"}


def save_safetensors(
    path: Path, model: Model, metadata: Mapping[str, str], dtype: type[np.floating[Any]] = np.float32
) -> None:
    """Write the parameters to `path` as `0.weight`, `0.bias`, `2.weight` and so on.

    The number is the index of the layer in `list_modules`. For an ensemble the index of the network comes first, as in
    a torch.nn.ModuleList: `1.0.weight` belongs to the second network. dtype: np.float32, or np.float16 for half the
    size.
    """
    layers = model.networks[0].layers
    arrays = {
        name: array.astype(dtype)
        for names, parameters in zip(_list_arrays(layers, len(model.parameters)), model.parameters, strict=True)
        for layer, *pair in zip(names, parameters.weights, parameters.biases, strict=True)
        for name, array in zip(layer, pair, strict=True)
    }
    path.write_bytes(_sorted_header(save(arrays, dict(metadata))))


def load_safetensors(path: Path) -> Model:
    """Load a model from a file that `save_safetensors` wrote with `model_metadata`; its parameters become float32.

    Raises PipelineError if the file is missing or damaged, or is not such a file.
    """
    try:
        require_regular(path)
        with open(path, "rb"):  # raises a better OSError than safe_open
            pass
        with safe_open(path, "np") as file:
            content = parse_metadata(file.metadata() or {})
            layers = build_layers(content.layers, content.image_shape, count_outputs(content))
            if len(file.keys()) != 2 * len(layers) * content.ensemble_size:
                raise ValueError(f"{len(file.keys())} arrays do not fit the layers and the ensemble size")
            parameters = tuple(
                view_parameters(layers, _load_flat(file, layers, names))
                for names in _list_arrays(layers, content.ensemble_size)
            )
        return Model(parameters, **shared_values(content))
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing") from None
    except (SafetensorError, *INVALID) as error:
        raise PipelineError(
            f"{path} is damaged, or not a model written by `handwriting export` ({' '.join(str(error).split())})"
        ) from None


def _load_flat(file: Any, layers: Sequence[Layer], names: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
    """Load the arrays of one network, one after the other, as for `view_parameters`."""
    shapes = [shape for layer in layers for shape in (layer.weight_shape, (layer.outputs,))]
    parts = []
    for name, shape in zip((name for pair in names for name in pair), shapes, strict=True):
        stored = file.get_slice(name)
        if stored.get_dtype() not in ("F16", "F32") or tuple(stored.get_shape()) != shape:
            raise ValueError(f"{name} is not an array of 16 or 32-bit floats of shape {shape}")
        parts.append(file.get_tensor(name).reshape(-1))
    flat = np.concatenate(parts, dtype=np.float32)
    if not np.isfinite(flat).all():
        raise ValueError("a parameter is not finite")
    return flat


def _list_arrays(layers: Sequence[Layer], ensemble_size: int) -> list[list[tuple[str, str]]]:
    """Return the names of the weights and biases of each layer of each network."""
    modules = _list_modules(layers, "")
    indices = [index for index, module in enumerate(modules) if module.startswith(LAYER_MODULES)]
    prefixes = [f"{network}." for network in range(ensemble_size)] if ensemble_size > 1 else [""]
    return [[(f"{prefix}{index}.weight", f"{prefix}{index}.bias") for index in indices] for prefix in prefixes]


def list_modules(model: Model) -> list[str]:
    """Return the modules of a torch.nn.Sequential that computes logits from images (n, 1, height, width).

    Each is a Python expression with `nn` for torch.nn.
    """
    return _list_modules(model.networks[0].layers, ACTIVATION_MODULES[model.activation])


def _list_modules(layers: Sequence[Layer], activation: str) -> list[str]:
    modules: list[str] = []
    for layer in layers:
        if modules:
            modules.append(activation)
        if isinstance(layer, Convolution):
            channels, outputs = layer.input_shape[0], layer.outputs
            modules.append(f"nn.Conv2d({channels}, {outputs}, kernel_size={layer.kernel}, stride={layer.stride})")
        else:
            modules += ["nn.Flatten()"] * (len(layer.input_shape) > 1)
            modules.append(f"nn.Linear({math.prod(layer.input_shape)}, {layer.outputs})")
    return modules


def _sorted_header(file: bytes) -> bytes:
    """Sort the metadata of a file, which the library writes in random order."""
    (length,) = LENGTH.unpack_from(file)
    end = LENGTH.size + length
    header = json.loads(file[LENGTH.size : end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return LENGTH.pack(len(text)) + text + file[end:]
