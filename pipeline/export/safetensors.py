"""The model as safetensors: nothing but named arrays and a header of strings, which cannot execute anything."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.numpy import save

from pipeline.network.model import Model


def save_safetensors(path: Path, model: Model, metadata: Mapping[str, str]) -> None:
    """Write the layers to `path`, as `layer-1-weights` (fan_in, fan_out), `layer-1-biases` (fan_out,) and so on."""
    tensors = {}
    for number, layer in enumerate(model.layers, start=1):
        tensors[f"layer-{number}-weights"] = layer.weights
        tensors[f"layer-{number}-biases"] = layer.biases
    path.write_bytes(save(tensors, dict(metadata)))
