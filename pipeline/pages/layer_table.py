"""The layers of a network: output shape, receptive field, parameters, multiplications and time."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.network.activations import Array
from pipeline.network.layers import Convolution, Layer
from pipeline.network.network import Network, count_parameters, make_scratch
from pipeline.pages.receptive_field import receptive_fields

REPETITIONS = 10  # of which the fastest counts


@dataclass(frozen=True)
class LayerRow:
    """One layer. output, field: sizes as text. multiplications: per image. seconds: per image."""

    name: str
    output: str
    field: str
    parameters: int
    multiplications: int
    seconds: float


def list_layers(layers: Sequence[Layer], seconds: Sequence[float]) -> list[LayerRow]:
    """Return a row for each layer. seconds: from `time_layers`."""
    fields = [f"{field.size} × {field.size}" for field in receptive_fields(layers)]
    fields += ["whole image"] * (len(layers) - len(fields))
    return [
        LayerRow(
            name=name_layer(layer),
            output=" × ".join(map(str, layer.output_shape)),
            field=field,
            parameters=count_parameters([layer]),
            multiplications=math.prod(layer.weight_shape) * math.prod(layer.output_shape[1:]),
            seconds=duration,
        )
        for layer, field, duration in zip(layers, fields, seconds, strict=True)
    ]


def name_layer(layer: Layer) -> str:
    """Return the kind of a layer, a convolution with kernel and stride."""
    if isinstance(layer, Convolution):
        return f"convolution, {layer.kernel} × {layer.kernel}, stride {layer.stride}"
    return "dense"


def time_layers(network: Network, images: Array) -> list[float]:
    """Return the seconds per image that the forward pass spends in each layer; images (height, width, n)."""
    runs = [_time_once(network, images) for _ in range(REPETITIONS)]
    return [float(each) for each in np.min(runs, axis=0) / images.shape[-1]]


def _time_once(network: Network, images: Array) -> list[float]:
    """Run `forward` with a clock; return the seconds in each layer."""
    seconds, x = [], images[np.newaxis]
    for i, (layer, buffers) in enumerate(zip(network.layers, make_scratch(network), strict=True)):
        started = time.perf_counter()
        W, b = network.parameters.weights[i].reshape(layer.outputs, -1), network.parameters.biases[i]
        p = layer.patches(x, buffers)
        z = W @ p
        z += b[:, np.newaxis]
        if i < len(network.layers) - 1:
            network.activation.function(z, out=z)
        x = z.reshape(*layer.output_shape, -1)
        seconds.append(time.perf_counter() - started)
    return seconds
