"""Quantize a network and encode it as text for embedding in a page."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.model import Model
from pipeline.model.quantization import quantize
from pipeline.network.losses import LOSSES
from pipeline.network.network import Network

# The most characters of all parameters by the bits per weight, in order of preference. The whole page then has at most
# one megabyte with 16 bits, and three with 8.
SIZE_LIMITS = {16: 600_000, 8: 2_880_000}


@dataclass(frozen=True)
class Packed:
    """A quantized network.

    layers: the arrays of each layer, from `pack_array`; none if the network is too large. bits: per weight.
    """

    layers: tuple[dict[str, dict[str, str]], ...]
    bits: int


def pack(model: Model, limits: Mapping[int, int] = SIZE_LIMITS) -> Packed:
    """Quantize the model's first network with the first number of bits per weight at which it is within its limit."""
    network = model.networks[0]
    folded = fold_scaling(model, network)
    for bits, limit in limits.items():
        layers = tuple(
            {name: pack_array(array, bits) for name, array in zip(layer.parameter_shapes, arrays, strict=True)}
            for layer, arrays in zip(network.layers, folded, strict=True)
        )
        if sum(len(text) for layer in layers for packed in layer.values() for text in packed.values()) <= limit:
            return Packed(layers, bits)
    return Packed((), bits)


def fold_scaling(model: Model, network: Network) -> list[list[NDArray[Any]]]:
    """Return the parameters of each layer for ink, p / 255, in place of standardised pixels, (p / 255 - mean) / std.

    With the weights W / std and the biases b - mean * (row sums of W / std), the first layer with weights computes the
    same sums, and black contributes 0. The last layer is divided by the temperature where this gives the calibrated
    logits, so that the page has one score for each class.
    """
    layers = [[array.astype(np.float64) for array in arrays] for arrays in network.parameters.layers]
    weights, biases = next(filter(None, layers))
    weights /= model.scaling.std
    biases -= model.scaling.mean * weights.reshape(len(biases), -1).sum(axis=1)
    if LOSSES[model.loss].has_linear_logits:
        for array in layers[-1]:
            array /= model.temperature
    return layers


def pack_array(array: NDArray[Any], bits: int) -> dict[str, str]:
    """Return an array of parameters in base64, little-endian.

    An array with one axis becomes `values`, float32. Others, (out, ...), become `codes`, int8 or int16, of the same
    shape, and `scales`, float32 (out,), from `quantize`.
    """
    if array.ndim == 1:
        return {"values": encode_array(array.astype("<f4"))}
    codes, scales = quantize(array, bits)
    return {"codes": encode_array(codes), "scales": encode_array(scales.astype("<f4"))}


def encode_array(array: NDArray[Any]) -> str:
    """Return the bytes of an array in base64."""
    return base64.b64encode(array.tobytes()).decode()
