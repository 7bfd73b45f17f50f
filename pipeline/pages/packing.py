"""Quantize a model and encode it as text for embedding in a page."""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.files import Model

BITS = (16, 8)  # in order of preference


@dataclass(frozen=True)
class Packed:
    """networks: for each network that fits, its layers as `pack_layer` returns them. bits: per weight."""

    networks: tuple[tuple[dict[str, str], ...], ...]
    bits: int


def pack(model: Model, max_characters: int) -> Packed:
    """Quantize the model to at most `max_characters` characters.

    Uses 16 bits per weight if all networks fit, else 8 bits, else as many networks as fit in 8 bits; possibly none.
    """
    for bits in BITS:
        networks = tuple(
            tuple(pack_layer(*layer, bits) for layer in zip(parameters.weights, parameters.biases, strict=True))
            for parameters in model.parameters
        )
        size = sum(len(array) for layer in networks[0] for array in layer.values())  # equal for all networks
        if len(networks) * size <= max_characters:
            break
    return Packed(networks[: max_characters // size], bits)


def pack_layer(weights: NDArray[Any], biases: NDArray[Any], bits: int) -> dict[str, str]:
    """Return the layer's arrays in base64, little-endian: `codes` in `bits` bits, `scales` and `biases`.

    codes: int8 or int16, shape of the weights, (out, ...). scales, biases: float32 (out,). weight = code * scale of its
    output (symmetric quantization per output channel).
    """
    largest = 2 ** (bits - 1) - 1
    weights = weights.reshape(len(biases), -1)
    scales = (np.abs(weights).max(axis=1) / largest).astype(np.float32)
    scales[scales == 0] = 1  # all weights are 0, so any scale works
    codes = np.clip(np.rint(weights / scales[:, np.newaxis]), -largest, largest)
    arrays = {
        "codes": codes.astype(f"<i{bits // 8}"),
        "scales": scales.astype("<f4"),
        "biases": biases.astype("<f4"),
    }
    return {name: base64.b64encode(array.tobytes()).decode() for name, array in arrays.items()}
