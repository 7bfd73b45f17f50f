"""Quantize weights: integers with one scale for each output."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def quantize(weights: NDArray[Any], bits: int) -> tuple[NDArray[np.signedinteger[Any]], NDArray[np.float32]]:
    """Return integers of 8 or 16 bits, of the same shape (outputs, ...), and scales, float32 (outputs,).

    A weight is about its integer times the scale of its output (symmetric quantization per output channel, without an
    integer for -2^(bits - 1); Krishnamoorthi 2018).

    >>> codes, scales = quantize(np.array([[0.5, -1.27, 0.02]]), bits=8)
    >>> codes.tolist(), scales.tolist()
    ([[50, -127, 2]], [0.009999999776482582])
    """
    largest = 2 ** (bits - 1) - 1
    rows = weights.reshape(len(weights), -1)
    scales = (np.abs(rows).max(axis=1) / largest).astype(np.float32)
    scales[scales == 0] = 1  # all weights are 0, so any scale works
    codes = np.clip(np.rint(rows / scales[:, np.newaxis]), -largest, largest)
    return codes.astype(f"<i{bits // 8}").reshape(weights.shape), scales


def dequantize(codes: NDArray[np.signedinteger[Any]], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the weights from the integers and the scales that `quantize` has returned."""
    with np.errstate(over="ignore", invalid="ignore"):  # whoever reads a file refuses what is not finite
        return np.asarray(codes * scales.reshape(-1, *[1] * (codes.ndim - 1)), np.float32)
