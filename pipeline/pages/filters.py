"""What filters and units respond to: their weights in the first layer, and patches of test images that excite them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.scaling import standardise
from pipeline.model.files import Model
from pipeline.network.layers import Convolution
from pipeline.network.network import forward, make_scratch
from pipeline.pages.layer_table import ReceptiveField, receptive_fields
from pipeline.pages.pictures import draw_patches, draw_signed
from pipeline.training.architecture import micro_batch_size

MAX_UNITS, MAX_LATER_FILTERS = 64, 12  # of the first layer, and of each later convolution
PATCHES, PATCHES_PER_ROW = 6, 3  # of each filter, each patch from another image


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


@dataclass(frozen=True)
class Unit:
    """A filter or a unit. number: from 1. weights, patches: pictures, "" without."""

    number: int
    weights: str = ""
    patches: str = ""


@dataclass(frozen=True)
class FilterLayer:
    """A convolution after the first layer. number: of the layer, from 1. size: of the receptive field, in pixels."""

    number: int
    filters: int
    size: int
    units: list[Unit]


def draw_units(model: Model, excitations: Sequence[Excitation], images: NDArray[np.uint8]) -> list[Unit]:
    """Draw the weights or kernels of the first network's first layer, largest norm first.

    Filters have patches as well. images: those of the excitations.
    """
    layer, weights = model.networks[0].layers[0], model.parameters[0].weights[0]
    shape = layer.weight_shape[2:] if isinstance(layer, Convolution) else model.image_shape
    rows = weights.reshape(layer.outputs, *shape).astype(np.float64)
    order = np.argsort(-np.linalg.norm(rows, axis=(1, 2)), kind="stable")[:MAX_UNITS]
    limit = float(np.quantile(np.abs(rows[order]), 0.995))
    return [
        Unit(
            int(number) + 1,
            draw_signed(rows[number], limit),
            _draw_strongest(excitations[0], images, number) if excitations else "",
        )
        for number in order
    ]


def draw_later_filters(excitations: Sequence[Excitation], images: NDArray[np.uint8]) -> list[FilterLayer]:
    """Draw the patches of the convolutions after the first layer, for the filters with the largest mean peak."""
    return [
        FilterLayer(
            layer,
            len(excitation.peaks),
            excitation.field.size,
            [
                Unit(int(number) + 1, patches=_draw_strongest(excitation, images, number))
                for number in np.argsort(-excitation.peaks.mean(axis=1), kind="stable")[:MAX_LATER_FILTERS]
            ],
        )
        for layer, excitation in enumerate(excitations[1:], start=2)
    ]


def _draw_strongest(excitation: Excitation, images: NDArray[np.uint8], number: int) -> str:
    """Draw the patches of a filter; "" if it is never active."""
    patches = cut_patches(excitation, images, number)
    return draw_patches(patches, PATCHES_PER_ROW) if len(patches) else ""
