"""Receptive fields: the pixels of the image that one activation of a feature map depends on."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.network.layers import Convolution, Layer


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
