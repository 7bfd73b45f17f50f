"""Pictures of what filters and units respond to: the weights of the first layer, and patches of test images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.model.files import Model
from pipeline.network.layers import Convolution
from pipeline.pages.excitation import Excitation, cut_patches, rank_filters
from pipeline.pages.pictures import draw_patches, draw_signed

MAX_UNITS, MAX_LATER_FILTERS = 64, 12  # of the first layer, and of each later convolution
COLUMNS = 3  # of patches


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
                for number in rank_filters(excitation)[:MAX_LATER_FILTERS]
            ],
        )
        for layer, excitation in enumerate(excitations[1:], start=2)
    ]


def _draw_strongest(excitation: Excitation, images: NDArray[np.uint8], number: int) -> str:
    patches = cut_patches(excitation, images, number)
    return draw_patches(patches, COLUMNS) if len(patches) else ""
