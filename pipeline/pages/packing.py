"""A model in few characters, so that a page can hold it: weights as integers, in as many bits as there is room for."""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.files import Model

BITS = (16, 8)  # the finest first


@dataclass(frozen=True)
class Packed:
    """networks: of each network that there was room for, its layers by `pack_layer`. bits: of a weight."""

    networks: tuple[tuple[dict[str, str], ...], ...]
    bits: int


def pack(model: Model, room: int) -> Packed:
    """The model in at most `room` characters: in 16 bits a weight if it fits, else in 8, else without the last.

    If not even one network fits, there are no networks.
    """
    for bits in BITS:
        networks = tuple(
            tuple(pack_layer(*layer, bits) for layer in zip(parameters.weights, parameters.biases, strict=True))
            for parameters in model.parameters
        )
        size = sum(len(array) for layer in networks[0] for array in layer.values())  # of each network
        if len(networks) * size <= room:
            break
    return Packed(networks[: room // size], bits)


def pack_layer(weights: NDArray[Any], biases: NDArray[Any], bits: int) -> dict[str, str]:
    """The layer's arrays in base64, little-endian: its `biases` and `scales`, float32 (out,), and its `codes`.

    codes: int8 or int16, in the shape of the weights, (out, ...). A weight is its code times the scale of its output.
    The largest weight of an output has the largest code.
    """
    largest = 2 ** (bits - 1) - 1
    weights = weights.reshape(len(biases), -1)
    scales = (np.abs(weights).max(axis=1) / largest).astype(np.float32)
    scales[scales == 0] = 1  # weights of zero have codes of 0 in any scale
    codes = np.clip(np.rint(weights / scales[:, np.newaxis]), -largest, largest)
    arrays = {
        "codes": codes.astype(f"<i{bits // 8}"),
        "scales": scales.astype("<f4"),
        "biases": biases.astype("<f4"),
    }
    return {name: base64.b64encode(array.tobytes()).decode() for name, array in arrays.items()}
