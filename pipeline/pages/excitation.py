"""The patches of test images that excite each filter of a convolutional network most."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.scaling import standardise
from pipeline.model.files import Model
from pipeline.network.network import forward, make_scratch
from pipeline.pages.receptive_field import ReceptiveField, receptive_fields
from pipeline.training.architecture import micro_batch_size

PATCHES = 6  # of each filter, each from another image


@dataclass(frozen=True)
class Excitation:
    """The largest activation of each filter of a convolution in each of n images.

    peaks: float32 (filters, n). rows, columns: of the peaks in the feature map, (filters, n).
    """

    field: ReceptiveField
    peaks: NDArray[np.float32]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


def measure_excitation(model: Model, images: NDArray[np.uint8]) -> list[Excitation]:
    """Return the excitation of each convolution of the first network by raw images (n, height, width)."""
    network = model.networks[0]
    fields = receptive_fields(network.layers)
    if not fields:
        return []
    size, scratch = micro_batch_size(network.layers, 4), make_scratch(network)
    parts: list[list[tuple[NDArray[np.float32], NDArray[np.intp]]]] = [[] for _ in fields]
    for start in range(0, len(images), size):
        batch = standardise(images[start : start + size], model.scaling)
        outputs = forward(network, np.moveaxis(batch, 0, -1), scratch).outputs
        for part, maps in zip(parts, outputs, strict=False):  # the dense layers have no feature maps
            flat = maps.reshape(len(maps), -1, maps.shape[-1])
            part.append((flat.max(axis=1), flat.argmax(axis=1)))
    excitations = []
    for field, part, layer in zip(fields, parts, network.layers, strict=False):
        peaks, positions = (np.concatenate(arrays, axis=1) for arrays in zip(*part, strict=True))
        excitations.append(Excitation(field, peaks, *np.divmod(positions, layer.output_shape[2])))
    return excitations


def rank_filters(excitation: Excitation) -> NDArray[np.intp]:
    """Return the indices of the filters, largest mean of the peaks first."""
    return np.argsort(-excitation.peaks.mean(axis=1), kind="stable")


def cut_patches(excitation: Excitation, images: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """Return the PATCHES patches with the largest activations of a filter, uint8 (patches, size, size).

    At most one patch comes from each image, because neighbouring patches are nearly equal. Patches that do not excite
    the filter are left out. images: those of `measure_excitation`.
    """
    peaks, size, step = excitation.peaks[number], excitation.field.size, excitation.field.step
    best = np.argsort(-peaks, kind="stable")[:PATCHES]
    corners = [
        (index, step * excitation.rows[number, index], step * excitation.columns[number, index])
        for index in best[peaks[best] > 0]
    ]
    patches = [images[index, top : top + size, left : left + size] for index, top, left in corners]
    return np.array(patches, np.uint8).reshape(-1, size, size)
