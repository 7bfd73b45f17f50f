"""The layers of a network: their receptive fields, and the time that each takes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.network.activations import Array
from pipeline.network.layers import Layer
from pipeline.network.network import Network, make_buffers

REPETITIONS = 10  # of which the fastest counts


@dataclass(frozen=True)
class ReceptiveField:
    """The output at (row, column) depends on height x width pixels from (row * step, column * step)."""

    height: int
    width: int
    step: int


def receptive_fields(layers: Sequence[Layer]) -> list[ReceptiveField]:
    """Return the receptive field of each layer; strides can leave out the last rows and columns of the image."""
    fields, height, width, step = [], 1, 1, 1
    for layer in layers:
        height, width = height + (layer.window[0] - 1) * step, width + (layer.window[1] - 1) * step
        step *= layer.stride
        fields.append(ReceptiveField(height, width, step))
    return fields


def time_layers(network: Network, images: Array) -> list[float]:
    """Return the seconds per image that the forward pass spends in each layer; images (height, width, n)."""
    buffers, runs = make_buffers(network), []
    for _ in range(REPETITIONS):
        x, times = images[np.newaxis], [time.perf_counter()]
        for layer, arrays, own in zip(network.layers, network.parameters.layers, buffers, strict=True):
            x, _ = layer.forward(arrays, x, own)
            times.append(time.perf_counter())
        runs.append(np.diff(times))
    return [float(each) / images.shape[-1] for each in np.min(runs, axis=0)]
