"""The layers of a network: output shape, receptive field, parameters, multiplications and time."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.network.activations import Array
from pipeline.network.layers import Convolution, Layer
from pipeline.network.network import Network, count_parameters, forward, make_scratch

REPETITIONS = 10  # of which the fastest counts


@dataclass(frozen=True)
class ReceptiveField:
    """The activation at (row, column) depends on a square of size x size pixels from (row * step, column * step)."""

    size: int
    step: int


def receptive_fields(layers: Sequence[Layer]) -> list[ReceptiveField]:
    """Return the receptive field of each convolution; they come before all dense layers."""
    fields, size, step = [], 1, 1
    for layer in layers:
        if isinstance(layer, Convolution):
            size, step = size + (layer.kernel - 1) * step, step * layer.stride
            fields.append(ReceptiveField(size, step))
    return fields


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
    times: list[float] = []

    def function(z: Array, out: Array) -> Array:
        a = network.activation.function(z, out=out)
        times.append(time.perf_counter())
        return a

    timed = replace(network, activation=replace(network.activation, function=function))
    scratch, runs = make_scratch(network), []
    for _ in range(REPETITIONS):
        times[:] = [time.perf_counter()]
        forward(timed, images, scratch)
        runs.append(np.diff([*times, time.perf_counter()]))  # the last layer has no activation
    return [float(each) / images.shape[-1] for each in np.min(runs, axis=0)]
