"""What excites the kernels of a network: their receptive fields, and their largest activations by images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.scaling import standardise
from pipeline.model.model import Model
from pipeline.network.architecture import micro_batch_size
from pipeline.network.layer import Layer, Pair
from pipeline.network.network import forward, make_buffers


@dataclass(frozen=True)
class ReceptiveField:
    """The output at (row, column) depends on height x width pixels of the image with its padding.

    They begin at (row, column) times step. step, padding: down and along the row.
    """

    height: int
    width: int
    step: Pair
    padding: Pair


def receptive_fields(layers: Sequence[Layer]) -> list[ReceptiveField]:
    """Return the receptive field of each layer; strides can leave out the last rows and columns of the image."""
    fields, (size, step, padding) = [], np.array([(1, 1), (1, 1), (0, 0)])
    for layer in layers:
        size = size + step * np.subtract(layer.window, 1)
        padding = padding + step * layer.padding
        step = step * layer.stride
        (height, width), (down, along), (above, left) = size.tolist(), step.tolist(), padding.tolist()
        fields.append(ReceptiveField(height, width, (down, along), (above, left)))
    return fields


@dataclass(frozen=True)
class Excitation:
    """The largest activation of each kernel of a layer in each of n images.

    layer: number, from 1. peaks: float32 (kernels, n). rows, columns: of the peaks in the feature map, (kernels, n).
    """

    layer: int
    field: ReceptiveField
    peaks: NDArray[np.float32]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


def measure_excitation(model: Model, images: NDArray[np.uint8]) -> list[Excitation]:
    """Return the excitation of each layer with kernels of the first network by raw images (n, height, width)."""
    network = model.networks[0]
    chosen = [i for i, each in enumerate(network.layers) if each.parameter_shapes and len(each.output_shape) > 1]
    if not chosen:
        return []
    size, buffers = micro_batch_size(network.layers), make_buffers(network)
    parts: dict[int, list[tuple[NDArray[np.float32], NDArray[np.intp]]]] = {i: [] for i in chosen}
    for start in range(0, len(images), size):
        batch = standardise(images[start : start + size], model.scaling)
        outputs = forward(network, np.moveaxis(batch, 0, -1), buffers).outputs
        for i, part in parts.items():
            flat = outputs[i].reshape(len(outputs[i]), -1, outputs[i].shape[-1])
            part.append((flat.max(axis=1), flat.argmax(axis=1)))
    fields, excitations = receptive_fields(network.layers), []
    for i, part in parts.items():
        peaks, positions = (np.concatenate(arrays, axis=1) for arrays in zip(*part, strict=True))
        rows, columns = np.divmod(positions, network.layers[i].output_shape[2])
        excitations.append(Excitation(i + 1, fields[i], peaks, rows, columns))
    return excitations
