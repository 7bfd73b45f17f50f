"""Export a model to safetensors: named arrays and a header of strings; loading it executes no code.

Names and shapes are those of the state dict of a torch.nn.Sequential, so `load_state_dict` accepts the arrays.
"""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

from safetensors.numpy import save

from pipeline.model.files import Model
from pipeline.network.layers import Convolution

LENGTH = struct.Struct("<Q")  # a file begins with the length of the header
ALIGNMENT = 8  # of the arrays after the header

LAYER_MODULES = ("nn.Conv2d", "nn.Linear")
ACTIVATION_MODULES = {"sigmoid": "nn.Sigmoid()", "relu": "nn.ReLU()"}


def save_safetensors(path: Path, model: Model, metadata: Mapping[str, str]) -> None:
    """Write the parameters to `path` as `0.weight`, `0.bias`, `2.weight` and so on.

    The number is the index of the layer in `list_modules`. For an ensemble the index of the network comes first, as in
    a torch.nn.ModuleList: `1.0.weight` belongs to the second network.
    """
    indices = [index for index, module in enumerate(list_modules(model)) if module.startswith(LAYER_MODULES)]
    arrays = {
        f"{prefix}{index}.{kind}": array
        for network, parameters in enumerate(model.parameters)
        for prefix in [f"{network}." if len(model.parameters) > 1 else ""]
        for index, *pair in zip(indices, parameters.weights, parameters.biases, strict=True)
        for kind, array in zip(("weight", "bias"), pair, strict=True)
    }
    path.write_bytes(_sorted_header(save(arrays, dict(metadata))))


def list_modules(model: Model) -> list[str]:
    """Return the modules of a torch.nn.Sequential that computes logits from images (n, 1, height, width).

    Each is a Python expression with `nn` for torch.nn.
    """
    modules: list[str] = []
    for layer in model.networks[0].layers:
        if modules:
            modules.append(ACTIVATION_MODULES[model.activation])
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
