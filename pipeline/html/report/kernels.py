"""Show what kernels and units respond to: weights in the first layer, and patches of test images that excite them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.scaling import standardise
from pipeline.html.png import draw_patches, draw_signed
from pipeline.model.model import Model
from pipeline.network.architecture import micro_batch_size
from pipeline.network.layer import Layer, Pair
from pipeline.network.network import forward, make_buffers

MAX_UNITS, MAX_LATER_KERNELS = 64, 12  # of the first layer, and of each later convolution
PATCHES, PATCHES_PER_ROW = 6, 3  # of each kernel, each patch from another image


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


def cut_patches(excitation: Excitation, images: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """Return the PATCHES patches with the largest activations of a kernel, uint8 (patches, height, width).

    At most one patch comes from each image, because neighbouring patches are nearly equal. Patches that do not excite
    the kernel are left out. images: as for `measure_excitation`.
    """
    peaks, field = excitation.peaks[number], excitation.field
    best = np.argsort(-peaks, kind="stable")[:PATCHES]
    patches = []
    for index in best[peaks[best] > 0]:
        top, left = field.step[0] * excitation.rows[number, index], field.step[1] * excitation.columns[number, index]
        padded = np.pad(images[index], [(each, each) for each in field.padding])
        patches.append(padded[top : top + field.height, left : left + field.width])
    return np.array(patches, np.uint8).reshape(-1, field.height, field.width)


def draw_weights(model: Model) -> dict[int, str]:
    """Draw the weights or kernels of the first network's first layer, by number of the unit or kernel from 0.

    Those with the largest norm come first; there are none if the layer has no weights.
    """
    layer = model.networks[0].layers[0]
    if not layer.parameter_shapes:
        return {}
    weights = model.networks[0].parameters.layers[0][0]
    rows = weights.reshape(len(weights), *(weights.shape[2:] or layer.window)).astype(np.float64)
    order = np.argsort(-np.linalg.norm(rows, axis=(1, 2)), kind="stable")[:MAX_UNITS]
    limit = float(np.quantile(np.abs(rows[order]), 0.995))
    return {int(number): draw_signed(rows[number], limit) for number in order}


def draw_strongest(excitation: Excitation, images: NDArray[np.uint8], numbers: Iterable[int]) -> dict[int, str]:
    """Draw the patches of kernels by number, from 0; "" for a kernel that is never active.

    images: as for `measure_excitation`.
    """
    cut = {number: cut_patches(excitation, images, number) for number in numbers}
    return {number: draw_patches(patches, PATCHES_PER_ROW) if len(patches) else "" for number, patches in cut.items()}


def rank_kernels(excitation: Excitation) -> list[int]:
    """Return the numbers, from 0, of the MAX_LATER_KERNELS kernels with the largest mean peak."""
    order = np.argsort(-excitation.peaks.mean(axis=1), kind="stable")[:MAX_LATER_KERNELS]
    return [int(number) for number in order]
